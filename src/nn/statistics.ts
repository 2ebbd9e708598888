// Probes: one forward and one backward pass over a batch, operation by operation, with statistics of every array. A probe is
// plain data (finite numbers, lists, names), so that JSON and messages to other threads preserve it.

import { type Activation, activations, parametersOf } from '../activation/table.js';
import { HISTOGRAM_BINS, STATISTICS_SUMS } from '../wasm/generated/constants.js';
import { apply, scalar } from '../wasm/kernels.js';
import type { Kernel, KernelFunction, Values } from '../wasm/memory.js';
import { type ActivationKernel, activationModule } from '../wasm/module.js';
import type { Operation, SavedActivation } from './layer.js';
import type { Model } from './model.js';
import type { Plan } from './plan.js';

/** How many values are in each of 32 equal bins from low to high. Values beyond these are in the first and the last bin. */
export interface Histogram {
  /** The least and the largest value, or 4 standard deviations from the mean if that is nearer. */
  low: number;
  high: number;
  /** 32 bins. */
  counts: number[];
}

/** Statistics of the finite values of an array; 0 if there are none. */
export interface Statistics {
  mean: number;
  variance: number;
  meanSquare: number;
  min: number;
  max: number;
  /** The share, 0 to 1, of values that are NaN or infinite. */
  nonFinite: number;
  histogram: Histogram;
}

/** Statistics of a layer's output on a batch. A linear layer with an activation has two of them, one for each operation. */
export interface LayerStatistics extends Statistics {
  /** The layer's index in model.layers. */
  layer: number;
  /** 'linear' (the output before the activation), 'tanh', ... */
  kind: string;
  /** The activation that made the output, where `kind` is not its name; and its kernel's numbers, where they are not the default. */
  activation?: string;
  numbers?: readonly [a: number, b: number];
  /** Values in a row. */
  units: number;
  /** For an activation: the share of values, 0 to 1, at which |f'| is below 0.05 of its maximum. */
  saturated?: number;
  /** The share of units, 0 to 1, that are 0 for every row. */
  dead: number;
  /** The gradient of the loss with respect to the output. norm is its Euclidean norm over the whole batch. */
  gradient: Statistics & { norm: number };
  /** For a layer with a weight. */
  weight?: WeightStatistics;
  /** The share of NaN and infinite values in parameters that have any, by name. Absent if there are none. */
  broken?: Record<string, number>;
}

export interface WeightStatistics {
  /** The Euclidean norms of W and of its gradient, without values that are not finite. */
  norm: number;
  gradientNorm: number;
  /** The share of the gradient that is NaN or infinite. */
  gradientNonFinite: number;
  /**
   * The norm of a step over the norm of W: lr |dW| / |W|, or in training |W after - W before| / |W before|. Absent without lr,
   * or if the step is not finite.
   */
  update?: number;
  /** The share of weights that are NaN or infinite. */
  nonFinite: number;
  /** Whether W has several rows and all are equal, so that all units compute the same. */
  symmetric: boolean;
  /** Whether all biases are equal, or there are none. */
  symmetricBias: boolean;
}

/** The statistics of a weight whose gradient may be unknown. */
export type MeasuredWeight = Pick<WeightStatistics, 'norm' | 'nonFinite' | 'symmetric' | 'symmetricBias'> &
  Partial<WeightStatistics>;

/** The statistics of a layer of any network, whose gradient may be unknown. */
export interface MeasuredLayer extends Omit<LayerStatistics, 'gradient' | 'weight'> {
  name?: string | undefined;
  /** How many values of a unit a row has, such as the pixels of a channel, where that is not one. */
  positions?: number | undefined;
  gradient?: LayerStatistics['gradient'] | undefined;
  weight?: MeasuredWeight | undefined;
}

/** A step of training, and how long it was for the weight that it changed most, over the weight's length. */
export interface LongestStep {
  step: number;
  update: number;
}

/** The statistics of any network. `input` and `loss` may be unknown. */
export interface Measured {
  rows: number;
  /**
   * In training, the number of the step, from 0 on; where the loss is not finite, also the longest step that was probed before, or
   * the first too long one.
   */
  step?: number | undefined;
  longest?: LongestStep | undefined;
  /** Whether dropout made zeros of values, as it does in training: dead units are then not judged. */
  dropped?: boolean | undefined;
  loss?: number | null | undefined;
  input?: Statistics | undefined;
  targets?: Statistics | undefined;
  layers: MeasuredLayer[];
}

/** The statistics of a forward and a backward pass over a batch. */
export interface Probe {
  rows: number;
  /**
   * In training, the number of the step, from 0 on; where the loss is not finite, also the longest step that was probed before, or
   * the first too long one.
   */
  step?: number | undefined;
  longest?: LongestStep | undefined;
  /** Whether dropout made zeros of values, as it does in training; absent if not. */
  dropped?: boolean | undefined;
  /** The mean loss; null if it is not finite. */
  loss: number | null;
  /** Statistics of the input; in training of 16,384 values of it: all of them would take half of a probe's time. */
  input: Statistics;
  layers: LayerStatistics[];
}

/** How many values of the input a probe in training reads. */
const INPUT_SAMPLE = 16384;

/** Statistics of no values. */
function emptyStatistics(nonFinite: number): Statistics {
  const histogram = { low: 0, high: 0, counts: new Array<number>(HISTOGRAM_BINS).fill(0) };
  return { mean: 0, variance: 0, meanSquare: 0, min: 0, max: 0, nonFinite, histogram };
}

/** What runs kernels on arrays of a workspace, and memory of it for the counts of `statistics`. */
export type Measuring = Pick<Plan, 'kernel' | 'counts'>;

/** Kernels bound to arrays of plans, by array. A probe of three operations has thirty, and to bind one takes a microsecond. */
const bound = new WeakMap<Float32Array, Map<string, KernelFunction>>();
function bindOnce({ kernel }: Measuring, name: Kernel, x: Float32Array, ...others: (Values | null)[]): KernelFunction {
  let kernels = bound.get(x);
  if (kernels === undefined) bound.set(x, (kernels = new Map()));
  let run = kernels.get(name);
  if (run === undefined) kernels.set(name, (run = kernel(name, x, ...others)));
  return run;
}

/** The statistics of the first n values of an array of the workspace. */
export function statisticsOf(plan: Measuring, x: Float32Array, n: number): Statistics {
  const { counts } = plan;
  bindOnce(plan, 'statistics', x, counts)(n);
  const [finite, sum, squares, min, max, low, high] = new Float64Array(
    counts.buffer,
    counts.byteOffset,
    STATISTICS_SUMS,
  );
  if (finite === 0) return emptyStatistics(1);
  const [mean, meanSquare] = [sum / finite, squares / finite];
  return {
    mean,
    variance: Math.max(0, meanSquare - mean * mean),
    meanSquare,
    min,
    max,
    nonFinite: (n - finite) / n,
    histogram: { low, high, counts: Array.from(counts.subarray(2 * STATISTICS_SUMS)) },
  };
}

/** The norm of a weight, and the share of it that is NaN or infinite. */
export type Norm = Pick<WeightStatistics, 'norm' | 'nonFinite'>;
/** The Euclidean norm of an array's finite values, and the share of the others. */
export function normOf(plan: Measuring, x: Float32Array): Norm {
  const norm = bindOnce(plan, 'distance', x, null)(x.length);
  if (Number.isFinite(norm)) return { norm, nonFinite: 0 };
  const { meanSquare, nonFinite } = statisticsOf(plan, x, x.length);
  return { norm: Math.sqrt(meanSquare * x.length * (1 - nonFinite)), nonFinite };
}

/** The grid on which derivatives of activations are computed, once for each activation: from -32 to 32. */
const GRID = 4097;
const STEP = 1 / 64;
/** A value is saturated if |f'| is below this times its maximum. */
export const FLAT = 0.05;

/** Where an activation f is flat. */
export interface Flatness {
  /** f is flat where |f'| is at most this. */
  bound: number;
  /** The probability that N(0, 1) is where f is flat. */
  usual: number;
  /** Whether that is above 0.1 and f is 0 there. */
  silent: boolean;
}
const flatness = new Map<string, Flatness>();

/** Where the activation with a name and numbers is flat. */
export function flat(name: string, numbers: readonly [number, number]): Flatness {
  const key = `${name} ${numbers}`;
  let known = flatness.get(key);
  if (known === undefined) {
    const x = Float32Array.from({ length: GRID }, (_, i) => (i - (GRID - 1) / 2) * STEP);
    const y = new Float32Array(GRID);
    apply(activationModule, `${name}Forward` as ActivationKernel, GRID, [x, y], numbers);
    const saved = activations[name as Activation].keeps === 'x' ? x : y;
    const slopes = new Float32Array(GRID);
    apply(
      activationModule,
      `${name}Backward` as ActivationKernel,
      GRID,
      [saved, slopes.slice().fill(1), slopes],
      numbers,
    );
    const bound = FLAT * slopes.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
    let usual = 0;
    slopes.forEach((slope, i) => {
      if (Math.abs(slope) <= bound) usual += STEP * scalar(activationModule, 'normalDensity', x[i]);
    });
    const silent = usual > 0.1 && slopes.some((slope, i) => Math.abs(slope) <= bound && x[i] !== 0 && y[i] === 0);
    flatness.set(key, (known = { bound, usual, silent }));
  }
  return known;
}

/** The numbers that an activation's kernel takes by default. */
export const defaultNumbers = (name: string) => parametersOf(name, activations[name as Activation], {});

/** The share of an activation's first n values at which it is flat. What is in dy is lost. */
export function saturatedShare(
  plan: Measuring,
  dy: Float32Array,
  { name, saved, numbers }: SavedActivation,
  n: number,
): number {
  dy.fill(1, 0, n);
  bindOnce(plan, `${name}Backward` as Kernel, saved, dy, dy)(n, ...numbers);
  return bindOnce(plan, 'countBelow', dy)(n, flat(name, numbers).bound) / n;
}

/** The share of values that are not finite. In JavaScript, for short arrays. */
export const nonFiniteShare = (x: Float32Array) =>
  x.reduce((sum, v) => sum + Number(!Number.isFinite(v)), 0) / x.length;

/** The statistics of a gradient: those of its first n values, and its norm. */
export function gradientStatistics(plan: Measuring, dy: Float32Array, n: number): LayerStatistics['gradient'] {
  const gradient = statisticsOf(plan, dy, n);
  return { ...gradient, norm: Math.sqrt(gradient.meanSquare * (n * (1 - gradient.nonFinite))) };
}

/** Whether a matrix has several rows and all are equal. */
function equalRows(x: Float32Array, columns: number): boolean {
  for (let i = columns; i < x.length; i++) if (x[i] !== x[i - columns]) return false;
  return x.length > columns;
}

/**
 * A probe of the first rows in a model's memory. Its passes are run instead of the model's, with the same bits. After a step,
 * `after` computes how much the step changed weights; without a step, lr says how much plain gradient descent would.
 */
export function probePass(model: Model, plan: Plan, rows: number, training: boolean) {
  const layers: LayerStatistics[] = [];
  const inputRows = training ? Math.min(rows, Math.ceil(INPUT_SAMPLE / model.inputs)) : rows;
  const input = statisticsOf(plan, plan.x, inputRows * model.inputs);
  return {
    forward(): void {
      for (const operation of plan.operations) {
        ((training && operation.train) || operation.forward)(rows);
        layers.push(outputStatistics(model, plan, operation, rows));
      }
    },
    backward(lr?: number): void {
      for (let i = plan.operations.length - 1; i >= 0; i--) {
        const operation = plan.operations[i];
        layers[i].gradient = gradientStatistics(plan, operation.dy, rows * layers[i].units);
        operation.backward(rows);
        // A layer's weights belong to the operation of its own kind.
        if (operation.kind === model.layers[operation.layer].kind)
          Object.assign(layers[i], parameterStatistics(model, plan, operation, lr));
      }
    },
    /** Sets `update` of all weights, from the parameters before the step. */
    after(before: Float32Array): void {
      // The gradients' memory is not in use until the next step.
      plan.gradients.set(before);
      for (const { layer, weight } of layers) {
        const tensor = plan.tensors.get(model.layers[layer].parameters.weight);
        if (!weight || !tensor) continue;
        const { values, gradient } = tensor;
        const distance = plan.kernel('distance', values, gradient)(values.length);
        if (Number.isFinite(distance)) weight.update = weight.norm === 0 ? 0 : distance / weight.norm;
      }
    },
    report: (loss: number): Probe => ({
      rows,
      ...(training && drops(model) && { dropped: true }),
      loss: Number.isFinite(loss) ? loss : null,
      input,
      layers,
    }),
  };
}

/**
 * The length of a step over that of its weights from which on it is too long: in 53 networks of 1 to 27 layers, at what they learnt
 * best by, the longest first step of a hidden layer was between 8e-4 and this.
 */
export const LONG_UPDATE = 0.1;

/** The longest step of the probes so far, or the first that was too long: those that follow it are longer for its sake. */
export function longestStep(known: LongestStep | undefined, { step, layers }: Probe): LongestStep | undefined {
  if (step === undefined || (known && known.update > LONG_UPDATE)) return known;
  const update = Math.max(0, ...layers.map(({ weight }) => weight?.update ?? 0));
  return update > (known?.update ?? 0) ? { step, update } : known;
}

/** Whether a layer of a model does something else in training. */
const drops = ({ layers }: Model) => layers.some(({ kind }) => kind === 'dropout');

type PlannedOperation = Plan['operations'][number];

/** What statistics say of the activation that made an output: what `kind` does not say. */
export const activationFields = (kind: string, { name, numbers }: Pick<SavedActivation, 'name' | 'numbers'>) => ({
  ...(name !== kind && { activation: name }),
  ...(`${numbers}` !== `${defaultNumbers(name)}` && { numbers }),
});

/** The statistics of an operation's output. Those of its gradient are added after the backward pass. */
function outputStatistics(model: Model, plan: Plan, operation: PlannedOperation, rows: number): LayerStatistics {
  const { layer, kind, y, dy, activation }: PlannedOperation & Operation = operation;
  const units = model.layers[layer].outputs ?? y.length / plan.batchSize;
  const n = rows * units;
  return {
    layer,
    kind,
    ...(activation && activationFields(kind, activation)),
    units,
    ...statisticsOf(plan, y, n),
    // In the forward pass the gradient's memory is not in use.
    ...(activation && { saturated: saturatedShare(plan, dy, activation, n) }),
    dead: bindOnce(plan, 'deadColumns', y)(rows, units) / units,
    gradient: { ...emptyStatistics(0), norm: 0 },
  };
}

/** The statistics of a layer's parameters and of their gradients. */
function parameterStatistics(
  model: Model,
  plan: Plan,
  { layer, gradients }: PlannedOperation,
  lr?: number,
): Pick<LayerStatistics, 'weight' | 'broken'> {
  const { parameters } = model.layers[layer];
  const { weight } = parameters;
  const [weights, biases] = [weight, parameters.bias].map((tensor) => plan.tensors.get(tensor)?.values);
  const norm = weights && weight.shape.length === 2 ? normOf(plan, weights) : undefined;
  const shares = Object.entries(parameters).flatMap(([name, tensor]) => {
    const share = name === 'weight' && norm ? norm.nonFinite : nonFiniteShare(plan.tensors.get(tensor)!.values);
    return share > 0 ? [[`${layer}.${name}`, share]] : [];
  });
  const broken = shares.length > 0 ? { broken: Object.fromEntries(shares) } : {};
  if (weights === undefined || norm === undefined) return broken;
  const gradient = normOf(plan, gradients.weight);
  return {
    ...broken,
    weight: weightStatistics(norm, gradient, weights, weight.shape[1], biases, lr) as WeightStatistics,
  };
}

/** The statistics of a weight of rows of `columns` values, from its norm and that of its gradient, if there is one. */
export function weightStatistics(
  weight: Norm,
  gradient: Norm | undefined,
  data: Float32Array,
  columns: number,
  bias: Float32Array | undefined,
  lr?: number,
): MeasuredWeight {
  return {
    ...weight,
    ...(gradient && { gradientNorm: gradient.norm, gradientNonFinite: gradient.nonFinite }),
    ...(lr !== undefined &&
      gradient?.nonFinite === 0 && { update: weight.norm === 0 ? 0 : (lr * gradient.norm) / weight.norm }),
    symmetric: equalRows(data, columns),
    symmetricBias: bias === undefined || equalRows(bias, 1) || bias.length === 1,
  };
}
