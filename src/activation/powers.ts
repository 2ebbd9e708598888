// Powers of two and their logarithm, without the host's, which differ between engines.

/** 2^k for a whole number k. */
export function powerOfTwo(k: number): number {
  let power = 1;
  for (let i = Math.abs(k); i > 0; i--) power *= k < 0 ? 0.5 : 2;
  return power;
}

/** The least whole number k with x <= 2^k. */
export function exponentOf(x: number): number {
  let [k, power] = [0, 1];
  for (; power < x; k++) power *= 2;
  for (; power / 2 >= x && power > 0; k--) power /= 2;
  return k;
}

/** log2(x) for x > 0, by the series of the inverse hyperbolic tangent. */
export function log2(x: number): number {
  const k = exponentOf(x);
  // Between 1/2 and 1, and with the root of 2 between 0.7 and 1.42.
  const scaled = (x / powerOfTwo(k)) * Math.SQRT2;
  const s = (scaled - 1) / (scaled + 1);
  let sum = 0;
  for (let n = 25; n > 0; n -= 2) sum = sum * s * s + 1 / n;
  return k - 0.5 + (2 * s * sum) / Math.LN2;
}
