// The initialisers whose values are independent of each other: a row each, by every name that the field has for it. A row
// turns fans and options into a law, and the generator turns the law into values.

import { torchGains } from '../activation/torch-gain.js';
import { type Options, type PartialValues, type Values, valuesOf } from '../options.js';
import { type DistributionName, distributions, type Law, lawFrom } from '../random/distributions.js';
import type { Fans } from './fan.js';
import { normal, truncated, uniform } from './laws.js';

export interface Initialisation<O extends Options = Options> {
  /** The options that are the row's own. */
  readonly options: O;
  /** The law of the values, or the error that the options make. */
  law(where: string, fans: Fans, given: Record<string, unknown>): Law;
}

/** A row whose law is made of its options' values. */
const row = <const O extends Options>(
  options: O,
  law: (fans: Fans, values: Values<O>, where: string) => Law,
): Initialisation<O> => ({
  options,
  law: (where, fans, given) => law(fans, valuesOf(where, options, given), where),
});

/** A row that is a distribution of `random`, with its options. */
const drawn = <D extends DistributionName>(name: D): Initialisation<(typeof distributions)[D]['options']> => ({
  options: distributions[name].options,
  law: (where, _, given) => lawFrom(where, name, given),
});

/** The fan that a variance is divided by. */
const modes = {
  fanIn: (f: Fans) => f.fanIn,
  fanOut: (f: Fans) => f.fanOut,
  /** The mean of both. */
  fanAvg: (f: Fans) => (f.fanIn + f.fanOut) / 2,
  /** Their geometric mean. */
  fanGeoAvg: (f: Fans) => Math.sqrt(f.fanIn * f.fanOut),
};
export type Mode = keyof typeof modes;

type Shaped = (std: number) => Law;
const constant = (value: number) => row({}, () => ({ distribution: 'constant', value }));

/** LeCun et al. (1998), "Efficient BackProp", section 4.6: var = 1 / fanIn. */
const lecun = (shaped: Shaped) => row({}, (f) => shaped(1 / Math.sqrt(f.fanIn)));

/** Glorot and Bengio (2010), equation 16: var = 2 gain^2 / (fanIn + fanOut). */
const xavier = (shaped: Shaped) =>
  row(
    {
      /** A factor of the standard deviation: gain('tanh'), 5 / 3, ... 0 or more; 1 by default. */
      gain: { value: 1, least: 0 },
    },
    (f, { gain }) => shaped(gain * Math.sqrt(2 / (f.fanIn + f.fanOut))),
  );

/** He et al. (2015), equations 10 and 14: var = gain^2 / fan. */
const kaiming = (shaped: Shaped) =>
  row(
    {
      /** Which fan the variance is divided by: 'fanIn' (the default) keeps it forward, 'fanOut' backward. */
      mode: { value: 'fanIn', choices: { fanIn: 1, fanOut: 1 } },
      /** Whose gain, of PyTorch's table; 'relu' by default. For any other function pass gain. */
      nonlinearity: { value: 'relu', choices: torchGains },
      /** leakyRelu's slope below 0; 0.01 by default. Only with nonlinearity: 'leakyRelu'. */
      slope: { optional: true },
      /** Instead of the nonlinearity's: gain('gelu'), ... */
      gain: { optional: true, least: 0 },
    },
    (f, { mode, nonlinearity, slope, gain }, where) => {
      // PyTorch's default is leaky_relu, where a slope says something; with relu it would be ignored in silence.
      if (slope !== undefined && nonlinearity !== 'leakyRelu')
        throw new TypeError(
          `${where}: slope is leakyRelu's, not ${nonlinearity}'s; pass nonlinearity: 'leakyRelu' too`,
        );
      return shaped((gain ?? torchGains[nonlinearity](slope ?? 0.01)) / Math.sqrt(modes[mode](f)));
    },
  );

/** Keras' presets are truncated normals: varianceScaling with this scale and mode. */
const keras = (scale: number, mode: Mode) => row({}, (f) => truncated(Math.sqrt(scale / modes[mode](f))));

const shapes = { truncatedNormal: truncated, normal, uniform };

export const initialisers = {
  /** 0 everywhere. */
  zeros: constant(0),
  /** 1 everywhere. */
  ones: constant(1),
  /** One value (0) everywhere. */
  constant: row({ value: { value: 0, infinite: true } }, (_, { value }) => ({ distribution: 'constant', value })),
  /** Uniform on [low, high), 0 and 1. */
  uniform: drawn('uniform'),
  /** Normal with a mean (0) and a standard deviation (1). */
  normal: drawn('normal'),
  /** Normal between two bounds, in deviations; trunc_normal_ of PyTorch is this with absolute: true. */
  truncatedNormal: drawn('truncatedNormal'),
  /** Uniform, variance 1 / fanIn (LeCun et al. 1998). */
  lecunUniform: lecun(uniform),
  /** Normal, variance 1 / fanIn (LeCun et al. 1998). */
  lecunNormal: lecun(normal),
  /** Uniform, variance 2 gain^2 / (fanIn + fanOut) (Glorot and Bengio 2010). */
  xavierUniform: xavier(uniform),
  /** Normal, variance 2 gain^2 / (fanIn + fanOut) (Glorot and Bengio 2010). */
  xavierNormal: xavier(normal),
  /** xavierUniform. */
  glorotUniform: xavier(uniform),
  /** xavierNormal; Keras' and JAX's, which is truncated, is kerasGlorotNormal. */
  glorotNormal: xavier(normal),
  /** Uniform, variance gain^2 / fan (He et al. 2015). */
  kaimingUniform: kaiming(uniform),
  /** Normal, variance gain^2 / fan (He et al. 2015). */
  kaimingNormal: kaiming(normal),
  /** kaimingUniform. */
  heUniform: kaiming(uniform),
  /** kaimingNormal; Keras' and JAX's, which is truncated, is kerasHeNormal. */
  heNormal: kaiming(normal),
  /** Variance scale / fan, in one of three shapes. */
  varianceScaling: row(
    {
      /** The variance times the fan; 1 by default. */
      scale: { value: 1, least: 0 },
      /** The fan; 'fanIn' by default. 'fanAvg' is the mean of both, 'fanGeoAvg' their geometric mean. */
      mode: { value: 'fanIn', choices: modes },
      /** 'truncatedNormal' (the default) is truncated at two deviations and widened to have the variance it claims. */
      distribution: { value: 'truncatedNormal', choices: shapes },
    },
    (f, { scale, mode, distribution }) => shapes[distribution](Math.sqrt(scale / modes[mode](f))),
  ),
  /** LecunNormal of Keras, lecun_normal of JAX: truncated at two deviations, variance 1 / fanIn. */
  kerasLecunNormal: keras(1, 'fanIn'),
  /** GlorotNormal of Keras, glorot_normal of JAX: truncated, variance 2 / (fanIn + fanOut). */
  kerasGlorotNormal: keras(1, 'fanAvg'),
  /** HeNormal of Keras, he_normal of JAX: truncated, variance 2 / fanIn. */
  kerasHeNormal: keras(2, 'fanIn'),
} satisfies Record<string, Initialisation>;

export type Initialising = keyof typeof initialisers;
type Rows = typeof initialisers;
/** An initialiser's own options. */
export type InitialisingOptions<N extends Initialising> = PartialValues<Rows[N]['options']>;
export type Gain = InitialisingOptions<'xavierNormal'>;
export type Kaiming = InitialisingOptions<'kaimingNormal'>;
export type VarianceScaling = InitialisingOptions<'varianceScaling'>;
export type Truncated = InitialisingOptions<'truncatedNormal'>;
