// PyTorch's generator on a CPU: MT19937 and the laws of its float32 fills, bit for bit where numbers are
// uniform or normal (on its usual path, x86 with AVX2; not checked on ARM, macOS or a GPU).

import { allocate } from '../check.js';
import { apply, draw, scalar, view } from '../wasm/kernels.js';
import { type RandomKernel, randomModule } from '../wasm/module.js';
import { degenerate, type Law, type Part, type Source, shuffled, tails } from './distributions.js';

/** '2.12' are the rules since PyTorch 2.12, '2.11' those before: they differ in trunc_normal_, and in uniform_ at `high`. */
export const releases = ['2.12', '2.11'] as const;
export type Release = (typeof releases)[number];

/** 624 words, the next one's index, a gap; whether a normal is cached, a gap, and the cached normal (binary64). */
export const STATE_WORDS = 630;
export const INDEX = 624;
export const CACHED = 626;

/** The cached normal inside a state. */
export const cache = (state: Uint32Array) => new Float64Array(state.buffer, 628 * 4, 1);

/** A state from a seed of which, as in PyTorch, only the low 32 bits count. */
export function seeded(seed: bigint): Uint32Array {
  const state = new Uint32Array(STATE_WORDS);
  const word = Number(seed & 0xffffffffn);
  state[0] = word;
  for (let j = 1; j < INDEX; j++) {
    const s = state[j - 1];
    state[j] = Math.imul(1812433253, s ^ (s >>> 30)) + j;
  }
  state[INDEX] = INDEX;
  return state;
}

/** A source with PyTorch's state. */
export function torch(seed: bigint, release: Release, state = seeded(seed)): Source {
  const next = (kernel: RandomKernel, out: Float32Array | Uint32Array, numbers?: number[]) =>
    draw(randomModule, kernel, state, out, numbers, true);

  const words = (n: number) => {
    const out = allocate('random.torch', n, Uint32Array);
    next('torchBits', out);
    return out;
  };

  function uniform(out: Float32Array, low: number, high: number): void {
    const from = Math.fround(low);
    const to = Math.fround(high);
    next('torchUniform', out, [from, Math.fround(to - from), release === '2.12' ? to : Number.NaN]);
  }

  function normal(out: Float32Array, mean: number, std: number): void {
    if (out.length < 16) {
      next('torchNormalFew', out, [mean, std]);
      return;
    }
    const rest = out.length % 16;
    next('torchNormal', view(out, 0, out.length - rest), [mean, std]);
    if (rest > 0) next('torchNormalTail', view(out, out.length - 16, out.length), [mean, std, rest]);
  }

  /** trunc_normal_ before 2.12: the inverse of the distribution function; PyTorch's to 3 ulp of the bounds. */
  function truncatedByInverse(out: Float32Array, { mean, std, low, high }: Truncated): void {
    const { lower, upper, mirrored } = tails(mean, std, low, high);
    const [from, to] = mirrored ? [1 - upper, 1 - lower] : [lower, upper];
    uniform(out, 2 * from - 1, 2 * to - 1);
    apply(randomModule, 'torchTruncated', out.length, [out, out], [std * Math.SQRT2, mean, low, high]);
  }

  /** trunc_normal_ since 2.12: whole tensors are drawn again until each value has been inside once. */
  function truncatedByRejection(out: Float32Array, { mean, std, low, high }: Truncated): void {
    const { lower, upper } = tails(mean, std, low, high);
    const again = new Float32Array(out.length);
    const values = new Float32Array(out.length);
    if (upper - lower > 0.3) {
      const outside = (x: number) => x < Math.fround(low) || x > Math.fround(high);
      normal(values, mean, std);
      while (values.some(outside)) {
        normal(again, mean, std);
        for (let i = 0; i < values.length; i++) if (outside(values[i])) values[i] = again[i];
      }
    } else {
      const z = (Math.max(low, Math.min(mean, high)) - mean) / std;
      // The share of uniform candidates that are taken: the normal's mass over the box of its peak.
      const share = ((upper - lower) * std) / (scalar(randomModule, 'normalDensity', z) * (high - low));
      if (!(share > 1e-4)) {
        throw new RangeError(
          `random.torch.truncatedNormal: PyTorch's rule tries values all over [${low}, ${high}], of which it would keep one in ${Math.round(1 / share)}; pass a narrower interval, or use random.philox`,
        );
      }
      const accepted = new Float32Array(out.length);
      const pending = new Uint8Array(out.length).fill(1);
      while (pending.includes(1)) {
        uniform(again, low, high);
        for (let i = 0; i < values.length; i++) if (pending[i]) values[i] = again[i];
        uniform(accepted, 0, 1);
        apply(randomModule, 'torchAccepted', again.length, [again, accepted, accepted], [mean, std, -0.5 * (z * z)]);
        for (let i = 0; i < values.length; i++) if (accepted[i] === 1) pending[i] = 0;
      }
    }
    out.set(values);
  }

  function fill(law: Law, out: Float32Array, _part: Part): void {
    switch (law.distribution) {
      case 'constant':
        out.fill(law.value);
        break;
      case 'uniform':
        uniform(out, law.low, law.high);
        break;
      case 'normal':
        normal(out, law.mean, law.std);
        break;
      case 'truncatedNormal': {
        const value = degenerate(law);
        if (value !== undefined) out.fill(value);
        else if (release === '2.12') truncatedByRejection(out, law);
        else truncatedByInverse(out, law);
        break;
      }
      case 'bernoulli': {
        // As PyTorch without MKL: 53 bits a value. (With MKL it takes another generator altogether.)
        const bits = words(2 * out.length);
        for (let i = 0; i < out.length; i++) {
          out[i] = ((bits[2 * i] & 0x1fffff) * 2 ** 32 + bits[2 * i + 1]) * 2 ** -53 < law.p ? 1 : 0;
        }
      }
    }
  }

  function permutation(n: number): Uint32Array {
    const bits = words(Math.max(0, n - 1));
    return shuffled(n, (i) => bits[i] % (n - i));
  }

  /** int64 random_(): two words, the high one first, 63 bits. */
  function random63(): bigint {
    const [high, low] = words(2);
    return ((BigInt(high) << 32n) | BigInt(low)) & 0x7fffffffffffffffn;
  }

  return {
    fill,
    bits: (out) => next('torchBits', out),
    permutation,
    order(n) {
      random63(); // the base seed of DataLoader's workers
      return torch(random63(), release).permutation(n);
    },
    fork() {
      throw new TypeError(
        'random.torch: fork is not for MT19937, whose streams would overlap; fork random.philox, or make another random.torch from its own seed',
      );
    },
    sequential:
      'a value of random.torch depends on all before it; use random.philox, or draw the whole and cut the part out',
    move({ words: all, index, cached }) {
      state.set(all as number[]);
      state[INDEX] = index as number;
      state[CACHED] = Number(cached !== null);
      cache(state)[0] = (cached as number | null) ?? 0;
    },
    state: () => ({
      generator: 'torch',
      release,
      seed: String(seed),
      index: state[INDEX],
      cached: state[CACHED] === 1 ? cache(state)[0] : null,
      words: Array.from(state.subarray(0, INDEX)),
    }),
  };
}

type Truncated = Extract<Law, { distribution: 'truncatedNormal' }>;
