// Initialisers: rows of one table. A row turns fans and options into a law (src/distribution.ts), and the
// generator turns the law into values; `describe` shows the law.

import { apart, choice, number, options, sameLength, what } from './argument.js';
import { distributions, type Law, moments, representable } from './distribution.js';
import { type Draw, drawn, type Generator, generatorOf, type Seed } from './random.js';
import { isTensor, sized, type Tensor } from './tensor.js';
import { alone } from './wasm.js';

/** 'oi': PyTorch's [out, in, ...kernel]; 'io': [...kernel, in, out], as TensorFlow, Keras and JAX have it. */
export type Layout = 'oi' | 'io';
export type Mode = 'fanIn' | 'fanOut' | 'fanAvg';
const layouts = ['oi', 'io'] as const;

/** Options that every initialiser takes. */
export interface Common extends Draw {
  /** The generator to draw from. Without rng and seed: a new one from the system's bits. */
  rng?: Generator;
  /** Short for rng: random.philox(seed). */
  seed?: Seed;
  /** Where the fans stand in the shape; 'oi' by default. */
  layout?: Layout;
  /** Said instead of read from the shape, which needs two axes to have fans. */
  fanIn?: number;
  fanOut?: number;
}
const common = ['rng', 'seed', 'layout', 'fanIn', 'fanOut', 'out', 'slice'] as const;

interface Fans {
  fanIn: number;
  fanOut: number;
}
type Options = Record<string, unknown>;

/** The fans that a shape has, or null below two axes. */
function extents(shape: readonly number[], layout: Layout): Fans | null {
  if (shape.length < 2) return null;
  const product = (lengths: readonly number[]) => lengths.reduce((all, length) => all * length, 1);
  const [first, second] = layout === 'oi' ? shape : shape.slice(-2);
  const kernel = product(layout === 'oi' ? shape.slice(2) : shape.slice(0, -2));
  const [inputs, outputs] = layout === 'oi' ? [second, first] : [first, second];
  return { fanIn: inputs * kernel, fanOut: outputs * kernel };
}

/** What options say of the fans. */
function stated(where: string, o: Partial<Common>): { layout: Layout } & Partial<Fans> {
  const fan = (name: 'fanIn' | 'fanOut') =>
    o[name] === undefined ? undefined : number(where, name, o[name], { least: 0, open: true });
  return { layout: choice(where, 'layout', o.layout ?? 'oi', layouts), fanIn: fan('fanIn'), fanOut: fan('fanOut') };
}

/** Fans, read when a row asks for them: only then has a shape to have them. A shape without values needs none. */
function fans(where: string, shape: readonly number[], o: Partial<Common>, empty = false): Fans {
  const { layout, ...said } = stated(where, o);
  const read = (name: 'fanIn' | 'fanOut') => {
    const fan = said[name] ?? (empty ? 1 : extents(shape, layout)?.[name]);
    if (fan === undefined) throw new RangeError(`${where}: shape [${shape}] has no fans; pass { fanIn, fanOut }`);
    if (fan === 0) {
      throw new RangeError(
        `${where}: ${name} of shape [${shape}] is 0; pass a shape without zeros, or { fanIn, fanOut }`,
      );
    }
    return fan;
  };
  return {
    get fanIn() {
      return read('fanIn');
    },
    get fanOut() {
      return read('fanOut');
    },
  };
}

/** PyTorch's calculate_gain. */
export const torchGains = {
  linear: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (slope: number) => Math.sqrt(2 / (1 + slope * slope)),
  selu: () => 3 / 4,
} satisfies Record<string, (slope: number) => number>;
export type Nonlinearity = keyof typeof torchGains;
export const nonlinearities = Object.keys(torchGains) as Nonlinearity[];

interface Row {
  /** The options that are the row's own, and their defaults. */
  options: Options;
  /** The law of the values, or the error that the options make. */
  law(where: string, fans: Fans, o: Options): Law;
}

const normal = (std: number): Law => ({ distribution: 'normal', mean: 0, std });
/** The uniform of that standard deviation; in this order PyTorch's bound to the last bit. */
const uniform = (std: number): Law => symmetric(Math.sqrt(3) * std);
const symmetric = (bound: number): Law => ({ distribution: 'uniform', low: -bound, high: bound });
const constant = (value: number): Row => ({ options: {}, law: () => ({ distribution: 'constant', value }) });

/** The standard deviation of N(0, 1) cut off at -2 and 2. */
const TRUNCATED_STD = 0.87962566103423978;

const gainOf = (where: string, o: Options) => number(where, 'gain', o.gain, { least: 0 });

/** Glorot and Bengio (2010), equation 16: var = 2 gain^2 / (fanIn + fanOut). */
const xavier = (shaped: (std: number) => Law): Row => ({
  options: { gain: 1 },
  law: (where, f, o) => shaped(gainOf(where, o) * Math.sqrt(2 / (f.fanIn + f.fanOut))),
});

/** He et al. (2015), equations 10 and 14: var = gain^2 / fan. */
const kaiming = (shaped: (std: number) => Law): Row => ({
  options: { mode: 'fanIn', nonlinearity: 'relu', slope: 0.01, gain: undefined },
  law(where, f, o) {
    const mode = choice(where, 'mode', o.mode, ['fanIn', 'fanOut']);
    const nonlinearity = choice(where, 'nonlinearity', o.nonlinearity, nonlinearities);
    const factor = torchGains[nonlinearity](number(where, 'slope', o.slope));
    return shaped((o.gain === undefined ? factor : gainOf(where, o)) / Math.sqrt(f[mode]));
  },
});

/** LeCun et al. (1998), "Efficient BackProp", section 4.6: var = 1 / fanIn. */
const lecun = (shaped: (std: number) => Law): Row => ({ options: {}, law: (_, f) => shaped(1 / Math.sqrt(f.fanIn)) });

const drawnFrom = (name: 'uniform' | 'normal' | 'truncatedNormal', defaults: Options = {}): Row => ({
  options: { ...distributions[name].options, ...defaults },
  law: (where, _, o) => distributions[name].law(where, o),
});

/** var = scale / fan, in one of three shapes; a truncated normal is widened so that it has this variance. */
const varianceScaling: Row = {
  options: { scale: 1, mode: 'fanIn', distribution: 'truncatedNormal' },
  law(where, f, o) {
    const mode = choice(where, 'mode', o.mode, ['fanIn', 'fanOut', 'fanAvg']);
    const scale = number(where, 'scale', o.scale, { least: 0 });
    const fan = mode === 'fanAvg' ? (f.fanIn + f.fanOut) / 2 : f[mode];
    const std = Math.sqrt(scale / fan);
    switch (choice(where, 'distribution', o.distribution, ['truncatedNormal', 'normal', 'uniform'])) {
      case 'normal':
        return normal(std);
      case 'uniform':
        return uniform(std);
      default: {
        const wide = std / TRUNCATED_STD;
        return { distribution: 'truncatedNormal', mean: 0, std: wide, low: -2 * wide, high: 2 * wide };
      }
    }
  },
};

/** The initialisers whose values are independent of each other, by every name the field has for them. */
export const initialisers = {
  zeros: constant(0),
  ones: constant(1),
  constant: {
    options: { value: 0 },
    law: (where, _, o) => ({ distribution: 'constant', value: number(where, 'value', o.value, { infinite: true }) }),
  },
  uniform: drawnFrom('uniform'),
  normal: drawnFrom('normal'),
  truncatedNormal: drawnFrom('truncatedNormal'),
  lecunUniform: lecun(uniform),
  lecunNormal: lecun(normal),
  xavierUniform: xavier(uniform),
  xavierNormal: xavier(normal),
  glorotUniform: xavier(uniform),
  glorotNormal: xavier(normal),
  kaimingUniform: kaiming(uniform),
  kaimingNormal: kaiming(normal),
  heUniform: kaiming(uniform),
  heNormal: kaiming(normal),
  varianceScaling,
} satisfies Record<string, Row>;

/** What a law amounts to. */
export interface Description {
  fanIn: number | null;
  fanOut: number | null;
  mean: number;
  std: number;
  /** The values lie between low and high; infinite for a normal. */
  low: number;
  high: number;
}

interface Initialiser<O> {
  /** A new array (or options.out) of the shape's values in row-major order. */
  (shape: readonly number[], options?: O & Common): Float32Array;
  /** The tensor, filled in place. */
  (target: Tensor, options?: O & Omit<Common, 'out' | 'slice'>): Tensor;
}

/** A shape and where its values go: of a shape given, or of a tensor, which is then its own output. */
function target(where: string, given: readonly number[] | Tensor, o: { out?: unknown; slice?: unknown }) {
  if (!isTensor(where, given)) return { ...sized(where, given), tensor: undefined };
  if (o.out !== undefined || o.slice !== undefined) {
    throw new TypeError(
      `${where}: out and slice go with a shape, not with a tensor, which is filled whole; pass its shape`,
    );
  }
  return { shape: given.shape, size: given.data.length, tensor: given };
}

function initialiser(name: string, row: Row) {
  const where = `init.${name}`;
  const known = [...Object.keys(row.options), ...common];
  const law = (shape: readonly number[], o: Partial<Common & Options>, empty = false) =>
    representable(where, row.law(where, fans(where, shape, o, empty), { ...row.options, ...o }));

  function initialise(first: readonly number[] | Tensor, given?: Common & Options): Float32Array | Tensor {
    const o = options(where, given, known);
    const { shape, size, tensor } = target(where, first, o);
    const values = drawn(
      where,
      generatorOf(where, o),
      law(shape, o, size === 0),
      size,
      tensor ? { out: tensor.data } : o,
    );
    return tensor ?? values;
  }

  function describe(shape: readonly number[], given?: Common & Options): Description {
    const o = options(where, given, known);
    const { shape: lengths } = sized(where, shape);
    return { ...sides(where, lengths, o), ...moments(law(lengths, o)) };
  }
  return { initialise, describe };
}

/** Both fans, or null where there are none. */
function sides(where: string, shape: readonly number[], o: Partial<Common>): Pick<Description, 'fanIn' | 'fanOut'> {
  const { layout, fanIn, fanOut } = stated(where, o);
  const own = extents(shape, layout);
  return { fanIn: fanIn ?? own?.fanIn ?? null, fanOut: fanOut ?? own?.fanOut ?? null };
}

/** The matrix as which a weight is made orthogonal: outputs against all else. */
function matrix(where: string, shape: readonly number[], layout: Layout): [rows: number, columns: number] {
  if (shape.length < 2) throw new RangeError(`${where}: shape [${shape}] is no matrix; pass at least two axes`);
  const outputs = layout === 'oi' ? shape[0] : shape[shape.length - 1];
  const rest = (layout === 'oi' ? shape.slice(1) : shape.slice(0, -1)).reduce((product, length) => product * length, 1);
  return layout === 'oi' ? [outputs, rest] : [rest, outputs];
}

/** The whole alone: values that depend on each other have no slice. */
const undivided = (where: string, o: { slice?: unknown }) => {
  if (o.slice !== undefined)
    throw new RangeError(`${where}: slice: the values depend on each other; make the whole and cut the part out`);
};

/**
 * A random orthogonal matrix times gain: rows orthonormal where there are fewer rows than columns, else
 * columns; uniform over all such (Saxe et al. 2013; Mezzadri 2007). Axes beyond two count as columns.
 */
function orthogonal(first: readonly number[], given?: { gain?: number } & Common): Float32Array;
function orthogonal(first: Tensor, given?: { gain?: number } & Common): Tensor;
function orthogonal(first: readonly number[] | Tensor, given?: { gain?: number } & Common): Float32Array | Tensor {
  const where = 'init.orthogonal';
  const o = options(where, given, ['gain', ...common]);
  undivided(where, o);
  const { shape, size, tensor } = target(where, first, o);
  const [rows, columns] = matrix(where, shape, stated(where, o).layout);
  const scale = number(where, 'gain', o.gain ?? 1);
  const decompose = size > 0 ? alone(where, 'orthogonal', size, 8 * (size + Math.min(rows, columns)) + 16) : undefined;
  const values = drawn(where, generatorOf(where, o), normal(1), size, tensor ? { out: tensor.data } : o);
  decompose?.(values, rows, columns, scale);
  return tensor ?? values;
}

/**
 * Normal with std (0.01), then ceil(sparsity * rows) zeros in every column, each column's at random rows
 * (Martens 2010; PyTorch's sparse_). The shape has two axes.
 */
function sparse(first: readonly number[], given: { sparsity: number; std?: number } & Common): Float32Array;
function sparse(first: Tensor, given: { sparsity: number; std?: number } & Common): Tensor;
function sparse(
  first: readonly number[] | Tensor,
  given: { sparsity: number; std?: number } & Common,
): Float32Array | Tensor {
  const where = 'init.sparse';
  const o = options(where, given, ['sparsity', 'std', ...common]);
  undivided(where, o);
  const { shape, size, tensor } = target(where, first, o);
  if (shape.length !== 2) throw new RangeError(`${where}: shape [${shape}] is no matrix; pass two axes`);
  stated(where, o);
  const sparsity = number(where, 'sparsity', o.sparsity, { least: 0, most: 1 });
  const law = distributions.normal.law(where, { mean: 0, std: o.std ?? 0.01 });
  const source = generatorOf(where, o);
  const values = drawn(where, source, law, size, tensor ? { out: tensor.data } : o);
  const [rows, columns] = shape;
  const zeros = Math.ceil(sparsity * rows);
  for (let column = 0; column < columns; column++) {
    for (const row of source.permutation(rows).subarray(0, zeros)) values[row * columns + column] = 0;
  }
  return tensor ?? values;
}

type LinearOptions = Pick<Common, 'rng' | 'seed' | 'layout' | 'fanIn' | 'fanOut'>;

/**
 * What PyTorch's nn.Linear and nn.Conv2d start from, in its order: weight, then bias (a value for each
 * output), both U(-1 / sqrt(fanIn), 1 / sqrt(fanIn)). The variance is 1 / (3 fanIn): a third of LeCun's,
 * which it is often said to be. A weight that is a tensor wants a tensor as bias; bias: false draws none.
 */
function torchLinear(first: readonly number[], given?: LinearOptions): { weight: Float32Array; bias: Float32Array };
function torchLinear(
  first: readonly number[],
  given: LinearOptions & { bias: false },
): { weight: Float32Array; bias: null };
function torchLinear<B extends Tensor | false>(
  first: Tensor,
  given: LinearOptions & { bias: B },
): { weight: Tensor; bias: B };
function torchLinear(first: readonly number[] | Tensor, given?: LinearOptions & { bias?: Tensor | boolean }) {
  const where = 'init.torchLinear';
  const o = options(where, given, ['rng', 'seed', 'layout', 'fanIn', 'fanOut', 'bias']);
  const { shape, size, tensor } = target(where, first, {});
  if (shape.length < 2) throw new RangeError(`${where}: shape [${shape}] has no outputs; pass at least two axes`);
  const outputs = stated(where, o).layout === 'oi' ? shape[0] : shape[shape.length - 1];
  const biased = o.bias ?? tensor === undefined;
  if (typeof biased !== 'boolean') {
    if (!isTensor(where, biased))
      throw new TypeError(`${where}: bias is ${what(biased)}; pass a tensor of [${outputs}], or false`);
    sameLength(where, 'bias', biased.data.length, 'the outputs', outputs);
    if (tensor) apart(where, 'bias', biased.data, 'the weight', tensor.data);
  }
  if (tensor !== undefined && (biased === true || o.bias === undefined)) {
    throw new TypeError(
      `${where}: bias is ${what(o.bias)}; the weight is a tensor: pass one of [${outputs}] for the bias too, or false`,
    );
  }
  const source = generatorOf(where, o);
  // sqrt(3) * (gain / sqrt(fanIn)) with the gain of leaky ReLU's slope sqrt(5): as PyTorch computes it, to the bit.
  const { fanIn } = fans(where, shape, o, size === 0);
  const law = representable(where, uniform(torchGains.leakyRelu(Math.sqrt(5)) / Math.sqrt(fanIn)));
  const weight = drawn(where, source, law, size, { out: tensor?.data });
  if (biased === false) return { weight: tensor ?? weight, bias: null };
  const own = biased === true ? undefined : biased;
  const bias = drawn(where, source, symmetric(size === 0 ? 0 : 1 / Math.sqrt(fanIn)), outputs, { out: own?.data });
  return { weight: tensor ?? weight, bias: own ?? bias };
}

type Name = keyof typeof initialisers;
type Gain = { gain?: number };
type Kaiming = Gain & { mode?: 'fanIn' | 'fanOut'; nonlinearity?: Nonlinearity; slope?: number };
type VarianceScaling = { scale?: number; mode?: Mode; distribution?: 'truncatedNormal' | 'normal' | 'uniform' };
type Truncated = { mean?: number; std?: number; low?: number; high?: number; absolute?: boolean };

const made = Object.fromEntries(
  Object.entries(initialisers).map(([name, row]) => [name, initialiser(name, row)]),
) as unknown as Record<Name, ReturnType<typeof initialiser>>;
const as = <O>(name: Name) => made[name].initialise as Initialiser<O>;

/** Shape or tensor in, values out. Every name of the field for the same thing is here. */
export const init = {
  zeros: as<unknown>('zeros'),
  ones: as<unknown>('ones'),
  constant: as<{ value?: number }>('constant'),
  uniform: as<{ low?: number; high?: number }>('uniform'),
  normal: as<{ mean?: number; std?: number }>('normal'),
  truncatedNormal: as<Truncated>('truncatedNormal'),
  lecunUniform: as<unknown>('lecunUniform'),
  lecunNormal: as<unknown>('lecunNormal'),
  xavierUniform: as<Gain>('xavierUniform'),
  xavierNormal: as<Gain>('xavierNormal'),
  glorotUniform: as<Gain>('glorotUniform'),
  glorotNormal: as<Gain>('glorotNormal'),
  kaimingUniform: as<Kaiming>('kaimingUniform'),
  kaimingNormal: as<Kaiming>('kaimingNormal'),
  heUniform: as<Kaiming>('heUniform'),
  heNormal: as<Kaiming>('heNormal'),
  varianceScaling: as<VarianceScaling>('varianceScaling'),
  orthogonal,
  sparse,
  torchLinear,

  /** Fans, mean, standard deviation and bounds of what an initialiser would draw for a shape. Draws nothing. */
  describe(name: Name, shape: readonly number[], given?: Common & Record<string, unknown>): Description {
    return made[choice('init.describe', 'name', name, Object.keys(made) as Name[])].describe(shape, given);
  },
};
