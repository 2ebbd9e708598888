// The fix for a finding: advice in a sentence, and, if new weights are the fix, a function that draws them.

import { options } from '../check.js';
import { examplesOf } from '../nn/evaluate.js';
import { type Model, requireIdle } from '../nn/model.js';
import type { Measured } from '../nn/statistics.js';
import { type Generator, generatorFrom } from '../random/generator.js';
import { philox } from '../random/generators.js';
import type { Seed } from '../random/source.js';
import { drawWeights, type Inputs, savedParameters } from './draw.js';
import { type Finding, findings, linearLayers, percent, timesTooLong } from './findings.js';
import { measuredPass } from './pass.js';
import { type Scheme, schemesOf } from './scheme.js';
import { type Found, LEARNT } from './search.js';
import { type Standardisation, standardisationOf } from './standardise.js';
import { aliveShare, isUnusualScale, MIN_ALIVE, USUAL_UPDATE } from './thresholds.js';
import { byQuality } from './trial.js';

export interface Fix {
  /** The advice, in one or more sentences. */
  message: string;
  /** The initialiser for the weights of the hidden layers (init.kaimingNormal, init.orthogonal or nn.lsuv), and its gain. */
  initialiser?: Scheme['initialiser'];
  gain?: number;
  /** The learning rate to train with. */
  lr?: number;
  /** What to make of the inputs, those for testing too: (x - mean) / std. */
  standardise?: Standardisation;
  /** The same of the targets: what the model then predicts is to be multiplied by std, and mean added. */
  standardiseTargets?: Standardisation;
  /**
   * Draws the weights of all linear layers anew and sets their biases to 0; the model loses all that it has learnt. If
   * the inputs' mean square is below 1/16 or above 16, and they are not to be standardised, the first layer's gain is divided by
   * its root. Then the model is tried again, as the fix was: of four draws the best is kept, or what was there before unless it
   * learns less. Returns whether the weights are new. Without a trial the statistics of random rows decide. Absent where new
   * weights are not in the advice, without a model of this package, and for nn.lsuv without a batch. Not enumerable, so that
   * verdicts go through JSON and messages. TypeError for unknown options, and for both rng and seed; where it fails the model
   * stays as it was.
   */
  readonly apply?: (given?: { rng?: Generator | undefined; seed?: Seed | undefined }) => boolean;
}

/** The network that a fix is for: its statistics, and the model, a batch and what a trial found if they are there. */
export interface Patient {
  probe: Measured;
  model: Model | undefined;
  x: Float32Array | undefined;
  found?: Found | undefined;
}

const layerWidths = (probe: Measured) =>
  linearLayers(probe)
    .slice(0, -1)
    .map(({ units }) => units);

export function fixOf(finding: Finding, patient: Patient): Fix {
  const { probe, model, x, found } = patient;
  const { code, cause } = finding;
  // Where the loss alone is not finite, the targets are to blame, and no weights would help.
  if (found && cause !== 'loss') return triedFix(patient, found, model!);
  const widths = layerWidths(probe);
  if (cause === 'rate') return { message: rateAdvice(finding) };
  if (code === 'data') return standardising(standardisationOf(probe.input!));
  const message = fixOfData(finding) ?? (code === 'dead' ? fixOfWidths(widths) : undefined);
  if (message !== undefined) return { message };
  // Equal units need only be drawn apart, however deep the network.
  const [scheme] = schemesOf(probe, code === 'symmetric' ? Math.min(widths.length, 1) : widths.length);
  if (scheme === undefined)
    return {
      message: 'This activation lets no gradient through, whatever the weights: take another, such as tanh or relu.',
    };
  const byTraining = code === 'dead' || cause === 'parameter';
  const times = cause === 'parameter' || cause === 'signal' ? timesTooLong(probe) : undefined;
  const smaller = times === undefined ? 'a smaller learning rate' : `a learning rate ${times} times smaller`;
  const training = byTraining || times !== undefined ? `, and train with ${smaller} or clipNorm` : '';
  const fix = redrawing(scheme, probe.input?.meanSquare ?? 1, widths, training);
  if (!model || (scheme.initialiser === 'lsuv' && x === undefined)) return fix;
  return withApply(fix, untriedRedraw(model, scheme, probe, x));
}

/** The advice for steps of a wrong length, without a trial. */
function rateAdvice({ figures: { update } }: Finding): string {
  const factor = USUAL_UPDATE / update;
  return `Multiply the learning rate by about ${Number(factor.toPrecision(1))}: then the longest step is ${USUAL_UPDATE} of the weights.`;
}

/** A number in a sentence. */
export const digits = (x: number) => String(Number(x.toPrecision(2)));

/** What of the data was standardised in a trial, in words. */
export const standardisedParts = ({ inputs, targets }: Pick<Found, 'inputs' | 'targets'>) =>
  [inputs && 'inputs', targets && 'targets'].filter(Boolean).join(' and ');

const withApply = (fix: Fix, apply: Fix['apply']): Fix => Object.defineProperty(fix, 'apply', { value: apply });

/** The best setting of a trial. */
function triedFix({ probe }: Patient, found: Found, model: Model): Fix {
  const { trial, own, best, inputs, targets } = found;
  const { scheme, lr } = best;
  const isStandardised = best.examples !== own.examples;
  const fix: Fix = { message: '', lr };
  const parts: Fix[] = [];
  if (isStandardised && inputs) parts.push(standardising(inputs));
  if (isStandardised && targets) parts.push(standardisingTargets(targets));
  const meanSquare = isStandardised && inputs ? 1 : (probe.input?.meanSquare ?? 1);
  if (scheme) parts.push(redrawing(scheme, meanSquare, layerWidths(probe)));
  Object.assign(fix, ...parts);
  const rate = lr === own.lr ? '' : ` Train with a learning rate of ${digits(lr)}.`;
  const measure = best.examples.criterion.labels ? 'are right' : 'of the loss are gone';
  const [before, after] = [own.quality, best.quality].map((quality) => `${Math.round(100 * quality)} %`);
  const outcome = ` In a trial of ${trial.steps} steps ${after} of ${trial.rows} rows ${measure} then, and ${before} as it is.`;
  fix.message = `${parts.map(({ message }) => message).join(' ')}${rate}${outcome}`.trim();
  return scheme ? withApply(fix, triedRedraw(model, scheme, probe, found, { meanSquare, x: best.examples.x })) : fix;
}

/** The advice for inputs that are far from 0. */
function standardising(inputs: Standardisation): Fix {
  const [mean, std] = [inputs.mean, inputs.std].map((value) => Number(value.toPrecision(3)));
  return {
    message: `Standardise the inputs, (x - ${mean}) / ${std}, and whatever the model is to be used on in the same way.`,
    standardise: inputs,
  };
}

/** The same for targets. */
function standardisingTargets(targets: Standardisation): Fix {
  const [mean, std] = [targets.mean, targets.std].map((value) => Number(value.toPrecision(3)));
  return {
    message: `Standardise the targets, (t - ${mean}) / ${std}; what the model predicts is then ${std} y + ${mean}.`,
    standardiseTargets: targets,
  };
}

/** The advice if the weights are not to blame, but the data or the loss. */
function fixOfData({ code, cause }: Finding): string | undefined {
  if (cause === 'loss')
    return 'Look at the targets: they are not finite, or so large that the loss is not; scale them.';
  if (cause !== 'input') return undefined;
  return code === 'dead' ? 'Look at how the batch is made.' : 'Leave out or mend the rows that are not finite.';
}

/** The advice if relu layers are so narrow that some die whatever their weights. */
function fixOfWidths(widths: number[]): string | undefined {
  const alive = aliveShare(widths);
  if (alive >= MIN_ALIVE) return undefined;
  return `Make the layers wider, or take leakyRelu: with ${widths.length} layers this narrow a network is dead for ${percent(1 - alive)} of all draws, whatever their scale.`;
}

/** The advice to draw weights by a scheme. */
function redrawing(scheme: Scheme, meanSquare: number, widths: number[], training = ''): Fix {
  const draw =
    scheme.initialiser === 'lsuv'
      ? `nn.lsuv(model, batch), ${scheme.reason}`
      : `init.${scheme.initialiser}(weight, { gain: ${Number(scheme.gain.toPrecision(5))} }), ${scheme.reason}; the last layer with gain ${Number(scheme.outputGain.toPrecision(3))}`;
  const scale = isUnusualScale(meanSquare)
    ? ` The inputs' mean square is ${Number(meanSquare.toPrecision(2))}: standardise them, or divide the first layer's gain by its root.`
    : '';
  // The relative variance of relu's mean square over n units is 5 / n, and those of all layers add up.
  const isNarrow = widths.reduce((sum, units) => sum + 5 / units, 0) > 1;
  const narrow = isNarrow ? ' Layers this narrow stray far from what is expected of them: make them wider.' : '';
  return {
    message: `Draw the weights anew by ${draw}, with biases of 0${training}.${scale}${narrow}`,
    initialiser: scheme.initialiser,
    ...(scheme.gain !== undefined && { gain: scheme.gain }),
  };
}

/** The generator of fix.apply. */
function generatorOf(model: Model, given: Parameters<NonNullable<Fix['apply']>>[0]): Generator {
  const where = 'fix.apply';
  requireIdle(where, model);
  return generatorFrom(where, options(where, given, ['rng', 'seed']));
}

/** How often weights are drawn, of which the best are kept: deep and narrow networks differ much from draw to draw. */
const DRAWS = 4;

function triedRedraw(model: Model, scheme: Scheme, probe: Measured, found: Found, inputs: Inputs): Fix['apply'] {
  const { trial, own, best, isLearnt } = found;
  return (given) => {
    const rng = generatorOf(model, given);
    const restore = savedParameters(model);
    const before = severity(model, probe);
    // Of the weights as they are now: they may have been trained since the trial. Then only what is surely better replaces them.
    const { quality } = trial.runOne({ examples: own.examples, lr: own.lr });
    const error = Math.sqrt((quality * (1 - quality)) / trial.rows);
    const isTrained = trial.lossNow(own.examples) < (1 - LEARNT) * trial.lossOfNothing(own.examples);
    const least = isTrained ? Math.max(quality, trial.qualityNow(own.examples)) + error : quality - error;
    const draws = Array.from({ length: DRAWS }, () => {
      drawWeights(model, scheme, rng, inputs);
      const outcome = trial.runOne({ examples: best.examples, lr: best.lr });
      return { ...outcome, put: savedParameters(model) };
    });
    const chosen = draws.sort(byQuality)[0];
    chosen.put();
    // Where nothing was learnt in the trial, its quality is chance, and the signals decide.
    if (chosen.quality >= least || (!isLearnt && severity(model, probe) < before)) return true;
    restore();
    return false;
  };
}

function untriedRedraw(model: Model, scheme: Scheme, probe: Measured, x?: Float32Array): Fix['apply'] {
  return (given) => {
    const rng = generatorOf(model, given);
    const restore = savedParameters(model);
    const before = severity(model, probe);
    drawWeights(model, scheme, rng, { meanSquare: probe.input?.meanSquare ?? 1, x });
    if (severity(model, probe) <= before) return true;
    restore();
    return false;
  };
}

/** Rows of random inputs on which weights are judged that cannot be tried. */
const ROWS = 64;

/** How ill a model is on random inputs like those of a probe and random targets: its findings, errors before warnings. */
function severity(model: Model, { input }: Measured): number {
  const where = 'fix.apply';
  const rng = philox('severity');
  const { mean, variance } = input ?? { mean: 0, variance: 1 };
  const x = rng.normal(ROWS * model.inputs, { mean, std: Math.sqrt(variance) });
  const targets = rng.normal(ROWS * model.outputs);
  const examples = examplesOf(where, model, { x, targets }, 'meanSquaredError');
  return findings(measuredPass(where, model, examples)).reduce(
    (sum, { level }) => sum + (level === 'error' ? 100 : 1),
    0,
  );
}
