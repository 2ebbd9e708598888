// `random`: the generators.

import { choice, options } from '../check.js';
import { type Generator, type GeneratorState, generator, type Threefry } from './generator.js';
import { philox, restorePhilox } from './philox.js';
import { bitsOfSeed, high32, low32, type Seed, type Source } from './source.js';
import { type State, wrongState } from './state.js';
import { restoreThreefry, threefry } from './threefry.js';
import { restoreTorch, torch } from './torch.js';
import { type Release, releases } from './torch-stream.js';

/** A row of each generator that a state can name: how a source is restored. */
const restorers: Record<string, (state: State) => Source> = {
  philox: restorePhilox,
  threefry: restoreThreefry,
  torch: restoreTorch,
};

/** The source of a state, checked. */
function restored(state: State): Source {
  if (typeof state !== 'object' || state === null) throw wrongState('the state', state);
  const { generator: name } = state;
  if (typeof name !== 'string' || !Object.hasOwn(restorers, name)) throw wrongState('generator', name);
  return restorers[name](state);
}

export const random = {
  /**
   * Philox4x32-10 (Salmon et al. 2011), the default: counter-based, so that value i of a draw depends on the
   * seed, the fork and i alone. Without a seed: 64 bits from crypto.getRandomValues.
   */
  philox(seed?: Seed): Generator {
    return generator('random.philox', philox(bitsOfSeed('random.philox', seed)));
  },

  /**
   * PyTorch's generator: the same seed gives the same bits as torch.manual_seed on a CPU (x86 with AVX2), in
   * uniform, normal, permutation and order, and in what is made of them. release: the rules since PyTorch
   * 2.12 (the default) or those before.
   */
  torch(seed?: Seed, given?: { release?: Release | undefined }): Generator {
    const where = 'random.torch';
    const { release } = options(where, given, ['release']);
    const bits = bitsOfSeed(where, seed);
    return generator(where, torch(bits, choice(where, 'release', release ?? '2.12', releases)));
  },

  /**
   * JAX's generator: the first draw from a seed is what jax.random makes of key(seed), to the bit in bits, uniform,
   * bernoulli and permutation, to 2e-6 in normals. (Of seeds from 0 to 2^32 - 1; others are JAX's with 64 bits enabled.)
   * Counter-based, like philox: draws that follow go on in the counter. As in JAX, uniform has multiples of 2^-23 of its
   * range, and may round up to `high` where that is far from 0.
   */
  threefry(seed?: Seed): Threefry {
    const bits = bitsOfSeed('random.threefry', seed);
    return generator<Threefry>('random.threefry', threefry([high32(bits), low32(bits)]));
  },

  /** A generator from what its state() gave: it goes on where that one stood. */
  restore: ((state: GeneratorState): Generator => generator(`random.${state?.generator}`, restored(state))) as {
    (state: GeneratorState & { generator: 'threefry' }): Threefry;
    (state: GeneratorState): Generator;
  },
};

/** Sets a source to a state, which has to be one of the same generator: of its seed, its fork, its release. */
export function setState(where: string, source: Source, state: GeneratorState): void {
  restored(state); // which checks it
  const identity = (s: Record<string, unknown>) =>
    [s.generator, s.seed, s.stream, s.key, s.release].filter((value) => value !== undefined).join(' ');
  const [own, other] = [identity(source.state()), identity(state)];
  if (own !== other)
    throw new RangeError(`${where}: the generator is ${own} and was ${other}; pass one of the same seed`);
  source.setState(state);
}
