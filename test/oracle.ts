// What tests measure with: errors in units in the last place, hashes, sweeps of inputs, moments and distribution functions.

/** The error of a float32 in units in the last place of the exact value. */
export function ulps(got: number, exact: number): number {
  if (Number.isNaN(exact)) return Number.isNaN(got) ? 0 : Infinity;
  if (Object.is(got, exact)) return 0;
  if (Math.abs(exact) === Infinity) return Infinity;
  if (Math.abs(got) === Infinity) return Math.fround(exact) === got ? 0.5 : Infinity;
  return Math.abs(got - exact) / unit(exact);
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** The spacing of float32 at x, from the exponent of x. */
function unit(x: number): number {
  double[0] = x;
  return 2 ** (Math.max(-126, ((words[1] >>> 20) & 0x7ff) - 1023) - 23);
}

/** Float32 of every exponent with some mantissas, of both signs, the special values, and kinks and limits of functions. */
export function sweep(mantissas = 16): Float32Array {
  const bits = new Uint32Array(512 * mantissas + 64);
  let at = 0;
  for (let e = 0; e < 512; e++) {
    for (let m = 0; m < mantissas; m++)
      bits[at++] = ((e << 23) | (Math.imul(m * 512 + e, 0x9e3779b1) & 0x7fffff)) >>> 0;
  }
  const all = new Float32Array(bits.buffer);
  for (const x of [0, 1, 3, 6, 9, 17, 87, 88, 89, 103, 104, 1e-45, Infinity]) {
    all[at++] = x;
    all[at++] = -x;
  }
  return all.slice(0, at);
}

/** FNV-1a of the bytes. */
export function hash({ buffer, byteOffset, byteLength }: ArrayBufferView): number {
  let h = 2166136261;
  for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) h = Math.imul(h ^ byte, 16777619);
  return h >>> 0;
}

export function mean(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i];
  return sum / x.length;
}

export function variance(x: ArrayLike<number>, centre = mean(x)): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] - centre) ** 2;
  return sum / x.length;
}

/** The Kolmogorov-Smirnov statistic: sqrt(n) times the largest distance from a distribution function; above 2.2 once in 8,000. */
export const KS_LIMIT = 2.2;
export function kolmogorovSmirnov(x: Float32Array, cdf: (x: number) => number): number {
  const sorted = x.slice().sort();
  let worst = 0;
  sorted.forEach((v, i) => {
    const p = cdf(v);
    worst = Math.max(worst, Math.abs(p - i / x.length), Math.abs((i + 1) / x.length - p));
  });
  return worst * Math.sqrt(x.length);
}

/** The distribution function of the standard normal truncated at two bounds, by Simpson's rule on a fine grid. */
export function normalCdf(low = -9, high = 9): (x: number) => number {
  const steps = 20000;
  const h = (high - low) / steps;
  const density = (x: number) => Math.exp(-0.5 * x * x);
  const sums = new Float64Array(steps + 1);
  for (let i = 0; i < steps; i++) {
    const x = low + i * h;
    sums[i + 1] = sums[i] + (h / 6) * (density(x) + 4 * density(x + h / 2) + density(x + h));
  }
  return (x) => {
    const at = Math.min(Math.max((x - low) / h, 0), steps);
    const i = Math.min(Math.floor(at), steps - 1);
    return (sums[i] + (at - i) * (sums[i + 1] - sums[i])) / sums[steps];
  };
}

/** Test data in [-scale, scale) by a small generator that is not of the package (mulberry32). */
export function noise(seed: number, n: number, scale = 1): Float32Array {
  let a = seed | 0;
  return Float32Array.from({ length: n }, () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1) * scale;
  });
}
