// What is wrong with a network, in words, and what to do: read from a probe. Thresholds, and where they come from:
//
//   vanishing, exploding  the mean square of the gradient (or of the signal) changes more than 10^3 times from the first
//                         hidden layer to the last, 10^6 for an error: steps 30 or 1000 times too short or too long.
//                         Or the outputs' is above 10^8 or below 10^-8, whatever came in.
//   saturated             half of what is not flat at N(0, 1) anyway, with four standard errors of the units' number.
//   dead                  more than half of the units, with four standard errors: to one input half of them are off, and
//                         deep in a network all rows look alike.
//   symmetric             all rows of W equal, to the bit: with biases equal too the units stay equal for ever.
//   nonFinite             any value.
//
// The output layer is not judged: zeros there are a good start, and its gradient is of another kind.

import type { Row } from '../activation/row.js';
import { type Activation, activations as rows } from '../activation/table.js';
import { float32, options, what } from '../check.js';
import { init } from '../init/index.js';
import { lsuv } from '../nn/lsuv.js';
import { type Model, planFor, requireModel } from '../nn/model.js';
import { flat, type LayerStatistics, type Probe } from '../nn/statistics.js';
import { type Generator, sourceFrom } from '../random/generator.js';
import { random } from '../random/index.js';
import type { Seed } from '../random/source.js';

import { scalar } from '../wasm/kernels.js';
import { activationModule } from '../wasm/module.js';
import { critical, type Field, field } from './mean-field.js';
import { ALIVE, alive, POWERS, SATURATED } from './theory.js';

export type Code = 'vanishing' | 'exploding' | 'dead' | 'saturated' | 'symmetric' | 'nonFinite';

export interface Fix {
  /** What to do, in words. */
  message: string;
  /** The initialiser for the weights of the hidden layers (init.kaimingNormal or nn.lsuv), and its gain, to eight digits. */
  initialiser?: 'kaimingNormal' | 'lsuv';
  gain?: number;
  /**
   * Does it where it is mechanical: draws the weights anew and zeroes the biases; what was learnt is lost. Where the
   * inputs' mean square is far from 1 the first layer's gain is divided by its root. Not
   * enumerable, so that verdicts go through JSON and messages.
   */
  readonly apply?: (given?: { rng?: Generator; seed?: Seed }) => void;
}

export interface Verdict {
  code: Code;
  level: 'warning' | 'error';
  /** Its place in model.layers: where it begins, or where it is worst. */
  layer: number;
  /** What was measured, and the limit. */
  figures: Record<string, number>;
  /** A sentence. */
  message: string;
  fix: Fix;
}

const OUTPUT = 8;
const ERRORS = 4;
/** The least square that float32 has: what is 0 counts as it. */
const LEAST = 1e-90;
const log10 = (x: number) => scalar(activationModule, 'log64', Math.max(x, LEAST)) / Math.LN10;
const percent = (share: number) => (share > 0 && share < 0.005 ? 'Less than 1 %' : `${Math.round(100 * share)} %`);

/** What is wrong, worst first; nothing is a good sign. x, the batch, lets a fix by nn.lsuv be applied. */
export function verdicts(probe: Probe, model: Model, x?: Float32Array): Verdict[] {
  const where = 'diagnose.verdicts';
  requireModel(where, model);
  if (typeof probe !== 'object' || !Array.isArray(probe?.layers))
    throw new TypeError(`${where}: probe is ${what(probe)}; pass what diagnose.probe gave, or step.probe`);
  const { operations } = planFor(model, 1);
  if (typeof probe.input !== 'object' || probe.input === null)
    throw new TypeError(
      `${where}: the input of probe is ${what(probe.input)}; pass what diagnose.probe gave, or step.probe`,
    );
  const same =
    operations.length === probe.layers.length && operations.every(({ kind }, i) => kind === probe.layers[i]?.kind);
  if (!same) throw new RangeError(`${where}: probe is of another model than this one; pass the one it was made of`);
  if (x !== undefined) float32(where, 'x', x);
  const weighted = probe.layers.filter(({ kind, weight }) => kind === 'linear' && weight);
  const hidden = weighted.slice(0, -1);
  const found = [
    nonFinite(probe),
    symmetric(hidden),
    ...(hidden.some(({ weight }) => weight?.symmetric) ? [] : signals(probe, model, weighted)),
  ].filter((verdict) => verdict !== undefined);
  const order = { error: 0, warning: 1 };
  return found
    .sort((a, b) => order[a.level] - order[b.level])
    .map((verdict) => ({ ...verdict, fix: remedy(verdict, probe, model, hidden.length, x) }));
}

/** What follows from something else is left out: through a dead layer no gradient comes, and a saturated one shrinks. */
function signals(probe: Probe, model: Model, weighted: LayerStatistics[]): (Finding | undefined)[] {
  const { input, layers } = probe;
  if (input.meanSquare === 0 && input.nonFinite === 0)
    return [
      {
        ...{ code: 'dead', level: 'error', layer: layers[0].layer, figures: { share: 1, limit: 1 }, cause: 'input' },
        message: 'All inputs are 0: there is nothing to learn from.',
      },
    ];
  const [off, stuck] = [dead(probe, model), saturated(probe, model)];
  if (off?.figures.share === 1) return [off, stuck];
  const between = ends(weighted.slice(0, -1), stuck !== undefined);
  return [off, stuck, ...(between.length > 0 || stuck ? between : [outcome(weighted[weighted.length - 1])])];
}

/** What comes out, by itself: without hidden layers to compare, or with data of a strange scale. */
function outcome(output: LayerStatistics | undefined): Finding | undefined {
  if (output === undefined || output.nonFinite > 0 || output.weight?.norm === 0) return undefined;
  const size = log10(output.meanSquare);
  if (Math.abs(size) <= OUTPUT) return undefined;
  const [code, effect] =
    size > 0
      ? (['exploding', 'the loss and its gradient are far too large'] as const)
      : (['vanishing', 'nothing of the input is left in it'] as const);
  return {
    ...{ code, level: 'error', layer: output.layer, figures: { signal: Math.round(1e4 * size) / 1e4, limit: OUTPUT } },
    message: `What layer ${output.layer} makes has a mean square of 10^${size.toFixed(1)}: ${effect}.`,
  };
}

type Cause = 'input' | 'parameter' | 'signal' | 'loss';
type Finding = Omit<Verdict, 'fix'> & { cause?: Cause };

/** The first place of what is no number: in the data, in a parameter, made by the layers, or by the loss alone. */
function nonFinite({ input, layers, loss }: Probe): Finding | undefined {
  const made = layers.find((l) => l.nonFinite > 0);
  const back = layers.findLast((l) => l.gradient.nonFinite > 0);
  if (input.nonFinite === 0 && loss !== null && !made && !back && !layers.some((l) => l.broken)) return undefined;
  const broken = layers.find((l) => l.broken);
  const cause = input.nonFinite > 0 ? 'input' : broken ? 'parameter' : made ? 'signal' : 'loss';
  const [name = '', of = 0] = Object.entries(broken?.broken ?? {})[0] ?? [];
  const first = { input: layers[0].layer, parameter: broken?.layer, signal: made?.layer, loss: undefined };
  const layer = first[cause] ?? layers[layers.length - 1].layer;
  const share = { input: input.nonFinite, parameter: of, signal: made?.nonFinite };
  const message = {
    input: `${percent(input.nonFinite)} of the inputs are NaN or infinite, and so is whatever they touch.`,
    parameter: `${percent(share.parameter)} of ${name} of layer ${layer} are NaN or infinite: a step was so long that it left the range of numbers.`,
    signal: `From layer ${layer} on values are NaN or infinite: they grew from layer to layer beyond what float32 holds.`,
    loss: `The loss or its gradient is NaN or infinite, though all that the layers make is finite.`,
  }[cause];
  const figures = { share: (cause === 'loss' ? back?.gradient.nonFinite : share[cause]) ?? 1 };
  return { code: 'nonFinite', level: 'error', layer, figures, message, cause };
}

function symmetric(hidden: LayerStatistics[]): Finding | undefined {
  const equal = hidden.filter(({ weight }) => weight?.symmetric);
  if (equal.length === 0) return undefined;
  const first = equal.find(({ weight }) => weight?.symmetricBias) ?? equal[0];
  const alike = first.weight!.symmetricBias;
  return {
    ...{ code: 'symmetric', level: alike ? 'error' : 'warning', layer: first.layer },
    figures: { units: first.units, layers: equal.length },
    message: alike
      ? `All ${first.units} units of layer ${first.layer} have the same weights: they compute the same, get the same gradient and stay one unit for ever.`
      : `All ${first.units} units of layer ${first.layer} have the same weights: only their biases tell them apart, and learning begins slowly.`,
  };
}

/** Hidden operations that are activations, with their slopes' limits: behind the last weights outputs may well be at an end. */
function activations({ layers }: Probe, model: Model) {
  const { operations } = planFor(model, 1);
  const last = layers.findLastIndex(({ kind, weight }) => kind === 'linear' && weight);
  return layers.slice(0, Math.max(0, last)).flatMap((made, i) => {
    const { activation } = operations[i];
    return activation && made.saturated !== undefined ? [{ made, ...flat(activation.name, activation.numbers) }] : [];
  });
}
/** A share that so many units do not exceed by chance where each does with probability p. */
const limitOf = (share: number, p: number, units: number) => share + ERRORS * Math.sqrt((p * (1 - p)) / units);

function dead(probe: Probe, model: Model): Finding | undefined {
  const off = activations(probe, model)
    .filter(({ made, silent }) => silent && (made.dead === 1 || made.dead > limitOf(0.5, 0.5, made.units)))
    .map(({ made }) => made);
  if (off.length === 0) return undefined;
  const worst = off.reduce((a, b) => (b.dead > a.dead ? b : a));
  const rest = worst.dead === 1 ? ' Nothing comes through: no layer before it can learn.' : '';
  return {
    ...{ code: 'dead', level: worst.dead > 0.9 ? 'error' : 'warning', layer: worst.layer },
    figures: { share: worst.dead, limit: Math.min(1, limitOf(0.5, 0.5, worst.units)), layers: off.length },
    message: `${percent(worst.dead)} of the ${worst.units} units of layer ${worst.layer} (${worst.kind}) are 0 for every row: they get no gradient and cannot come back by themselves.${rest}`,
  };
}

function saturated(probe: Probe, model: Model): Finding | undefined {
  const stuck = activations(probe, model)
    .map(({ made, usual, silent }) => {
      const limit = limitOf(usual + SATURATED * (1 - usual), usual, made.units);
      return { made, limit, over: silent && made.dead > 0.5 ? 0 : made.saturated! - limit, usual };
    })
    .filter(({ over }) => over > 0);
  if (stuck.length === 0) return undefined;
  const { made, limit, usual } = stuck.reduce((a, b) => (b.over > a.over ? b : a));
  return {
    ...{ code: 'saturated', level: made.saturated! > 0.75 + 0.25 * usual ? 'error' : 'warning', layer: made.layer },
    figures: { share: made.saturated!, limit, layers: stuck.length },
    message: `${percent(made.saturated!)} of what layer ${made.layer} (${made.kind}) makes is where it is flat: there a change of the input changes nothing, and next to no gradient comes back.`,
  };
}

/** From one end of the hidden layers to the other: the gradient backward, the signal forward. */
function ends(hidden: LayerStatistics[], stuck: boolean): Finding[] {
  if (hidden.length < 2) return [];
  const change = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined || (from === 0 && to === 0)
      ? 0
      : Math.round(1e4 * (log10(to) - log10(from))) / 1e4;
  const clean = hidden.filter(({ nonFinite }) => nonFinite === 0);
  const back = hidden.filter(({ gradient }) => gradient.nonFinite === 0);
  const signal = change(clean[0]?.meanSquare, clean[clean.length - 1]?.meanSquare);
  const gradient = change(back[back.length - 1]?.gradient.meanSquare, back[0]?.gradient.meanSquare);
  const [first, last] = [hidden[0].layer, hidden[hidden.length - 1].layer];
  const share = (size: number) => (size > -45 ? `10^${size.toFixed(1)} of what it was` : 'nothing that float32 has');
  const times = (size: number) => `10^${size.toFixed(1)} times`;
  const of = (code: Code, size: number, layer: number, message: string): Finding => ({
    ...{ code, level: Math.abs(size) > 2 * POWERS ? 'error' : 'warning', layer, message },
    figures: { gradient, signal, limit: POWERS, layers: hidden.length },
  });
  const found: Finding[] = [];
  if (gradient < -POWERS)
    found.push(
      of(
        'vanishing',
        gradient,
        first,
        `From layer ${last} back to layer ${first} the gradient's mean square falls to ${share(gradient)}: the first layers hardly learn.`,
      ),
    );
  else if (signal < -POWERS && !stuck)
    found.push(
      of(
        'vanishing',
        signal,
        last,
        `From layer ${first} to layer ${last} the signal's mean square falls to ${share(signal)}: the last layers see next to nothing of the input.`,
      ),
    );
  if (gradient > POWERS)
    found.push(
      of(
        'exploding',
        gradient,
        first,
        `From layer ${last} back to layer ${first} the gradient's mean square grows ${times(gradient)}: a step that suits the last layers throws the first ones about.`,
      ),
    );
  else if (signal > POWERS)
    found.push(
      of(
        'exploding',
        signal,
        last,
        `From layer ${first} to layer ${last} the signal's mean square grows ${times(signal)}: the outputs, and with them loss and gradients, are far too large.`,
      ),
    );
  return found;
}

/** With more powers of ten a scheme is no cure: a tenth of what is ill. */
const CURED = 2;
/** A mean square of the inputs that the first layer's weights had better make up for. */
const unusual = (meanSquare: number) => meanSquare > 0 && (meanSquare < 1 / 16 || meanSquare > 16);

interface Scheme {
  initialiser: 'kaimingNormal' | 'lsuv';
  gain?: number;
  why: string;
}

/** Powers of ten by which the gradient's mean square grows through so many layers of weight variance v. */
function powersOf({ at }: Field, v: number, depth: number): number {
  let [q, powers] = [v, 0];
  for (let l = 1; l < depth; l++) {
    powers += log10(v * at(q).steep);
    q = v * at(q).square;
  }
  return powers;
}

/** Weights that carry a signal and its gradient through so many layers of this model; undefined: none do. */
function scheme(model: Model, depth: number): Scheme | undefined {
  const { operations } = planFor(model, 1);
  const functions = operations.flatMap(({ activation }) => activation ?? []);
  const others = operations.some(({ kind, activation }) => !activation && kind !== 'linear' && kind !== 'dropout');
  const distinct = new Map(functions.map((slope) => [`${slope.name} ${slope.numbers}`, slope]));
  const fitted: Scheme = { initialiser: 'lsuv', why: 'fitted to the data, layer by layer' };
  if (others || distinct.size > 1) return fitted;
  const [only] = distinct.values();
  if (only === undefined) return { initialiser: 'kaimingNormal', gain: 1, why: 'which keeps what a linear layer gets' };
  const row: Row = rows[only.name as Activation];
  const own = field('diagnose.verdicts', (x) => row.formula(x, ...only.numbers));
  const { square, steep, growth } = own.at(1);
  if (square === 0 || steep === 0) return undefined; // it lets nothing through
  const drawn = (v: number, why: string): Scheme => ({
    initialiser: 'kaimingNormal',
    gain: Number(Math.sqrt(v).toPrecision(8)),
    why,
  });
  // Growth of a deviation of the signal, and of the gradient.
  const unstable = growth / square > 1 && depth * log10(growth / square) > 1;
  const keeps = powersOf(own, 1 / square, depth);
  if (Math.abs(keeps) <= CURED && !unstable)
    return drawn(1 / square, `${only.name}'s: it keeps the signal's mean square`);
  const edge = critical(own, 0);
  if (edge !== null && edge.meanSquare <= 4) {
    const passes = powersOf(own, edge.weightVariance, depth);
    if (Math.abs(passes) <= CURED)
      return drawn(edge.weightVariance, `at the edge of chaos of ${only.name}, where gradients pass ${depth} layers`);
    if (passes < 0 !== keeps < 0) {
      let [low, high] = [edge.weightVariance, 1 / square];
      for (let i = 0; i < 30; i++) {
        const mid = (low + high) / 2;
        if (powersOf(own, mid, depth) < 0 === passes < 0) low = mid;
        else high = mid;
      }
      return drawn(low, `with which a gradient is as long behind ${depth} layers of ${only.name} as before`);
    }
  }
  // Fitted to the data, every layer's mean square is 1.
  return Math.abs((depth - 1) * log10(steep / square)) <= CURED ? fitted : undefined;
}

function remedy(
  { code, cause }: Finding,
  { input, layers }: Probe,
  model: Model,
  depth: number,
  x?: Float32Array,
): Fix {
  if (cause === 'input')
    return {
      message: code === 'dead' ? 'Look at how the batch is made.' : 'Leave out or mend the rows that are not finite.',
    };
  if (cause === 'loss')
    return { message: 'Look at the targets: they are not finite, or so large that the loss is not; scale them.' };
  const widths = layers.filter(({ weight }) => weight).slice(0, -1);
  const living = alive(widths.map(({ units }) => units));
  if (code === 'dead' && living < ALIVE)
    return {
      message: `Make the layers wider, or take leakyRelu: with ${widths.length} layers this narrow a network is dead for ${percent(1 - living)} of all draws, whatever their scale.`,
    };
  // Units that are one need no more than to be drawn apart.
  const good = scheme(model, code === 'symmetric' ? Math.min(depth, 1) : depth);
  if (good === undefined)
    return {
      message: `No scale of the weights carries ${depth} layers of this activation: take tanh with init.lecunNormal or relu with init.kaimingNormal, or fewer layers.`,
    };
  const { initialiser, gain: by, why } = good;
  const trained =
    code === 'dead' || cause === 'parameter' ? ', and train with a smaller learning rate or clipNorm' : '';
  const scaled = unusual(input.meanSquare)
    ? ` The inputs' mean square is ${Number(input.meanSquare.toPrecision(2))}: standardise them, or divide the first layer's gain by its root.`
    : '';
  // Of a mean over n units, 5 / n is the relative variance, of relu's; those of all layers add up.
  const narrow =
    widths.reduce((sum, { units }) => sum + 5 / units, 0) > 1
      ? ' Layers this narrow stray far from what is expected of them: make them wider.'
      : '';
  const draw =
    initialiser === 'lsuv'
      ? `nn.lsuv(model, batch), ${why}`
      : `init.kaimingNormal(weight, { gain: ${Number(by!.toPrecision(5))} }), ${why}; the last layer with gain 1`;
  const message = `Draw the weights anew by ${draw}, with biases of 0${trained}.${scaled}${narrow}`;
  const fix: Fix = { message, initialiser, ...(by === undefined ? {} : { gain: by }) };
  if (initialiser === 'lsuv' && x === undefined) return fix;
  return Object.defineProperty(fix, 'apply', { value: applied(model, good, input.meanSquare, x) });
}

/** Draws the weights anew; a model as it was where that fails. */
function applied(model: Model, { initialiser, gain: by }: Scheme, meanSquare: number, x?: Float32Array): Fix['apply'] {
  return (given) => {
    const where = 'fix.apply';
    const o = options(where, given, ['rng', 'seed']);
    sourceFrom(where, o);
    const rng = o.rng ?? random.philox(o.seed);
    const before = Object.values(model.parameters).map(({ data }) => data.slice());
    const linear = model.layers.filter(({ kind }) => kind === 'linear');
    try {
      for (const { parameters } of linear) parameters.bias?.data.fill(0);
      if (initialiser === 'lsuv') lsuv(model, x!, { rng });
      else
        linear.forEach(({ parameters: { weight } }, i) => {
          // The first layer makes up for the scale of the data; the last has no activation behind it.
          const first = i === 0 && unusual(meanSquare) ? 1 / Math.sqrt(meanSquare) : 1;
          init.kaimingNormal(weight, { rng, gain: first * (i === linear.length - 1 ? 1 : by!) });
        });
    } catch (error) {
      Object.values(model.parameters).forEach(({ data }, k) => data.set(before[k]));
      throw error;
    }
  };
}
