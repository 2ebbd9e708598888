// Initialisers of this package for layers of TensorFlow.js: tf.layers.dense({ kernelInitializer: heNormal({ seed: 0 }) }).
//
// TensorFlow.js' own heNormal, glorotNormal and leCunNormal cut a normal at two deviations without making up for what is
// lost: their deviation is 0.88 of what they claim.

import { initializers, serialization, tensor } from '@tensorflow/tfjs';
import { options, what } from '../check.js';
import { init } from '../init/index.js';
import { type Initialising, initialisers } from '../init/table.js';
import { type Generator, sourceFrom } from '../random/generator.js';
import { random } from '../random/index.js';
import type { Seed } from '../random/source.js';

type Initializer = ReturnType<typeof initializers.zeros>;
type Common = { rng?: Generator; seed?: Exclude<Seed, bigint> };
type Name = Initialising | 'orthogonal';
type Options<N extends Name> = Omit<NonNullable<Parameters<(typeof init)[N]>[1]>, 'out' | 'slice'> & Common;
export type Make<N extends Name> = (given?: Options<N>) => Initializer;

/** What all of TensorFlow.js' initialisers extend; it has no name there. */
const Base = Object.getPrototypeOf(initializers.zeros().constructor) as new () => Initializer;

/** A class for an initialiser, known to TensorFlow.js by name so that a saved model finds it again. */
function initializer<N extends Name>(name: N): Make<N> {
  const where = `fanwise/tfjs: ${name}`;
  const known =
    name === 'orthogonal' ? ['gain'] : Object.keys((initialisers as Record<string, { options: object }>)[name].options);
  class Fanwise extends Base {
    // TensorFlow.js would make camels of underscores.
    static className = `Fanwise${name[0].toUpperCase()}${name.slice(1)}`;
    static fromConfig(cls: new (given: object) => Fanwise, { customObjects: _, ...given }: Record<string, unknown>) {
      return new cls(given);
    }
    /** Moves on with each layer, so that layers with the same initialiser differ. */
    readonly rng: Generator;
    readonly given: Partial<Options<N>>;
    constructor(given?: Options<N>) {
      super();
      const { rng, seed, ...rest } = options(where, given as Options<Name>, [
        ...known,
        'rng',
        'seed',
        'fanIn',
        'fanOut',
      ]);
      if (typeof seed === 'bigint')
        throw new TypeError(`${where}: seed is ${what(seed)}, which JSON has not; pass a number or a text`);
      sourceFrom(where, { rng, seed });
      this.rng = rng ?? random.philox(seed);
      this.given = (rng ? rest : { ...rest, ...(seed === undefined ? {} : { seed }) }) as Partial<Options<N>>;
    }
    override apply(shape: number[], dtype = 'float32') {
      if (dtype !== 'float32')
        throw new TypeError(`${where}: the type of the layer is ${what(dtype)}; this package has float32`);
      const { seed: _, ...given } = this.given as Options<Name>;
      // TensorFlow.js' kernels are [...kernel, in, out].
      const draw = init[name] as typeof init.xavierNormal;
      return tensor(draw(shape, { ...given, layout: 'io', rng: this.rng }), shape);
    }
    override getConfig() {
      return { ...this.given } as ReturnType<Initializer['getConfig']>;
    }
  }
  serialization.registerClass(Fanwise as unknown as Parameters<typeof serialization.registerClass>[0]);
  return (given) => new Fanwise(given);
}

/** Each takes the options of init's function of that name; without rng and seed it draws a seed of its own. */
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
