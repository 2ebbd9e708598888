// Initialisers with structure: their values depend on each other, or on their indices.

import { number, options, type Unchecked, whole } from '../check.js';
import { type Law, lawFrom } from '../random/distributions.js';
import { fillDraw, outputOf, sourceFrom } from '../random/generator.js';
import type { Tensor } from '../tensor.js';
import { ORTHOGONAL_PANEL } from '../wasm/generated/constants.js';
import { applyWhole } from '../wasm/kernels.js';
import { randomModule } from '../wasm/module.js';
import { type Common, commonOptions, fanOptions, type Layout, target } from './fan.js';

const standard: Law = { distribution: 'normal', mean: 0, std: 1 };

/** The rows and columns of a weight as a matrix: outputs by all other axes. */
function matrixOf(where: string, shape: readonly number[], layout: Layout): [rows: number, columns: number] {
  if (shape.length < 2) throw new RangeError(`${where}: shape [${shape}] is no matrix; pass at least two axes`);
  const outputs = layout === 'oi' ? shape[0] : shape[shape.length - 1];
  const rest = (layout === 'oi' ? shape.slice(1) : shape.slice(0, -1)).reduce((product, length) => product * length, 1);
  return layout === 'oi' ? [outputs, rest] : [rest, outputs];
}

/** Options of initialisers that have no slices, for a shape and for a tensor. */
type Whole = Omit<Common, 'slice'>;
type Filled = Omit<Whole, 'out'>;

/** RangeError for a slice: values that depend on each other have none. */
const requireWhole = (where: string, o: { slice?: unknown }) => {
  if (o.slice !== undefined)
    throw new RangeError(`${where}: slice: the values depend on each other; make the whole and cut the part out`);
};

/**
 * A random orthogonal matrix times gain (1), uniformly distributed (Saxe et al. 2013; Mezzadri 2007). If there are fewer rows
 * than columns its rows are orthonormal, else its columns. Axes beyond two count as columns.
 */
export function orthogonal(first: readonly number[], given?: { gain?: number } & Whole): Float32Array;
export function orthogonal(first: Tensor, given?: { gain?: number } & Filled): Tensor;
export function orthogonal(
  first: readonly number[] | Tensor,
  given?: { gain?: number } & Common,
): Float32Array | Tensor {
  const where = 'init.orthogonal';
  const o = options(where, given, ['gain', ...commonOptions]);
  requireWhole(where, o);
  const { shape, size, tensor } = target(where, first, o);
  const [rows, columns] = matrixOf(where, shape, fanOptions(where, o).layout);
  const scale = number(where, 'gain', o.gain ?? 1);
  const orthogonalise = orthogonaliser(where, rows, columns);
  const values = fillDraw(where, sourceFrom(where, o), standard, size, tensor ? { out: tensor.data } : o);
  orthogonalise(values, scale);
  return tensor ?? values;
}

/** Allocates memory for a matrix, before anything is drawn. Returns a function that makes normals orthogonal in it. */
function orthogonaliser(where: string, rows: number, columns: number): (values: Float32Array, gain: number) => void {
  const size = rows * columns;
  if (size === 0) return () => {};
  const [shorter, longer] = [Math.min(rows, columns), Math.max(rows, columns)];
  const run = applyWhole(
    where,
    randomModule,
    'orthogonal',
    size,
    8 * ((longer + 1) * (shorter + ORTHOGONAL_PANEL) + shorter + 1) + 16,
  );
  return (values, gain) => run(values, rows, columns, gain);
}

/**
 * Normals with std (0.01), of which ceil(sparsity * rows) in each column are then 0, at random rows (Martens 2010; PyTorch's
 * sparse_). The shape has two axes.
 */
export function sparse(first: readonly number[], given: { sparsity: number; std?: number } & Whole): Float32Array;
export function sparse(first: Tensor, given: { sparsity: number; std?: number } & Filled): Tensor;
export function sparse(
  first: readonly number[] | Tensor,
  given: { sparsity: number; std?: number } & Common,
): Float32Array | Tensor {
  const where = 'init.sparse';
  const o = options(where, given, ['sparsity', 'std', ...commonOptions]);
  requireWhole(where, o);
  const { shape, size, tensor } = target(where, first, o);
  if (shape.length !== 2) throw new RangeError(`${where}: shape [${shape}] is no matrix; pass two axes`);
  fanOptions(where, o);
  const sparsity = number(where, 'sparsity', o.sparsity, { least: 0, most: 1 });
  const law = lawFrom(where, 'normal', { std: o.std ?? 0.01 });
  const source = sourceFrom(where, o);
  const values = fillDraw(where, source, law, size, tensor ? { out: tensor.data } : o);
  const [rows, columns] = shape;
  const zeros = Math.ceil(sparsity * rows);
  for (let column = 0; size > 0 && column < columns; column++) {
    for (const row of source.permutation(rows).subarray(0, zeros)) values[row * columns + column] = 0;
  }
  return tensor ?? values;
}

/** The outputs and inputs of a shape, and the index of W[output, input] at the kernel's centre. */
function atCentre(shape: readonly number[], layout: Layout, centre: (length: number) => number) {
  const kernel = layout === 'oi' ? shape.slice(2) : shape.slice(0, -2);
  const [outputs, inputs] = layout === 'oi' ? shape : [shape[shape.length - 1], shape[shape.length - 2]];
  const kernelSize = kernel.reduce((product, length) => product * length, 1);
  const at = kernel.reduce((index, length) => index * length + centre(length), 0);
  const index = (output: number, input: number) =>
    layout === 'oi' ? (output * inputs + input) * kernelSize + at : (at * inputs + input) * outputs + output;
  return { outputs, inputs, index };
}

export type Structure = Omit<Common, 'rng' | 'seed' | 'fanIn' | 'fanOut'>;
const structureOptions = ['layout', 'out', 'slice'] as const;

/** f(0) to f(n - 1), one at a time: a shape may have more of them than fit into memory. */
function* generate(n: number, f: (i: number) => number): Generator<number, void, void> {
  for (let i = 0; i < n; i++) yield f(i);
}

/** Zeros with a value at some indices of the shape: the whole, or a slice. */
function fillAt(
  where: string,
  first: readonly number[] | Tensor,
  o: Unchecked<Structure>,
  indicesOf: (shape: readonly number[]) => Iterable<number>,
  value: number,
): Float32Array | Tensor {
  const { shape, size, tensor } = target(where, first, o);
  const indices = indicesOf(shape);
  const { values, range } = outputOf(where, size, tensor ? { out: tensor.data } : o);
  if (range.length === 0) return tensor ?? values;
  values.fill(0);
  for (const at of indices) {
    if (at >= range.from && at < range.from + range.length) values[at - range.from] = value;
  }
  return tensor ?? values;
}

/** The identity times gain (1): gain on the diagonal, zeros elsewhere. The shape has two axes. */
export function eye(first: readonly number[], given?: { gain?: number } & Structure): Float32Array;
export function eye(first: Tensor, given?: { gain?: number } & Structure): Tensor;
export function eye(first: readonly number[] | Tensor, given?: { gain?: number } & Structure): Float32Array | Tensor {
  const where = 'init.eye';
  const o = options(where, given, ['gain', ...structureOptions]);
  fanOptions(where, o);
  return fillAt(
    where,
    first,
    o,
    (shape) => {
      if (shape.length !== 2)
        throw new RangeError(`${where}: shape [${shape}] is no matrix; pass two axes, or use init.dirac`);
      return generate(Math.min(...shape), (d) => d * shape[1] + d);
    },
    number(where, 'gain', o.gain ?? 1),
  );
}

/**
 * A convolution that preserves its input (PyTorch's dirac_): 1 from channel d to channel d at the kernel's centre (k >> 1), in
 * each of `groups` (1) groups, zeros elsewhere. The shape has at least one axis of the kernel.
 */
export function dirac(first: readonly number[], given?: { groups?: number } & Structure): Float32Array;
export function dirac(first: Tensor, given?: { groups?: number } & Structure): Tensor;
export function dirac(
  first: readonly number[] | Tensor,
  given?: { groups?: number } & Structure,
): Float32Array | Tensor {
  const where = 'init.dirac';
  const o = options(where, given, ['groups', ...structureOptions]);
  const { layout } = fanOptions(where, o);
  const groups = whole(where, 'groups', o.groups ?? 1, { least: 1 });
  return fillAt(
    where,
    first,
    o,
    (shape) => {
      requireKernel(where, shape);
      const { outputs, inputs, index } = atCentre(shape, layout, (length) => length >> 1);
      if (outputs % groups !== 0)
        throw new RangeError(`${where}: ${outputs} outputs have no ${groups} equal groups; pass a divisor of them`);
      const outputsPerGroup = outputs / groups;
      if (outputsPerGroup === 0) return [];
      const channels = Math.min(outputsPerGroup, inputs);
      return generate(groups * channels, (i) => {
        const [g, d] = [Math.floor(i / channels), i % channels];
        return index(g * outputsPerGroup + d, d);
      });
    },
    1,
  );
}

/** RangeError where a shape has no axis of a kernel. */
function requireKernel(where: string, shape: readonly number[]): void {
  if (shape.length < 3)
    throw new RangeError(`${where}: shape [${shape}] has no kernel; pass three axes or more, or use init.eye`);
}

/**
 * A convolution that preserves norms at any depth (Xiao et al. 2018): an orthogonal matrix times gain (1) at the kernel's centre
 * ((k - 1) >> 1, as in TensorFlow and JAX), zeros elsewhere. The shape has at least one axis of the kernel.
 */
export function deltaOrthogonal(first: readonly number[], given?: { gain?: number } & Whole): Float32Array;
export function deltaOrthogonal(first: Tensor, given?: { gain?: number } & Filled): Tensor;
export function deltaOrthogonal(
  first: readonly number[] | Tensor,
  given?: { gain?: number } & Common,
): Float32Array | Tensor {
  const where = 'init.deltaOrthogonal';
  const o = options(where, given, ['gain', ...commonOptions]);
  requireWhole(where, o);
  const { shape, size, tensor } = target(where, first, o);
  requireKernel(where, shape);
  const { layout } = fanOptions(where, o);
  const { outputs, inputs, index } = atCentre(shape, layout, (length) => (length - 1) >> 1);
  const scale = number(where, 'gain', o.gain ?? 1);
  const source = sourceFrom(where, o);
  const { values } = outputOf(where, size, tensor ? { out: tensor.data } : o);
  const orthogonalise = orthogonaliser(where, outputs, inputs);
  const matrix = fillDraw(where, source, standard, outputs * inputs, {});
  orthogonalise(matrix, scale);
  values.fill(0);
  for (let output = 0; size > 0 && output < outputs; output++) {
    for (let input = 0; input < inputs; input++) values[index(output, input)] = matrix[output * inputs + input];
  }
  return tensor ?? values;
}
