// The fix for a finding: advice in a sentence, and, if new weights are the fix, a function that draws them.

import { options } from '../check.js';
import { type Model, requireIdle } from '../nn/model.js';
import type { Measured } from '../nn/statistics.js';
import { type Generator, generatorFrom } from '../random/generator.js';
import type { Seed } from '../random/source.js';
import { drawWeights } from './draw.js';
import { type Finding, linearLayers, percent } from './findings.js';
import { type Scheme, schemeOf } from './scheme.js';
import { aliveShare, isUnusualScale, MIN_ALIVE } from './thresholds.js';

export interface Fix {
  /** The advice, in one or more sentences. */
  message: string;
  /** The initialiser for the weights of the hidden layers (init.kaimingNormal or nn.lsuv), and its gain. */
  initialiser?: Scheme['initialiser'];
  gain?: number;
  /** What to make of the inputs, those for testing too: (x - mean) / std. */
  standardise?: { mean: number; std: number };
  /**
   * Draws the weights of all linear layers anew and sets their biases to 0; the model loses all that it has learnt. If
   * the inputs' mean square is below 1/16 or above 16, the first layer's gain is divided by its root. Absent where a fix is not
   * mechanical, without a model of this package, and for nn.lsuv without a batch. Not enumerable, so that verdicts go through
   * JSON and messages. TypeError for unknown options, and for both rng and seed; where it fails the model stays as it was.
   */
  readonly apply?: (given?: { rng?: Generator | undefined; seed?: Seed | undefined }) => void;
}

/** The network that a fix is for: its statistics, the model if it is one of this package, and the batch if it is there. */
export interface Patient {
  probe: Measured;
  model: Model | undefined;
  x: Float32Array | undefined;
}

export function fixOf(finding: Finding, { probe, model, x }: Patient): Fix {
  const { code, cause } = finding;
  const widths = linearLayers(probe)
    .slice(0, -1)
    .map(({ units }) => units);
  const depth = widths.length;
  if (code === 'data') return standardising(probe);
  const message = fixOfData(finding) ?? (code === 'dead' ? fixOfWidths(widths) : undefined);
  if (message !== undefined) return { message };
  // Equal units need only be drawn apart, however deep the network.
  const scheme = schemeOf(probe, code === 'symmetric' ? Math.min(depth, 1) : depth);
  if (scheme === undefined)
    return {
      message: 'This activation lets no gradient through, whatever the weights: take another, such as tanh or relu.',
    };
  const meanSquare = probe.input?.meanSquare ?? 1;
  const byTraining = code === 'dead' || cause === 'parameter';
  const fix: Fix = { message: schemeMessage(scheme, byTraining, meanSquare, widths), initialiser: scheme.initialiser };
  if (scheme.gain !== undefined) fix.gain = scheme.gain;
  if (!model || (scheme.initialiser === 'lsuv' && x === undefined)) return fix;
  return Object.defineProperty(fix, 'apply', { value: redrawing(model, scheme, meanSquare, x) });
}

/** The advice for inputs that are far from 0. */
function standardising({ input }: Measured): Fix {
  const [mean, std] = [input!.mean, Math.sqrt(input!.variance)].map((value) => Number(value.toPrecision(8)));
  const [m, s] = [mean, std].map((value) => Number(value.toPrecision(3)));
  return {
    message: `Standardise the inputs, (x - ${m}) / ${s}, and whatever the model is to be used on in the same way.`,
    standardise: { mean, std },
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

function schemeMessage(scheme: Scheme, byTraining: boolean, meanSquare: number, widths: number[]): string {
  const draw =
    scheme.initialiser === 'lsuv'
      ? `nn.lsuv(model, batch), ${scheme.reason}`
      : `init.${scheme.initialiser}(weight, { gain: ${Number(scheme.gain.toPrecision(5))} }), ${scheme.reason}; the last layer with gain ${Number(scheme.outputGain.toPrecision(3))}`;
  const training = byTraining ? ', and train with a smaller learning rate or clipNorm' : '';
  const scale = isUnusualScale(meanSquare)
    ? ` The inputs' mean square is ${Number(meanSquare.toPrecision(2))}: standardise them, or divide the first layer's gain by its root.`
    : '';
  // The relative variance of relu's mean square over n units is 5 / n, and those of all layers add up.
  const isNarrow = widths.reduce((sum, units) => sum + 5 / units, 0) > 1;
  const narrow = isNarrow ? ' Layers this narrow stray far from what is expected of them: make them wider.' : '';
  return `Draw the weights anew by ${draw}, with biases of 0${training}.${scale}${narrow}`;
}

function redrawing(model: Model, scheme: Scheme, meanSquare: number, x?: Float32Array): Fix['apply'] {
  return (given) => {
    const where = 'fix.apply';
    requireIdle(where, model);
    const rng = generatorFrom(where, options(where, given, ['rng', 'seed']));
    drawWeights(model, scheme, rng, { meanSquare, x });
  };
}
