// PyTorch's generator on a CPU: MT19937 (Matsumoto and Nishimura 1998), and how PyTorch fills a float32 tensor from it, bit for
// bit where numbers are uniform or normal (on its usual path, x86 with AVX2; not checked on ARM, macOS or a GPU).

import { number } from '../check.js';
import { TORCH_CACHE, TORCH_INDEX, TORCH_WORDS } from '../wasm/generated/constants.js';
import { apply, draw, scalar, view } from '../wasm/kernels.js';
import { type RandomKernel, randomModule } from '../wasm/module.js';
import { neighbour, onlyTruncatedValue, probabilities, type TruncatedLaw, withoutInfinity } from './truncated.js';

/** '2.12' are the rules since PyTorch 2.12, '2.11' those before: they differ in trunc_normal_, and in uniform_ at `high`. */
export const releases = ['2.12', '2.11'] as const;
export type Release = (typeof releases)[number];

/** The cached normal in a state. */
export const cacheOf = (state: Uint32Array) => new Float64Array(state.buffer, 4 * TORCH_CACHE, 1);

/** A state from a seed of which, as in PyTorch, only the low 32 bits count. */
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

/** The stream of a state, and PyTorch's fills from it. */
export interface TorchStream {
  readonly state: Uint32Array;
  /** kernel(state, out, n, ...numbers), which advances the state. Returns `out`. */
  draw<T extends Float32Array | Uint32Array>(kernel: RandomKernel, out: T, numbers?: readonly number[]): T;
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
    draw(kernel, out, numbers) {
      draw(randomModule, kernel, state, out, numbers, true);
      return out;
    },
    uniform(out, low, high) {
      const [from, to] = [Math.fround(low), Math.fround(high)];
      // A value that rounds to `high` becomes `low` since 2.12.
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

/** trunc_normal_ before 2.12: the inverse of the distribution function; PyTorch's to 3 ulp of the bounds. */
function truncatedByInverse(stream: TorchStream, out: Float32Array, law: TruncatedLaw): void {
  const { mean, std } = law;
  const { lower, upper, mirrored } = probabilities(law);
  const [from, to] = mirrored ? [1 - upper, 1 - lower] : [lower, upper];
  stream.uniform(out, 2 * from - 1, 2 * to - 1);
  apply(randomModule, 'torchTruncated', out.length, [out, out], [std * Math.SQRT2, mean, ...withoutInfinity(law)]);
}

/** trunc_normal_ since 2.12: whole tensors are drawn again until each value has been inside once. */
function truncatedByRejection(stream: TorchStream, out: Float32Array, law: TruncatedLaw): void {
  const { lower, upper } = probabilities(law);
  roundable(law);
  const values = new Float32Array(out.length);
  if (upper - lower > 0.3) rejectNormals(stream, values, law);
  else rejectUniforms(stream, values, law, upper - lower);
  out.set(values);
}

/** RangeError where mean and bounds round so far apart in binary32 that the rule would try for ever. */
function roundable({ mean, std, low, high }: TruncatedLaw): void {
  const nearest = Math.fround(Math.max(low, Math.min(mean, high)));
  const step = neighbour(Math.abs(nearest), 1, true) - Math.abs(nearest);
  if (step > std / 4 && nearest !== Math.fround(mean)) {
    throw new RangeError(
      `random.torch.truncatedNormal: std is ${std}, and binary32 has steps of ${step} at ${nearest}; pass a larger std, or use random.philox`,
    );
  }
}

/** Normals, each drawn again while it is outside. */
function rejectNormals(stream: TorchStream, values: Float32Array, { mean, std, low, high }: TruncatedLaw): void {
  const [least, most] = [Math.fround(low), Math.fround(high)];
  const outside = (x: number) => x < least || x > most;
  const again = new Float32Array(values.length);
  stream.normal(values, mean, std);
  while (values.some(outside)) {
    stream.normal(again, mean, std);
    for (let i = 0; i < values.length; i++) if (outside(values[i])) values[i] = again[i];
  }
}

/** Far from the mean: uniforms on the interval, each accepted with the density there by that of the peak. */
function rejectUniforms(stream: TorchStream, values: Float32Array, law: TruncatedLaw, probability: number): void {
  const { mean, std, low, high } = law;
  const z = (Math.max(low, Math.min(mean, high)) - mean) / std;
  // The share of uniform candidates that are accepted: the normal's mass over the box of its peak.
  const share = (probability * std) / (scalar(randomModule, 'normalDensity', z) * (high - low));
  if (!(share > 1e-4)) {
    throw new RangeError(
      `random.torch.truncatedNormal: PyTorch's rule tries values all over [${low}, ${high}], of which it would keep one in ${Math.round(1 / share)}; pass a narrower interval, or use random.philox`,
    );
  }
  number('random.torch.truncatedNormal', 'high - low in binary32', Math.fround(Math.fround(high) - Math.fround(low)));
  const again = new Float32Array(values.length);
  const accepted = new Float32Array(values.length);
  const pending = new Uint8Array(values.length).fill(1);
  while (pending.includes(1)) {
    stream.uniform(again, low, high);
    for (let i = 0; i < values.length; i++) if (pending[i]) values[i] = again[i];
    stream.uniform(accepted, 0, 1);
    const numbers = [mean, std, -0.5 * (z * z)];
    apply(randomModule, 'torchAccepted', again.length, [again, accepted, accepted], numbers);
    for (let i = 0; i < values.length; i++) if (accepted[i] === 1) pending[i] = 0;
  }
}
