// A probe of a batch: forward and backward once, operation by operation, and of every array its statistics. Plain data: numbers
// that are finite, lists and names, so that it survives JSON and a message to another thread.

import { type Activation, activations } from '../activation/table.js';
import { HISTOGRAM_BINS, STATISTICS_SUMS } from '../wasm/generated/constants.js';
import { apply, scalar } from '../wasm/kernels.js';
import type { Kernel, KernelFunction, Values } from '../wasm/memory.js';
import { type ActivationKernel, activationModule } from '../wasm/module.js';
import type { Operation, SavedActivation } from './layer.js';
import type { Model } from './model.js';
import type { Plan } from './plan.js';

/** How many values lie in each of equal bins from low to high; what lies beyond is in the first and the last. */
export interface Histogram {
  /** The ends: the least and the largest value, or 4 standard deviations from the mean where that is nearer. */
  low: number;
  high: number;
  /** 32 bins. */
  counts: number[];
}

/** Of the finite values of an array (0 where there is none). */
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

/** What a layer makes of a batch; a linear layer with an activation of its own counts as two. */
export interface LayerStatistics extends Statistics {
  /** Its place in model.layers. */
  layer: number;
  /** 'linear' (what it makes before the activation), 'tanh', ... */
  kind: string;
  /** Values a row. */
  units: number;
  /** Of an activation: the share of values at which |f'| is below 0.05 of its maximum. */
  saturated?: number;
  /** The share of units that are 0 for every row. */
  dead: number;
  /** The gradient of the loss by what the layer makes; norm is its length over the whole batch. */
  gradient: Statistics & { norm: number };
  /** Of a layer with a weight. */
  weight?: WeightStatistics;
  /** Parameters that are not all finite, by name: the share that is not. Absent where there are none. */
  broken?: Record<string, number>;
}

export interface WeightStatistics {
  /** The length of W, and of the gradient by it: of what of them is finite. */
  norm: number;
  gradientNorm: number;
  /** The share of the gradient that is NaN or infinite. */
  gradientNonFinite: number;
  /**
   * The length of a step by the length of W: lr |dW| / |W|, or in training |W after - W before| / |W before|. Absent
   * without lr, and where the step is not finite.
   */
  update?: number;
  /** The share of weights that are NaN or infinite. */
  nonFinite: number;
  /** Whether all rows of W are equal (and there is more than one): units that compute the same. */
  symmetric: boolean;
  /** Whether all biases are equal, or there are none. */
  symmetricBias: boolean;
}

/** A forward and a backward pass over a batch. */
export interface Probe {
  rows: number;
  /** The mean loss; null where it is not finite. */
  loss: number | null;
  /** In training of some rows, of 16,384 values: all of them would be half of what a probe costs. */
  input: Statistics;
  layers: LayerStatistics[];
}

/** How many values of the input are looked at in training. */
const INPUT_SAMPLE = 16384;

/** Statistics of no values. */
function emptyStatistics(nonFinite: number): Statistics {
  const histogram = { low: 0, high: 0, counts: new Array<number>(HISTOGRAM_BINS).fill(0) };
  return { mean: 0, variance: 0, meanSquare: 0, min: 0, max: 0, nonFinite, histogram };
}

/** Kernels bound to arrays of a plan, by array: a probe of three operations has thirty, and to bind one takes a microsecond. */
const bound = new WeakMap<Float32Array, Map<string, KernelFunction>>();
function bindOnce({ kernel }: Plan, name: Kernel, x: Float32Array, ...others: (Values | null)[]): KernelFunction {
  let kernels = bound.get(x);
  if (kernels === undefined) bound.set(x, (kernels = new Map()));
  let run = kernels.get(name);
  if (run === undefined) kernels.set(name, (run = kernel(name, x, ...others)));
  return run;
}

/** The statistics of the first n values of an array of the model. */
function statisticsOf(plan: Plan, x: Float32Array, n: number): Statistics {
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
    ...{ mean, variance: Math.max(0, meanSquare - mean * mean), meanSquare, min, max, nonFinite: (n - finite) / n },
    histogram: { low, high, counts: Array.from(counts.subarray(2 * STATISTICS_SUMS)) },
  };
}

/** The Euclidean norm of an array, and the share of it that is not finite and is left out. */
function normOf(plan: Plan, x: Float32Array): { norm: number; nonFinite: number } {
  const norm = bindOnce(plan, 'distance', x, null)(x.length);
  if (Number.isFinite(norm)) return { norm, nonFinite: 0 };
  const { meanSquare, nonFinite } = statisticsOf(plan, x, x.length);
  return { norm: Math.sqrt(meanSquare * x.length * (1 - nonFinite)), nonFinite };
}

/** A grid on which an activation's slopes are looked at once: from -32 to 32. */
const GRID = 4097;
const STEP = 1 / 64;
/** A value is saturated where the slope is below that part of the largest. */
export const FLAT = 0.05;
const flatness = new Map<string, { bound: number; usual: number; silent: boolean }>();

/** Below which |f'| an activation counts as flat, the share of N(0, 1) at which it is, and whether it is 0 there. */
export function flat(
  name: string,
  numbers: readonly [number, number],
): { bound: number; usual: number; silent: boolean } {
  const key = `${name} ${numbers}`;
  let known = flatness.get(key);
  if (known === undefined) {
    const x = Float32Array.from({ length: GRID }, (_, i) => (i - (GRID - 1) / 2) * STEP);
    const y = new Float32Array(GRID);
    apply(activationModule, `${name}Forward` as ActivationKernel, GRID, [x, y], numbers);
    const kept = activations[name as Activation].keeps === 'x' ? x : y;
    const slopes = new Float32Array(GRID);
    apply(
      activationModule,
      `${name}Backward` as ActivationKernel,
      GRID,
      [kept, slopes.slice().fill(1), slopes],
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

/** The share of the first n values of an activation at which its slope is flat. */
function saturatedShare(plan: Plan, dy: Float32Array, { name, saved, numbers }: SavedActivation, n: number): number {
  // In the forward pass the memory of the gradient is free.
  dy.fill(1, 0, n);
  bindOnce(plan, `${name}Backward` as Kernel, saved, dy, dy)(n, ...numbers);
  return bindOnce(plan, 'countBelow', dy)(n, flat(name, numbers).bound) / n;
}

/** The share of a few values that are not finite. */
const nonFiniteShare = (x: Float32Array) => x.reduce((sum, v) => sum + Number(!Number.isFinite(v)), 0) / x.length;

/** Whether all rows of a matrix are equal: at the first that differs, or a NaN, it is known. */
function equalRows(x: Float32Array, columns: number): boolean {
  for (let i = columns; i < x.length; i++) if (x[i] !== x[i - columns]) return false;
  return x.length > columns;
}

/**
 * A probe of the first rows in a model's memory. Its passes replace the model's own, to the same bits. Behind a step `after`
 * tells what the step changed; without one, lr tells what plain gradient descent would change.
 */
export function probePass(model: Model, plan: Plan, rows: number, training: boolean) {
  const layers: LayerStatistics[] = [];
  const inputRows = training ? Math.min(rows, Math.ceil(INPUT_SAMPLE / model.inputs)) : rows;
  const input = statisticsOf(plan, plan.x, inputRows * model.inputs);
  return {
    forward(): void {
      for (const operation of plan.operations) {
        ((training && operation.train) || operation.forward)(rows);
        layers.push(afterForward(model, plan, operation, rows));
      }
    },
    backward(lr?: number): void {
      for (let i = plan.operations.length - 1; i >= 0; i--) {
        const operation = plan.operations[i];
        const gradient = statisticsOf(plan, operation.dy, rows * layers[i].units);
        const finite = rows * layers[i].units * (1 - gradient.nonFinite);
        layers[i].gradient = { ...gradient, norm: Math.sqrt(gradient.meanSquare * finite) };
        operation.backward(rows);
        // A layer's weights belong to the operation of its own kind.
        if (operation.kind === model.layers[operation.layer].kind)
          Object.assign(layers[i], parameterStatistics(model, plan, operation, lr));
      }
    },
    /** The relative length of the step that changed the parameters from what they were before. */
    after(before: Float32Array): void {
      // The gradients have done their work; the next step writes them anew.
      plan.gradients.set(before);
      for (const { layer, weight } of layers) {
        const data = model.layers[layer].parameters.weight?.data;
        if (!weight || !data) continue;
        const from = (data.byteOffset - plan.parameters.byteOffset) / 4;
        const old = plan.gradients.subarray(from, from + data.length);
        const moved = plan.kernel('distance', data, old)(data.length);
        if (Number.isFinite(moved)) weight.update = weight.norm === 0 ? 0 : moved / weight.norm;
      }
    },
    report: (loss: number): Probe => ({ rows, loss: Number.isFinite(loss) ? loss : null, input, layers }),
  };
}

type PlannedOperation = Plan['operations'][number];

/** What an operation's output is like; its gradient is known after the backward pass. */
function afterForward(model: Model, plan: Plan, operation: PlannedOperation, rows: number): LayerStatistics {
  const { layer, kind, y, dy, activation }: PlannedOperation & Operation = operation;
  const units = model.layers[layer].outputs ?? y.length / plan.batchSize;
  const n = rows * units;
  return {
    ...{ layer, kind, units },
    ...statisticsOf(plan, y, n),
    ...(activation && { saturated: saturatedShare(plan, dy, activation, n) }),
    dead: bindOnce(plan, 'deadColumns', y)(rows, units) / units,
    gradient: { ...emptyStatistics(0), norm: 0 },
  };
}

/** What a layer's parameters and the gradients by them are like. */
function parameterStatistics(
  model: Model,
  plan: Plan,
  { layer, gradients }: PlannedOperation,
  lr?: number,
): Pick<LayerStatistics, 'weight' | 'broken'> {
  const { parameters } = model.layers[layer];
  const { weight, bias } = parameters;
  const norm = weight?.shape.length === 2 ? normOf(plan, weight.data) : undefined;
  const shares = Object.entries(parameters).flatMap(([name, { data }]) => {
    const share = name === 'weight' && norm ? norm.nonFinite : nonFiniteShare(data);
    return share > 0 ? [[`${layer}.${name}`, share]] : [];
  });
  const broken = shares.length > 0 ? { broken: Object.fromEntries(shares) } : {};
  if (weight === undefined || norm === undefined) return broken;
  const gradient = normOf(plan, gradients.weight);
  const update = norm.norm === 0 ? 0 : ((lr ?? 0) * gradient.norm) / norm.norm;
  return {
    ...broken,
    weight: {
      ...norm,
      gradientNorm: gradient.norm,
      gradientNonFinite: gradient.nonFinite,
      ...(lr !== undefined && gradient.nonFinite === 0 && { update }),
      symmetric: equalRows(weight.data, weight.shape[1]),
      symmetricBias: bias === undefined || equalRows(bias.data, 1) || bias.data.length === 1,
    },
  };
}
