// Initialisers of this package for layers of TensorFlow.js:
// tf.layers.dense({ units: 10, kernelInitializer: heNormal({ seed: 0 }) }).
//
// TensorFlow.js' own heNormal, glorotNormal and leCunNormal draw a normal truncated at two standard deviations and do
// not make up for the loss: their standard deviation is 0.88 of what they claim.

import { initializers, serialization, tensor } from '@tensorflow/tfjs';
import { options, what } from '../check.js';
import { init } from '../init/index.js';
import { type Initialising, initialisers } from '../init/table.js';
import { type Generator, generatorFrom } from '../random/generator.js';
import type { Seed } from '../random/source.js';

type Initializer = ReturnType<typeof initializers.zeros>;
type Common = { rng?: Generator | undefined; seed?: Exclude<Seed, bigint> | undefined };
type Name = Initialising | 'orthogonal';
type Options<N extends Name> = Omit<NonNullable<Parameters<(typeof init)[N]>[1]>, 'out' | 'slice'> & Common;
export type Make<N extends Name> = (given?: Options<N>) => Initializer;

/** The class that all of TensorFlow.js' initialisers extend; TensorFlow.js does not export it. */
const Base = Object.getPrototypeOf(initializers.zeros().constructor) as new () => Initializer;

/** The options of an initialiser's own. */
const optionsOf = (name: Name) => (name === 'orthogonal' ? ['gain'] : Object.keys(initialisers[name].options));

/**
 * The function that makes a TensorFlow.js initialiser; its class is registered so that a saved model finds it again.
 */
function initializer<N extends Name>(name: N): Make<N> {
  const where = `fanwise/tfjs: ${name}`;
  const known = [...optionsOf(name), 'rng', 'seed', 'fanIn', 'fanOut'];
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
      this.rng = generatorFrom(where, { rng, seed });
      this.config = seed === undefined ? config : { ...config, seed };
    }
    override apply(shape: number[], dtype = 'float32') {
      if (dtype !== 'float32')
        throw new TypeError(`${where}: the type of the layer is ${what(dtype)}; this package has float32`);
      const { seed: _, ...config } = this.config;
      // TensorFlow.js' weights have the shape [...kernel, in, out].
      const draw = init[name] as typeof init.xavierNormal;
      return tensor(draw(shape, { ...config, layout: 'io', rng: this.rng }), shape);
    }
    override getConfig() {
      return { ...this.config } as serialization.ConfigDict;
    }
  }
  serialization.registerClass(FanwiseInitializer);
  return (given) => new FanwiseInitializer(given);
}

/** Each takes the options of init's function of that name, and rng or seed; without them the seed is random. */
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
