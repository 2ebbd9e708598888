// The table of initialisers whose values are independent of each other. A row makes a law from fans and options; a generator
// draws values from the law.

import { torchGains } from '../activation/torch-gain.js';
import { type Options, type PartialValues, type Values, valuesOf } from '../options.js';
import { type DistributionName, distributions, type Law, lawFrom } from '../random/distributions.js';
import type { Fans } from './fan.js';
import { normal, truncated, uniform } from './laws.js';

export interface Initialisation<O extends Options = Options> {
  /** The options of this row, beside those that all rows have. */
  readonly options: O;
  /** The law of the values. TypeError or RangeError for wrong options, or a shape without fans where the row needs them. */
  law(where: string, fans: Fans, given: Record<string, unknown>): Law;
}

/**
 * A row whose law is a function of fans and of its options' values. To have no side effects, as the functions that call it, lets
 * bundlers leave the table out.
 */
const row = /* @__NO_SIDE_EFFECTS__ */ <const O extends Options>(
  options: O,
  law: (fans: Fans, values: Values<O>, where: string) => Law,
): Initialisation<O> => ({
  options,
  law: (where, fans, given) => law(fans, valuesOf(where, options, given), where),
});

/** A row for a distribution of `random`, with the distribution's options. */
const distribution = /* @__NO_SIDE_EFFECTS__ */ <D extends DistributionName>(
  name: D,
): Initialisation<(typeof distributions)[D]['options']> => ({
  options: distributions[name].options,
  law: (where, _, given) => lawFrom(where, name, given),
});

/** The numbers by which a variance can be divided. */
const modes = {
  fanIn: (f: Fans) => f.fanIn,
  fanOut: (f: Fans) => f.fanOut,
  /** The mean of both. */
  fanAvg: (f: Fans) => (f.fanIn + f.fanOut) / 2,
  /** Their geometric mean. */
  fanGeoAvg: (f: Fans) => Math.sqrt(f.fanIn * f.fanOut),
};
export type Mode = keyof typeof modes;

/** Makes a law with a standard deviation. */
type LawOfStd = (std: number) => Law;
const constant = /* @__NO_SIDE_EFFECTS__ */ (value: number) => row({}, () => ({ distribution: 'constant', value }));

/** LeCun et al. (1998), "Efficient BackProp", section 4.6: var = 1 / fanIn. */
const lecun = /* @__NO_SIDE_EFFECTS__ */ (lawOfStd: LawOfStd) => row({}, (f) => lawOfStd(1 / Math.sqrt(f.fanIn)));

/** Glorot and Bengio (2010), equation 16: var = 2 gain^2 / (fanIn + fanOut). */
const xavier = /* @__NO_SIDE_EFFECTS__ */ (lawOfStd: LawOfStd) =>
  row(
    {
      /** A factor of the standard deviation, such as gain('tanh') or 5 / 3; 0 or more, 1 by default. */
      gain: { value: 1, least: 0 },
    },
    (f, { gain }) => lawOfStd(gain * Math.sqrt(2 / (f.fanIn + f.fanOut))),
  );

/** He et al. (2015), equations 10 and 14: var = gain^2 / fan. */
const kaiming = /* @__NO_SIDE_EFFECTS__ */ (lawOfStd: LawOfStd) =>
  row(
    {
      /** The fan by which the variance is divided: 'fanIn' (the default) preserves it forward, 'fanOut' backward. */
      mode: { value: 'fanIn', choices: { fanIn: 1, fanOut: 1 } },
      /** The function of PyTorch's table whose gain is used; 'relu' by default. For other functions pass gain. */
      nonlinearity: { value: 'relu', choices: torchGains },
      /** leakyRelu's slope below 0; 0.01 by default. Only with nonlinearity: 'leakyRelu'. */
      slope: { optional: true },
      /** The gain, instead of the nonlinearity's: gain('gelu'), ... */
      gain: { optional: true, least: 0 },
    },
    (f, { mode, nonlinearity, slope, gain }, where) => {
      // PyTorch's default is leaky_relu, which has a slope. Here the default is relu, which would ignore it.
      if (slope !== undefined && nonlinearity !== 'leakyRelu')
        throw new TypeError(
          `${where}: slope is leakyRelu's, not ${nonlinearity}'s; pass nonlinearity: 'leakyRelu' too`,
        );
      return lawOfStd((gain ?? torchGains[nonlinearity](slope ?? 0.01)) / Math.sqrt(modes[mode](f)));
    },
  );

/** Keras' presets, which are truncated normals: varianceScaling with a scale and a mode. */
const keras = /* @__NO_SIDE_EFFECTS__ */ (scale: number, mode: Mode) =>
  row({}, (f) => truncated(Math.sqrt(scale / modes[mode](f))));

/** Distributions of varianceScaling. */
const distributionsOfStd = { truncatedNormal: truncated, normal, uniform };

export const initialisers = {
  /** 0 everywhere. */
  zeros: constant(0),
  /** 1 everywhere. */
  ones: constant(1),
  /** One value (0) everywhere. */
  constant: row({ value: { value: 0, infinite: true } }, (_, { value }) => ({ distribution: 'constant', value })),
  /** Uniform on [low, high); 0 and 1 by default. */
  uniform: distribution('uniform'),
  /** Normal with a mean (0) and a standard deviation (1). */
  normal: distribution('normal'),
  /** Normal between two bounds in standard deviations. With absolute: true it is PyTorch's trunc_normal_. */
  truncatedNormal: distribution('truncatedNormal'),
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
  /** Variance scale / fan, of one of three distributions (TensorFlow's and JAX's variance scaling). */
  varianceScaling: row(
    {
      /** The numerator of the variance; 1 by default. */
      scale: { value: 1, least: 0 },
      /** The fan; 'fanIn' by default. 'fanAvg' is the mean of both, 'fanGeoAvg' their geometric mean. */
      mode: { value: 'fanIn', choices: modes },
      /** 'truncatedNormal' (the default) is truncated at two standard deviations and scaled to have this variance after that. */
      distribution: { value: 'truncatedNormal', choices: distributionsOfStd },
    },
    (f, { scale, mode, distribution }) => distributionsOfStd[distribution](Math.sqrt(scale / modes[mode](f))),
  ),
  /** LecunNormal of Keras, lecun_normal of JAX: truncated at two standard deviations, variance 1 / fanIn. */
  kerasLecunNormal: keras(1, 'fanIn'),
  /** GlorotNormal of Keras, glorot_normal of JAX: truncated, variance 2 / (fanIn + fanOut). */
  kerasGlorotNormal: keras(1, 'fanAvg'),
  /** HeNormal of Keras, he_normal of JAX: truncated, variance 2 / fanIn. */
  kerasHeNormal: keras(2, 'fanIn'),
} satisfies Record<string, Initialisation>;

export type Initialising = keyof typeof initialisers;
type Rows = typeof initialisers;
/** The options of an initialiser beside those that all have. */
export type InitialisingOptions<N extends Initialising> = PartialValues<Rows[N]['options']>;
export type Gain = InitialisingOptions<'xavierNormal'>;
export type Kaiming = InitialisingOptions<'kaimingNormal'>;
export type VarianceScaling = InitialisingOptions<'varianceScaling'>;
export type Truncated = InitialisingOptions<'truncatedNormal'>;
