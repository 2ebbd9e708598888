// The source of random.torch, PyTorch's generator on a CPU.

import { TORCH_CACHED, TORCH_INDEX, TORCH_WORDS } from '../wasm/generated/constants.js';
import { distributionOf } from './distributions.js';
import { shuffled } from './shuffle.js';
import type { Source } from './source.js';
import { bigintOf, type State, wholeOf, wrongState } from './state.js';
import { cacheOf, type Release, releases, seededState, torchStream } from './torch-stream.js';

/** A source with the state of a seed, or with another state of that seed. */
export function torch(seed: bigint, release: Release, state = seededState(seed)): Source {
  const stream = torchStream(state, release);

  function permutation(n: number): Uint32Array {
    const words = stream.words(Math.max(0, n - 1));
    return shuffled(n, (i) => words[i] % (n - i));
  }

  /** PyTorch's random_() of an int64: 63 bits of two words, the high one first. */
  function random63(): bigint {
    const [high, low] = stream.words(2);
    return ((BigInt(high) << 32n) | BigInt(low)) & 0x7fffffffffffffffn;
  }

  return {
    fill(law, out) {
      if (law.distribution === 'constant') out.fill(law.value);
      else distributionOf(law)!.torch(law, stream, out);
    },
    bits: (out) => stream.draw('torchBits', out),
    permutation,
    order(n) {
      random63(); // DataLoader draws its workers' base seed first
      return torch(random63(), release).permutation(n);
    },
    fork() {
      throw new TypeError(
        'random.torch: fork is not for MT19937, whose streams would overlap; fork random.philox, or make another random.torch from its own seed',
      );
    },
    sequential:
      'a value of random.torch depends on all before it; use random.philox, or draw the whole and cut the part out',
    setState({ words, index, cached }) {
      state.set(words as number[]);
      state[TORCH_INDEX] = index as number;
      state[TORCH_CACHED] = Number(cached !== null);
      cacheOf(state)[0] = (cached as number | null) ?? 0;
    },
    state: () => ({
      generator: 'torch',
      release,
      seed: String(seed),
      index: state[TORCH_INDEX],
      cached: state[TORCH_CACHED] === 1 ? cacheOf(state)[0] : null,
      words: Array.from(state.subarray(0, TORCH_INDEX)),
    }),
  };
}

/** The source that a state describes. */
export function restoreTorch(saved: State): Source {
  const release = releases.find((r) => r === saved.release);
  if (release === undefined) throw wrongState('release', saved.release);
  const { words, cached } = saved;
  if (!Array.isArray(words) || words.length !== TORCH_INDEX) throw wrongState('words', words);
  const state = new Uint32Array(TORCH_WORDS);
  Array.from(words).forEach((word, i) => {
    state[i] = wholeOf(`words[${i}]`, word, 2 ** 32 - 1);
  });
  if (!state.some((word) => word !== 0)) throw wrongState('words', words); // all draws would be 0
  state[TORCH_INDEX] = wholeOf('index', saved.index, TORCH_INDEX);
  if (cached !== null) {
    if (typeof cached !== 'number' || !Number.isFinite(cached)) throw wrongState('cached', cached);
    state[TORCH_CACHED] = 1;
    cacheOf(state)[0] = cached;
  }
  return torch(bigintOf('seed', saved.seed), release, state);
}
