// Initialisers: rows of one table. A row turns fans and options into a law (src/random/distributions.ts), and the
// generator turns the law into values; `describe` shows the law.

import { type Nonlinearity, nonlinearities, torchGains } from '../activation/torch-gains.js';
import { apart, choice, number, options, sameLength, what } from '../check.js';
import { distributions, type Law, moments, representable } from '../random/distributions.js';
import { drawn, generatorOf } from '../random/generator.js';
import { isTensor, sized, type Tensor } from '../tensor.js';
import { type Common, common, extents, type Fans, fans, stated, target } from './fan.js';
import { deltaOrthogonal, dirac, eye, orthogonal, sparse } from './structured.js';

export type Mode = 'fanIn' | 'fanOut' | 'fanAvg' | 'fanGeoAvg';
type Options = Record<string, unknown>;

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

/** The normal cut off at two deviations, widened so that its deviation is std after the cut. */
function truncated(std: number): Law {
  const wide = std / TRUNCATED_STD;
  return { distribution: 'truncatedNormal', mean: 0, std: wide, low: -2 * wide, high: 2 * wide };
}

/** The fan that a variance is divided by. */
const modes: Record<Mode, (f: Fans) => number> = {
  fanIn: (f) => f.fanIn,
  fanOut: (f) => f.fanOut,
  fanAvg: (f) => (f.fanIn + f.fanOut) / 2,
  fanGeoAvg: (f) => Math.sqrt(f.fanIn * f.fanOut),
};

/** Keras' presets are truncated normals: varianceScaling with this scale and mode. */
const keras = (scale: number, mode: Mode): Row => ({
  options: {},
  law: (_, f) => truncated(Math.sqrt(scale / modes[mode](f))),
});

const gainOf = (where: string, o: Options) => number(where, 'gain', o.gain, { least: 0 });

/** Glorot and Bengio (2010), equation 16: var = 2 gain^2 / (fanIn + fanOut). */
const xavier = (shaped: (std: number) => Law): Row => ({
  options: { gain: 1 },
  law: (where, f, o) => shaped(gainOf(where, o) * Math.sqrt(2 / (f.fanIn + f.fanOut))),
});

/** He et al. (2015), equations 10 and 14: var = gain^2 / fan. */
const kaiming = (shaped: (std: number) => Law): Row => ({
  options: { mode: 'fanIn', nonlinearity: 'relu', slope: undefined, gain: undefined },
  law(where, f, o) {
    const mode = choice(where, 'mode', o.mode, ['fanIn', 'fanOut']);
    const nonlinearity = choice(where, 'nonlinearity', o.nonlinearity, nonlinearities);
    const factor = torchGains[nonlinearity](number(where, 'slope', o.slope ?? 0.01));
    // PyTorch's default is leaky_relu, where a slope says something; with relu it would be ignored in silence.
    if (o.slope !== undefined && nonlinearity !== 'leakyRelu')
      throw new TypeError(`${where}: slope is leakyRelu's, not ${nonlinearity}'s; pass nonlinearity: 'leakyRelu' too`);
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
    const mode = choice(where, 'mode', o.mode, Object.keys(modes) as Mode[]);
    const scale = number(where, 'scale', o.scale, { least: 0 });
    const std = Math.sqrt(scale / modes[mode](f));
    switch (choice(where, 'distribution', o.distribution, ['truncatedNormal', 'normal', 'uniform'])) {
      case 'normal':
        return normal(std);
      case 'uniform':
        return uniform(std);
      default:
        return truncated(std);
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
  kerasLecunNormal: keras(1, 'fanIn'),
  kerasGlorotNormal: keras(1, 'fanAvg'),
  kerasHeNormal: keras(2, 'fanIn'),
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

export interface Initialiser<O> {
  /** A new array (or options.out) of the shape's values in row-major order. */
  (shape: readonly number[], options?: O & Common): Float32Array;
  /** The tensor, filled in place. */
  (target: Tensor, options?: O & Omit<Common, 'out' | 'slice'>): Tensor;
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

export type LinearOptions = Pick<Common, 'rng' | 'seed' | 'layout' | 'fanIn' | 'fanOut'>;

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

/** The initialisers whose values are independent of each other. */
export type Initialising = keyof typeof initialisers;
export interface Gain {
  /** A factor of the standard deviation: gain('tanh'), 5 / 3, ... 0 or more. */
  gain?: number;
}
export interface Kaiming {
  /** Which fan the variance is divided by: 'fanIn' (the default) keeps it forward, 'fanOut' backward. */
  mode?: 'fanIn' | 'fanOut';
  /** Whose gain, of PyTorch's table; 'relu' by default. For any other function pass gain. */
  nonlinearity?: Nonlinearity;
  /** leakyRelu's slope below 0; 0.01 by default. Only with nonlinearity: 'leakyRelu'. */
  slope?: number;
  /** Instead of the nonlinearity's: gain('gelu'), ... */
  gain?: number;
}
export interface VarianceScaling {
  /** The variance times the fan; 1 by default. */
  scale?: number;
  /** The fan; 'fanIn' by default. 'fanAvg' is the mean of both, 'fanGeoAvg' their geometric mean. */
  mode?: Mode;
  /** 'truncatedNormal' (the default) is cut at two deviations and widened to have the variance it claims. */
  distribution?: 'truncatedNormal' | 'normal' | 'uniform';
}
export interface Truncated {
  mean?: number;
  /** The standard deviation before the cut. */
  std?: number;
  /** The bounds, -2 and 2 by default: in standard deviations from the mean, or where they stand. */
  low?: number;
  high?: number;
  /** Whether low and high are the values themselves, as PyTorch's a and b are; false by default. */
  absolute?: boolean;
}

const made = Object.fromEntries(
  Object.entries(initialisers).map(([name, row]) => [name, initialiser(name, row)]),
) as unknown as Record<Initialising, ReturnType<typeof initialiser>>;
const as = <O>(name: Initialising) => made[name].initialise as Initialiser<O>;

/** Shape or tensor in, values out. Every name of the field for the same thing is here. */
export const init = {
  /** 0 everywhere. */
  zeros: as<unknown>('zeros'),
  /** 1 everywhere. */
  ones: as<unknown>('ones'),
  /** One value (0) everywhere. */
  constant: as<{ value?: number }>('constant'),
  /** Uniform on [low, high), 0 and 1. */
  uniform: as<{ low?: number; high?: number }>('uniform'),
  /** Normal with a mean (0) and a standard deviation (1). */
  normal: as<{ mean?: number; std?: number }>('normal'),
  /** Normal between two bounds, in deviations; trunc_normal_ of PyTorch is this with absolute: true. */
  truncatedNormal: as<Truncated>('truncatedNormal'),
  /** Uniform, variance 1 / fanIn (LeCun et al. 1998). */
  lecunUniform: as<unknown>('lecunUniform'),
  /** Normal, variance 1 / fanIn (LeCun et al. 1998). */
  lecunNormal: as<unknown>('lecunNormal'),
  /** Uniform, variance 2 gain^2 / (fanIn + fanOut) (Glorot and Bengio 2010). */
  xavierUniform: as<Gain>('xavierUniform'),
  /** Normal, variance 2 gain^2 / (fanIn + fanOut) (Glorot and Bengio 2010). */
  xavierNormal: as<Gain>('xavierNormal'),
  /** xavierUniform. */
  glorotUniform: as<Gain>('glorotUniform'),
  /** xavierNormal; Keras' and JAX's, which is cut, is kerasGlorotNormal. */
  glorotNormal: as<Gain>('glorotNormal'),
  /** Uniform, variance gain^2 / fan (He et al. 2015). */
  kaimingUniform: as<Kaiming>('kaimingUniform'),
  /** Normal, variance gain^2 / fan (He et al. 2015). */
  kaimingNormal: as<Kaiming>('kaimingNormal'),
  /** kaimingUniform. */
  heUniform: as<Kaiming>('heUniform'),
  /** kaimingNormal; Keras' and JAX's, which is cut, is kerasHeNormal. */
  heNormal: as<Kaiming>('heNormal'),
  /** Variance scale / fan, in one of three shapes. */
  varianceScaling: as<VarianceScaling>('varianceScaling'),
  /** LecunNormal of Keras, lecun_normal of JAX: cut at two deviations, variance 1 / fanIn. */
  kerasLecunNormal: as<unknown>('kerasLecunNormal'),
  /** GlorotNormal of Keras, glorot_normal of JAX: cut, variance 2 / (fanIn + fanOut). */
  kerasGlorotNormal: as<unknown>('kerasGlorotNormal'),
  /** HeNormal of Keras, he_normal of JAX: cut, variance 2 / fanIn. */
  kerasHeNormal: as<unknown>('kerasHeNormal'),
  orthogonal,
  deltaOrthogonal,
  sparse,
  eye,
  dirac,
  torchLinear,

  /** Fans, mean, standard deviation and bounds of what an initialiser would draw for a shape. Draws nothing. */
  describe(name: Initialising, shape: readonly number[], given?: Common & Record<string, unknown>): Description {
    return made[choice('init.describe', 'name', name, Object.keys(made) as Initialising[])].describe(shape, given);
  },
};
