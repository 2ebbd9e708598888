// The generators, each a function of its own.

import { choice, options } from '../check.js';
import { type Generator, type GeneratorState, generator, type Threefry } from './generator.js';
import { philox as philoxSource, restorePhilox } from './philox.js';
import { bitsOfSeed, high32, low32, type Seed, type Source } from './source.js';
import { type State, wrongState } from './state.js';
import { restoreThreefry, threefry as threefrySource } from './threefry.js';
import { restoreTorch, torch as torchSource } from './torch.js';
import { type Release, releases } from './torch-stream.js';

/** How the source of each generator is restored from a state. */
const restorers: Record<string, (state: State) => Source> = {
  philox: restorePhilox,
  threefry: restoreThreefry,
  torch: restoreTorch,
};

/** The source that a state describes. TypeError for a wrong state. */
function restoredSource(state: State): Source {
  if (typeof state !== 'object' || state === null) throw wrongState('the state', state);
  const { generator: name } = state;
  if (typeof name !== 'string' || !Object.hasOwn(restorers, name)) throw wrongState('generator', name);
  return restorers[name](state);
}

/**
 * Philox4x32-10 (Salmon et al. 2011), the default. It is counter-based: value i of a draw depends only on the seed, the fork
 * and the index. Without a seed it takes 64 bits from crypto.getRandomValues.
 */
export function philox(seed?: Seed): Generator {
  return generator('random.philox', philoxSource(bitsOfSeed('random.philox', seed)));
}

/**
 * PyTorch's generator. The same seed gives the same values as torch.manual_seed on a CPU (x86 with AVX2), bit for bit for
 * uniform, normal, permutation and order, and for what is computed from these. release: '2.12' (the default) for the rules
 * since PyTorch 2.12, '2.11' for those before.
 */
export function torch(seed?: Seed, given?: { release?: Release | undefined }): Generator {
  const where = 'random.torch';
  const { release } = options(where, given, ['release']);
  const bits = bitsOfSeed(where, seed);
  return generator(where, torchSource(bits, choice(where, 'release', release ?? '2.12', releases)));
}

/**
 * JAX's generator. The first draw from a seed is jax.random's from key(seed): bit for bit for bits, uniform, bernoulli and
 * permutation, to 2e-6 for normals. (For seeds from 0 to 2^32 - 1; for others with JAX's 64-bit mode.) It is counter-based
 * like philox: later draws continue the counter. As in JAX, uniform has multiples of 2^-23 of its range, and may round up
 * to `high` where that is far from 0.
 */
export function threefry(seed?: Seed): Threefry {
  const bits = bitsOfSeed('random.threefry', seed);
  return generator<Threefry>('random.threefry', threefrySource([high32(bits), low32(bits)]));
}

/** A generator from another one's state(): it continues where that one was. TypeError for a wrong state. */
export function restore(state: GeneratorState & { generator: 'threefry' }): Threefry;
export function restore(state: GeneratorState): Generator;
export function restore(state: GeneratorState): Generator {
  const source = restoredSource(state);
  return generator(`random.${state.generator}`, source);
}

/** Sets a source to a state. RangeError where the state is not of the same generator, seed, fork and release. */
export function setState(where: string, source: Source, state: GeneratorState): void {
  restoredSource(state); // for its checks
  const identity = (s: Record<string, unknown>) =>
    [s.generator, s.seed, s.stream, s.key, s.release].filter((value) => value !== undefined).join(' ');
  const [current, saved] = [identity(source.state()), identity(state)];
  if (current !== saved)
    throw new RangeError(`${where}: the generator is ${current} and was ${saved}; pass one of the same seed`);
  source.setState(state);
}
