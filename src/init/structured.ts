// Initialisers with structure: their values depend on each other, or on their place.

import { type Floats, number, options, type Unchecked, whole } from '../check.js';
import { type Law, lawFrom } from '../random/distributions.js';
import { fillDraw, outputOf, sourceFrom } from '../random/generator.js';

import type { Tensor } from '../tensor.js';
import { ORTHOGONAL_PANEL } from '../wasm/generated/constants.js';
import { applyWhole, view } from '../wasm/kernels.js';
import { randomModule } from '../wasm/module.js';
import { type Common, commonOptions, divided, type Layout, layoutOf, reading, target } from './fan.js';

/** Options without those of a convolution. */
const flat = /* @__PURE__ */ commonOptions.filter((name) => name !== 'groups' && name !== 'transposed');

const standard: Law = { distribution: 'normal', mean: 0, std: 1 };

/** The matrix as which a weight is made orthogonal: outputs against all else. */
function matrix(where: string, shape: readonly number[], layout: Layout): [rows: number, columns: number] {
  if (shape.length < 2) throw new RangeError(`${where}: shape [${shape}] is no matrix; pass at least two axes`);
  const outputs = layout === 'oi' ? shape[0] : shape[shape.length - 1];
  const rest = (layout === 'oi' ? shape.slice(1) : shape.slice(0, -1)).reduce((product, length) => product * length, 1);
  return layout === 'oi' ? [outputs, rest] : [rest, outputs];
}

/** Options of what is made whole: into a new array or `out`, or into a tensor. */
type Whole = Omit<Common, 'slice'>;
type Filled = Omit<Whole, 'out'>;
/** Without those of a convolution. */
type Flat<O> = Omit<O, 'groups' | 'transposed'>;

/** The whole alone: values that depend on each other have no slice. */
const requireWhole = (where: string, o: { slice?: unknown }) => {
  if (o.slice !== undefined)
    throw new RangeError(`${where}: slice: the values depend on each other; make the whole and cut the part out`);
};

/**
 * A random orthogonal matrix times gain: rows orthonormal where there are fewer rows than columns, else
 * columns; uniform over all such (Saxe et al. 2013; Mezzadri 2007). Axes beyond two count as columns. With groups it is one
 * for each group's outputs. The transpose of such a matrix is one too: transposed changes nothing.
 */
export function orthogonal(first: readonly number[], given?: { gain?: number | undefined } & Whole): Floats;
export function orthogonal(first: Tensor, given?: { gain?: number | undefined } & Filled): Tensor;
export function orthogonal(
  first: readonly number[] | Tensor,
  given?: { gain?: number | undefined } & Common,
): Float32Array | Tensor {
  const where = 'init.orthogonal';
  const o = options(where, given, ['gain', ...commonOptions]);
  requireWhole(where, o);
  const { shape, size, tensor } = target(where, first, o);
  const { layout, groups } = reading(where, shape, o);
  const [rows, columns] = matrix(where, shape, layout);
  const scale = number(where, 'gain', o.gain ?? 1);
  const decompose = layout === 'oi' ? stacked(where, rows, columns, groups) : abreast(where, rows, columns, groups);
  const values = fillDraw(where, sourceFrom(where, o), standard, size, tensor ? { out: tensor.data } : o);
  decompose(values, scale);
  return tensor ?? values;
}

/** Decomposes a matrix for each group, which has so many of the rows. */
function stacked(where: string, rows: number, columns: number, groups: number) {
  const decompose = decomposition(where, rows / groups, columns);
  const each = (rows / groups) * columns;
  return (values: Float32Array, gain: number) => {
    for (let from = 0; from < values.length; from += each) decompose(view(values, from, from + each), gain);
  };
}

/** Decomposes a matrix for each group, which has so many of the columns. */
function abreast(where: string, rows: number, columns: number, groups: number) {
  const width = columns / groups;
  const decompose = decomposition(where, rows, width);
  if (groups === 1) return decompose;
  return (values: Float32Array, gain: number) => {
    const own = new Float32Array(rows * width);
    for (let from = 0; values.length > 0 && from < columns; from += width) {
      for (let row = 0, at = from; row < rows; row++, at += columns) own.set(view(values, at, at + width), row * width);
      decompose(own, gain);
      for (let row = 0, at = from; row < rows; row++, at += columns)
        values.set(view(own, row * width, (row + 1) * width), at);
    }
  };
}

/** Memory to decompose a matrix in, found before anything is drawn; then normals become orthogonal in it. */
function decomposition(where: string, rows: number, columns: number): (values: Float32Array, gain: number) => void {
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
 * Normal with std (0.01), then ceil(sparsity * rows) zeros in every column, each column's at random rows
 * (Martens 2010; PyTorch's sparse_). The shape has two axes.
 */
export function sparse(
  first: readonly number[],
  given: { sparsity: number; std?: number | undefined } & Flat<Whole>,
): Floats;
export function sparse(first: Tensor, given: { sparsity: number; std?: number | undefined } & Flat<Filled>): Tensor;
export function sparse(
  first: readonly number[] | Tensor,
  given: { sparsity: number; std?: number | undefined } & Flat<Common>,
): Float32Array | Tensor {
  const where = 'init.sparse';
  const o = options(where, given, ['sparsity', 'std', ...flat]);
  requireWhole(where, o);
  const { shape, size, tensor } = target(where, first, o);
  if (shape.length !== 2) throw new RangeError(`${where}: shape [${shape}] is no matrix; pass two axes`);
  reading(where, shape, o);
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

/** Where W[output, input] stands at one place of the kernel; rank 2 has one place. */
function strides(shape: readonly number[], layout: Layout, centre: (length: number) => number) {
  const kernel = layout === 'oi' ? shape.slice(2) : shape.slice(0, -2);
  const [outputs, inputs] = layout === 'oi' ? shape : [shape[shape.length - 1], shape[shape.length - 2]];
  const places = kernel.reduce((product, length) => product * length, 1);
  const at = kernel.reduce((index, length) => index * length + centre(length), 0);
  const index = (output: number, input: number) =>
    layout === 'oi' ? (output * inputs + input) * places + at : (at * inputs + input) * outputs + output;
  return { outputs, inputs, index };
}

export type Structure = Omit<Common, 'rng' | 'seed' | 'fanIn' | 'fanOut' | 'groups' | 'transposed'>;
const structure = ['layout', 'out', 'slice'] as const;

/** f(0) to f(n - 1), one by one: a shape may have more of them than memory has room for. */
function* counting(n: number, f: (i: number) => number): Generator<number, void, void> {
  for (let i = 0; i < n; i++) yield f(i);
}

/** Zeros, and a value at each of some places, as far as the part that is asked for holds them. */
function sprinkled(
  where: string,
  first: readonly number[] | Tensor,
  o: Unchecked<Structure>,
  places: (shape: readonly number[]) => Iterable<number>,
  value: number,
): Float32Array | Tensor {
  const { shape, size, tensor } = target(where, first, o);
  const indices = places(shape);
  const { values, range: wanted } = outputOf(where, size, tensor ? { out: tensor.data } : o);
  if (wanted.length === 0) return tensor ?? values;
  values.fill(0);
  for (const at of indices) {
    if (at >= wanted.from && at < wanted.from + wanted.length) values[at - wanted.from] = value;
  }
  return tensor ?? values;
}

/** The identity times gain (1): a matrix with gain on its diagonal, zeros elsewhere. The shape has two axes. */
export function eye(first: readonly number[], given?: { gain?: number | undefined } & Structure): Floats;
export function eye(first: Tensor, given?: { gain?: number | undefined } & Structure): Tensor;
export function eye(
  first: readonly number[] | Tensor,
  given?: { gain?: number | undefined } & Structure,
): Float32Array | Tensor {
  const where = 'init.eye';
  const o = options(where, given, ['gain', ...structure]);
  layoutOf(where, o.layout);
  return sprinkled(
    where,
    first,
    o,
    (shape) => {
      if (shape.length !== 2)
        throw new RangeError(`${where}: shape [${shape}] is no matrix; pass two axes, or use init.dirac`);
      return counting(Math.min(...shape), (d) => d * shape[1] + d);
    },
    number(where, 'gain', o.gain ?? 1),
  );
}

/**
 * A convolution that hands its input on: 1 from channel d to d at the kernel's middle (k >> 1), in each of so many
 * groups (1), zeros elsewhere (PyTorch's dirac_). The shape has an axis or more of the kernel.
 */
export function dirac(first: readonly number[], given?: { groups?: number | undefined } & Structure): Floats;
export function dirac(first: Tensor, given?: { groups?: number | undefined } & Structure): Tensor;
export function dirac(
  first: readonly number[] | Tensor,
  given?: { groups?: number | undefined } & Structure,
): Float32Array | Tensor {
  const where = 'init.dirac';
  const o = options(where, given, ['groups', ...structure]);
  const layout = layoutOf(where, o.layout);
  const groups = whole(where, 'groups', o.groups ?? 1, { least: 1 });
  return sprinkled(
    where,
    first,
    o,
    (shape) => {
      convolution(where, shape);
      const { outputs, inputs, index } = strides(shape, layout, (length) => length >> 1);
      divided(where, outputs, 'outputs', groups);
      const each = outputs / groups;
      if (each === 0) return [];
      const channels = Math.min(each, inputs);
      return counting(groups * channels, (i) => {
        const [g, d] = [Math.floor(i / channels), i % channels];
        return index(g * each + d, d);
      });
    },
    1,
  );
}

function convolution(where: string, shape: readonly number[]): void {
  if (shape.length < 3)
    throw new RangeError(`${where}: shape [${shape}] has no kernel; pass three axes or more, or use init.eye`);
}

/**
 * A convolution whose middle ((k - 1) >> 1) is an orthogonal matrix times gain (1), zeros elsewhere: it keeps lengths
 * at any depth (Xiao et al. 2018; as TensorFlow and JAX place it). With groups each group has a matrix of its own;
 * transposed changes nothing. The shape has an axis or more of the kernel.
 */
export function deltaOrthogonal(first: readonly number[], given?: { gain?: number | undefined } & Whole): Floats;
export function deltaOrthogonal(first: Tensor, given?: { gain?: number | undefined } & Filled): Tensor;
export function deltaOrthogonal(
  first: readonly number[] | Tensor,
  given?: { gain?: number | undefined } & Common,
): Float32Array | Tensor {
  const where = 'init.deltaOrthogonal';
  const o = options(where, given, ['gain', ...commonOptions]);
  requireWhole(where, o);
  const { shape, size, tensor } = target(where, first, o);
  convolution(where, shape);
  const { layout, groups } = reading(where, shape, o);
  const { outputs, inputs, index } = strides(shape, layout, (length) => (length - 1) >> 1);
  const scale = number(where, 'gain', o.gain ?? 1);
  const source = sourceFrom(where, o);
  const { values } = outputOf(where, size, tensor ? { out: tensor.data } : o);
  const decompose = stacked(where, outputs, inputs, groups);
  const middle = fillDraw(where, source, standard, outputs * inputs, {});
  decompose(middle, scale);
  values.fill(0);
  for (let output = 0; size > 0 && output < outputs; output++) {
    for (let input = 0; input < inputs; input++) values[index(output, input)] = middle[output * inputs + input];
  }
  return tensor ?? values;
}
