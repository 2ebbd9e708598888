// PyTorch's generator on a CPU, MT19937 (Matsumoto and Nishimura 1998), and how PyTorch fills float32 tensors from it. Uniforms
// and normals are equal bit for bit to those of x86 with AVX2 (not checked on ARM, macOS or a GPU).

import { allocate } from '../check.js';
import { TORCH_CACHE, TORCH_INDEX, TORCH_WORDS } from '../wasm/generated/constants.js';
import { apply, draw, scalar, view } from '../wasm/kernels.js';
import { type RandomKernel, randomModule } from '../wasm/module.js';
import { onlyTruncatedValue, probabilities, type TruncatedLaw } from './truncated.js';

/** '2.12': the rules since PyTorch 2.12; '2.11': those before. They differ in trunc_normal_, and in uniform_ at `high`. */
export const releases = ['2.12', '2.11'] as const;
export type Release = (typeof releases)[number];

/** The cached normal in a state. */
export const cacheOf = (state: Uint32Array) => new Float64Array(state.buffer, 4 * TORCH_CACHE, 1);

/** The state of a seed, of which PyTorch uses only the low 32 bits. */
export function seededState(seed: bigint): Uint32Array {
  const state = new Uint32Array(TORCH_WORDS);
  state[0] = Number(seed & 0xffffffffn);
  for (let j = 1; j < TORCH_INDEX; j++) {
    const s = state[j - 1];
    state[j] = Math.imul(1812433253, s ^ (s >>> 30)) + j;
  }
  state[TORCH_INDEX] = TORCH_INDEX;
  return state;
}

/** A state, and PyTorch's functions that draw from it. */
export interface TorchStream {
  readonly state: Uint32Array;
  /** Runs kernel(state, out, n, ...numbers), which advances the state. */
  draw(kernel: RandomKernel, out: Float32Array | Uint32Array, numbers?: readonly number[]): void;
  /** The next n words of 32 bits. */
  words(n: number): Uint32Array;
  /** uniform_ */
  uniform(out: Float32Array, low: number, high: number): void;
  /** normal_ */
  normal(out: Float32Array, mean: number, std: number): void;
  /** trunc_normal_ */
  truncatedNormal(out: Float32Array, law: TruncatedLaw): void;
}

export function torchStream(state: Uint32Array, release: Release): TorchStream {
  const stream: TorchStream = {
    state,
    draw: (kernel, out, numbers) => draw(randomModule, kernel, state, out, numbers, true),
    words(n) {
      const out = allocate('random.torch', n, Uint32Array);
      stream.draw('torchBits', out);
      return out;
    },
    uniform(out, low, high) {
      const [from, to] = [Math.fround(low), Math.fround(high)];
      // Since 2.12 a value that rounds to `high` is replaced by `low`.
      stream.draw('torchUniform', out, [from, Math.fround(to - from), release === '2.12' ? to : Number.NaN]);
    },
    normal(out, mean, std) {
      if (out.length < 16) {
        stream.draw('torchNormalFew', out, [mean, std]);
        return;
      }
      const rest = out.length % 16;
      stream.draw('torchNormal', view(out, 0, out.length - rest), [mean, std]);
      if (rest > 0) stream.draw('torchNormalTail', view(out, out.length - 16, out.length), [mean, std, rest]);
    },
    truncatedNormal(out, law) {
      const value = onlyTruncatedValue(law);
      if (value !== undefined) out.fill(value);
      else if (release === '2.11') truncatedByInverse(stream, out, law);
      else truncatedByRejection(stream, out, law);
    },
  };
  return stream;
}

/** trunc_normal_ before 2.12, by the inverse distribution function. It differs from PyTorch's by at most 3 ulp of the bounds. */
function truncatedByInverse(stream: TorchStream, out: Float32Array, law: TruncatedLaw): void {
  const { mean, std, low, high } = law;
  const { lower, upper, mirrored } = probabilities(law);
  const [from, to] = mirrored ? [1 - upper, 1 - lower] : [lower, upper];
  stream.uniform(out, 2 * from - 1, 2 * to - 1);
  apply(randomModule, 'torchTruncated', out.length, [out, out], [std * Math.SQRT2, mean, low, high]);
}

/** trunc_normal_ since 2.12, by rejection: whole tensors are drawn until each value was accepted once. */
function truncatedByRejection(stream: TorchStream, out: Float32Array, law: TruncatedLaw): void {
  const { lower, upper } = probabilities(law);
  const values = new Float32Array(out.length);
  if (upper - lower > 0.3) rejectNormals(stream, values, law);
  else rejectUniforms(stream, values, law, upper - lower);
  out.set(values);
}

/** Draws normals until all are inside. */
function rejectNormals(stream: TorchStream, values: Float32Array, { mean, std, low, high }: TruncatedLaw): void {
  const [least, most] = [Math.fround(low), Math.fround(high)];
  const outside = (x: number) => x < least || x > most;
  const candidates = new Float32Array(values.length);
  stream.normal(values, mean, std);
  while (values.some(outside)) {
    stream.normal(candidates, mean, std);
    for (let i = 0; i < values.length; i++) if (outside(values[i])) values[i] = candidates[i];
  }
}

/** Draws uniforms on the interval, each accepted with its density over the peak's: for intervals far from the mean. */
function rejectUniforms(stream: TorchStream, values: Float32Array, law: TruncatedLaw, probability: number): void {
  const { mean, std, low, high } = law;
  const z = (Math.max(low, Math.min(mean, high)) - mean) / std;
  // The share of candidates that are accepted: the interval's probability over its length times the peak's density.
  const share = (probability * std) / (scalar(randomModule, 'normalDensity', z) * (high - low));
  if (!(share > 1e-4)) {
    throw new RangeError(
      `random.torch.truncatedNormal: PyTorch's rule tries values all over [${low}, ${high}], of which it would keep one in ${Math.round(1 / share)}; pass a narrower interval, or use random.philox`,
    );
  }
  const candidates = new Float32Array(values.length);
  const accepted = new Float32Array(values.length);
  const pending = new Uint8Array(values.length).fill(1);
  while (pending.includes(1)) {
    stream.uniform(candidates, low, high);
    for (let i = 0; i < values.length; i++) if (pending[i]) values[i] = candidates[i];
    stream.uniform(accepted, 0, 1);
    const numbers = [mean, std, -0.5 * (z * z)];
    apply(randomModule, 'torchAccepted', candidates.length, [candidates, accepted, accepted], numbers);
    for (let i = 0; i < values.length; i++) if (accepted[i] === 1) pending[i] = 0;
  }
}
