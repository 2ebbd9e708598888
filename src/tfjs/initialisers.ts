// Initialisers of this package for layers of TensorFlow.js:
// tf.layers.dense({ units: 10, kernelInitializer: heNormal({ seed: 0 }) }).
//
// TensorFlow.js' own heNormal, glorotNormal and leCunNormal draw a normal truncated at two standard deviations and do
// not make up for the loss: their standard deviation is 0.88 of what they claim.

import { serialization, tensor } from '@tensorflow/tfjs-core';
import { initializers } from '@tensorflow/tfjs-layers';
import { flag, options, what } from '../check.js';
import { init } from '../init/index.js';
import { type Initialising, initialisers } from '../init/table.js';
import { type Generator, generatorFrom } from '../random/generator.js';
import type { Seed } from '../random/source.js';

type Initializer = ReturnType<typeof initializers.zeros>;
type Common = {
  rng?: Generator | undefined;
  seed?: Exclude<Seed, bigint> | undefined;
  /**
   * Whether the kernel is a depthwise convolution's, [...kernel, in, multiplier] (false). An initialiser gets the shape alone,
   * which does not tell it from a convolution's [...kernel, in, out].
   */
  depthwise?: boolean | undefined;
  /** Whether the kernel is a transposed convolution's, [...kernel, out, in] (false), which its shape does not tell either. */
  transposed?: boolean | undefined;
};
type Name = Initialising | 'orthogonal';
type Own<N extends Name> = Omit<NonNullable<Parameters<(typeof init)[N]>[1]>, 'out' | 'slice' | 'layout' | 'groups'>;
type Options<N extends Name> = Own<N> & Common;
export type Make<N extends Name> = (given?: Options<N>) => Initializer;

/** The class that all of TensorFlow.js' initialisers extend; TensorFlow.js does not export it. */
const Base = Object.getPrototypeOf(initializers.zeros().constructor) as new () => Initializer;

/** The options of an initialiser's own. */
const optionsOf = (name: Name) => (name === 'orthogonal' ? ['gain'] : Object.keys(initialisers[name].options));

/** A kernel as init takes it: its shape in the layout 'io', and the options that say how to read it. */
function kernelOf(
  where: string,
  shape: number[],
  { depthwise, transposed }: { depthwise?: boolean | undefined; transposed?: boolean },
) {
  const size = shape.reduce((product, length) => product * length, 1);
  if (depthwise || transposed) {
    if (shape.length < 3)
      throw new RangeError(
        `${where}: shape [${shape}] is no ${depthwise ? 'depthwise' : 'transposed'} convolution's; pass this initialiser for the kernel of one`,
      );
    if (!depthwise) return { kernel: shape, read: { transposed } };
    // The same values as a grouped convolution's, each input a group of its own.
    const [inputs, multiplier] = shape.slice(-2);
    return { kernel: [...shape.slice(0, -2), 1, inputs * multiplier], read: { groups: Math.max(1, inputs) } };
  }
  // Of any other rank TensorFlow.js takes the root of the number of values for both fans.
  const ranked = shape.length >= 2 && shape.length <= 5;
  return { kernel: shape, read: ranked || size === 0 ? {} : { fanIn: Math.sqrt(size), fanOut: Math.sqrt(size) } };
}

/**
 * The function that makes a TensorFlow.js initialiser; its class is registered so that a saved model finds it again.
 */
function initializer<N extends Name>(name: N): Make<N> {
  const where = `fanwise/tfjs: ${name}`;
  const known = [...optionsOf(name), 'rng', 'seed', 'fanIn', 'fanOut', 'depthwise', 'transposed'];
  class FanwiseInitializer extends Base {
    // TensorFlow.js would turn underscores into camel case.
    static className = `Fanwise${name[0].toUpperCase()}${name.slice(1)}`;
    static fromConfig<T extends serialization.Serializable>(
      cls: serialization.SerializableConstructor<T>,
      { customObjects: _, ...config }: serialization.ConfigDict,
    ): T {
      return new cls(config);
    }
    /** Shared by all layers of this initialiser: it moves on with each, so that they differ. */
    readonly rng: Generator;
    /** The options that are saved with a model: all but rng. */
    readonly config: Partial<Options<Name>>;
    constructor(given?: Options<N>) {
      super();
      const { rng, seed, ...config } = options<Record<string, unknown>>(where, given, known) as Partial<Options<Name>>;
      if (typeof seed === 'bigint')
        throw new TypeError(`${where}: seed is ${what(seed)}, which JSON has not; pass a number or a text`);
      const depthwise = flag(where, 'depthwise', config.depthwise ?? false);
      if (flag(where, 'transposed', config.transposed ?? false) && depthwise)
        throw new TypeError(`${where}: both depthwise and transposed; pass one of them`);
      this.rng = generatorFrom(where, { rng, seed });
      this.config = seed === undefined ? config : { ...config, seed };
    }
    override apply(shape: number[], dtype = 'float32') {
      if (dtype !== 'float32')
        throw new TypeError(`${where}: the type of the layer is ${what(dtype)}; this package has float32`);
      const { seed: _, depthwise, transposed, ...config } = this.config;
      const { kernel, read } = kernelOf(where, shape, { depthwise, transposed });
      // TensorFlow.js' weights have the shape [...kernel, in, out].
      const draw = init[name] as typeof init.xavierNormal;
      return tensor(draw(kernel, { ...read, ...config, layout: 'io', rng: this.rng }), shape);
    }
    override getConfig() {
      return { ...this.config } as serialization.ConfigDict;
    }
  }
  serialization.registerClass(FanwiseInitializer);
  return (given) => new FanwiseInitializer(given);
}

/**
 * Each takes the options of init's function of that name, rng or seed (without them the seed is random), and depthwise or
 * transposed for the kernel of such a convolution. Fans are those of TensorFlow.js: of a shape of 2 to 5 axes as said, of any
 * other, such as a bias's, the root of the number of values.
 */
export const zeros = initializer('zeros');
export const ones = initializer('ones');
export const constant = initializer('constant');
export const uniform = initializer('uniform');
export const normal = initializer('normal');
export const truncatedNormal = initializer('truncatedNormal');
export const lecunUniform = initializer('lecunUniform');
export const lecunNormal = initializer('lecunNormal');
export const xavierUniform = initializer('xavierUniform');
export const xavierNormal = initializer('xavierNormal');
export const glorotUniform = initializer('glorotUniform');
export const glorotNormal = initializer('glorotNormal');
export const kaimingUniform = initializer('kaimingUniform');
export const kaimingNormal = initializer('kaimingNormal');
export const heUniform = initializer('heUniform');
export const heNormal = initializer('heNormal');
export const varianceScaling = initializer('varianceScaling');
export const kerasLecunNormal = initializer('kerasLecunNormal');
export const kerasGlorotNormal = initializer('kerasGlorotNormal');
export const kerasHeNormal = initializer('kerasHeNormal');
export const orthogonal = initializer('orthogonal');
