// What a probe tells of a batch: forward and backward once, part by part, and of every array its figures. Plain data:
// numbers that are finite, lists and names, so that it survives JSON and a message to another thread.

import { type Activation, activations } from '../activation/table.js';
import { apply, scalar } from '../wasm/kernels.js';
import type { Kernel } from '../wasm/memory.js';
import { type ActivationKernel, activationModule } from '../wasm/module.js';
import type { Part, Slope } from './layer.js';
import { BINS, type Model, padded, type planned, SUMS } from './model.js';

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

type Plan = ReturnType<typeof planned>;

/** So many values of the input are looked at in training. */
const SOME = 16384;

function nothing(nonFinite: number): Statistics {
  const histogram = { low: 0, high: 0, counts: new Array<number>(BINS).fill(0) };
  return { mean: 0, variance: 0, meanSquare: 0, min: 0, max: 0, nonFinite, histogram };
}

/** Kernels bound to arrays of a plan, kept: a probe of three parts has thirty, and to bind one takes a microsecond. */
const bindings = new WeakMap<Float32Array, Map<string, (...numbers: number[]) => number>>();
function on({ kernel }: Plan, name: Kernel, x: Float32Array, ...others: Parameters<Plan['kernel']>[1][]) {
  let own = bindings.get(x);
  if (own === undefined) bindings.set(x, (own = new Map()));
  let run = own.get(name);
  if (run === undefined) own.set(name, (run = kernel(name, x, ...others)));
  return run;
}

/** The figures of the first n values of an array of the model. */
function figures(p: Plan, x: Float32Array, n: number): Statistics {
  const { counts } = p;
  on(p, 'statistics', x, counts)(n);
  const [finite, sum, squares, min, max, low, high] = new Float64Array(counts.buffer, counts.byteOffset, SUMS);
  if (finite === 0) return nothing(1);
  const [mean, meanSquare] = [sum / finite, squares / finite];
  return {
    ...{ mean, variance: Math.max(0, meanSquare - mean * mean), meanSquare, min, max, nonFinite: (n - finite) / n },
    histogram: { low, high, counts: Array.from(counts.subarray(2 * SUMS)) },
  };
}

/** The length of an array, and the share of it that is not finite and is left out. */
function length(p: Plan, x: Float32Array): { norm: number; nonFinite: number } {
  const norm = on(p, 'distance', x, null)(padded(x.length));
  if (Number.isFinite(norm)) return { norm, nonFinite: 0 };
  const { meanSquare, nonFinite } = figures(p, x, x.length);
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

/** The share of the first n values of a part at which its slope is flat. */
function saturated(p: Plan, { dy }: Part, { name, kept, numbers }: Slope, n: number): number {
  // Forward, nobody needs the memory of the gradient.
  dy.fill(1, 0, n);
  on(p, `${name}Backward` as Kernel, kept, dy, dy)(n, ...numbers);
  return on(p, 'countBelow', dy)(n, flat(name, numbers).bound) / n;
}

/** The share of a few values that are not finite. */
const outside = (x: Float32Array) => x.reduce((sum, v) => sum + Number(!Number.isFinite(v)), 0) / x.length;

/** Whether all rows of a matrix are equal: at the first that differs, or a NaN, it is known. */
function equalRows(x: Float32Array, columns: number): boolean {
  for (let i = columns; i < x.length; i++) if (x[i] !== x[i - columns]) return false;
  return x.length > columns;
}

/**
 * A probe of the first rows in a model's memory: its passes in place of the model's own, to the same bits. Behind a step
 * `after` tells what it changed; without one, lr tells what plain gradient descent would.
 */
export function probing(model: Model, p: Plan, rows: number, training: boolean) {
  const layers: LayerStatistics[] = [];
  const none = { ...nothing(0), norm: 0 }; // until the pass backward
  const some = training ? Math.min(rows, Math.ceil(SOME / model.inputs)) : rows;
  const input = figures(p, p.x, some * model.inputs);
  return {
    forward(): void {
      for (const part of p.parts) {
        ((training && part.train) || part.forward)(rows);
        const { layer, kind, y, slope } = part;
        const units = model.layers[layer].outputs ?? y.length / p.batchSize;
        const n = rows * units;
        layers.push({
          ...{ layer, kind, units, ...figures(p, y, n) },
          ...(slope && { saturated: saturated(p, part, slope, n) }),
          dead: on(p, 'deadColumns', y)(rows, units) / units,
          gradient: none,
        });
      }
    },
    backward(lr?: number): void {
      for (let i = p.parts.length - 1; i >= 0; i--) {
        const part = p.parts[i];
        const made = layers[i];
        const gradient = figures(p, part.dy, rows * made.units);
        const finite = rows * made.units * (1 - gradient.nonFinite);
        made.gradient = { ...gradient, norm: Math.sqrt(gradient.meanSquare * finite) };
        part.backward(rows);
        const { kind, parameters } = model.layers[made.layer];
        if (part.kind !== kind) continue;
        const { weight, bias } = parameters;
        const own = weight?.shape.length === 2 ? length(p, weight.data) : undefined;
        const shares = Object.entries(parameters).flatMap(([name, { data }]) => {
          const share = name === 'weight' && own ? own.nonFinite : outside(data);
          return share > 0 ? [[`${made.layer}.${name}`, share]] : [];
        });
        if (shares.length > 0) made.broken = Object.fromEntries(shares);
        if (weight === undefined || own === undefined) continue;
        const { norm, nonFinite } = length(p, part.gradients.weight);
        made.weight = {
          ...{ ...own, gradientNorm: norm, gradientNonFinite: nonFinite },
          ...(lr !== undefined && nonFinite === 0 && { update: own.norm === 0 ? 0 : (lr * norm) / own.norm }),
          symmetric: equalRows(weight.data, weight.shape[1]),
          symmetricBias: bias === undefined || equalRows(bias.data, 1) || bias.data.length === 1,
        };
      }
    },
    /** What the step changed of what it was before. */
    after(old: Float32Array): void {
      // The gradients have done their work; the next step writes them anew.
      p.gradients.set(old);
      for (const { layer, weight } of layers) {
        const data = model.layers[layer].parameters.weight?.data;
        if (!weight || !data) continue;
        const was = p.gradients.subarray((data.byteOffset - p.parameters.byteOffset) / 4).subarray(0, data.length);
        const moved = p.kernel('distance', data, was)(padded(data.length));
        if (Number.isFinite(moved)) weight.update = weight.norm === 0 ? 0 : moved / weight.norm;
      }
    },
    report: (loss: number): Probe => ({ rows, loss: Number.isFinite(loss) ? loss : null, input, layers }),
  };
}
