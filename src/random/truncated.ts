// Truncated normals: the probabilities of their bounds, and bounds in binary32.

import { scalar } from '../wasm/kernels.js';
import { randomModule } from '../wasm/module.js';

/** A normal between two values. */
export interface TruncatedLaw {
  mean: number;
  std: number;
  low: number;
  high: number;
}

/** RangeError where low > high. */
export function requireOrder(where: string, low: number, high: number): void {
  if (low > high) throw new RangeError(`${where}: low is ${low} and high ${high}; pass low <= high`);
}

/**
 * The normal's probabilities below the two bounds. An interval whose middle is above the mean is mirrored, so that small
 * probabilities lose no digits.
 */
export function probabilities({ mean, std, low, high }: TruncatedLaw): {
  lower: number;
  upper: number;
  mirrored: boolean;
} {
  const a = (low - mean) / std;
  const b = (high - mean) / std;
  const mirrored = a + b > 0;
  return {
    lower: scalar(randomModule, 'normalCdf', mirrored ? -b : a),
    upper: scalar(randomModule, 'normalCdf', mirrored ? -a : b),
    mirrored,
  };
}

/**
 * The bounds of a truncated normal, with infinite ones replaced by 5.6 standard deviations from the mean: further than an inverse
 * error function gives for any binary32 but -1 and 1, which stand for what is beyond.
 */
export const withoutInfinity = ({ mean, std, low, high }: TruncatedLaw): [low: number, high: number] => [
  low === -Infinity ? mean - 5.6 * std : low,
  high === Infinity ? mean + 5.6 * std : high,
];

/** The value of a truncated normal that has only one; undefined for all others. */
export const onlyTruncatedValue = ({ mean, std, low, high }: TruncatedLaw): number | undefined =>
  Math.fround(std) === 0 || low === high ? Math.min(Math.max(mean, low), high) : undefined;

/** A binary32 and its bits, for neighbour(). To create them at each call took 240 of its 250 ns. */
const float = /* @__PURE__ */ new Float32Array(1);
const bits = /* @__PURE__ */ (() => new Int32Array(float.buffer))();

/** The binary32 nearest to x that is at least x (side 1) or at most x (side -1). strict: not x itself. */
export function neighbour(x: number, side: -1 | 1, strict: boolean): number {
  float[0] = x;
  const beyond = side > 0 ? float[0] >= x : float[0] <= x;
  if (beyond && !(strict && float[0] === x)) return float[0];
  if (float[0] === 0) bits[0] = side > 0 ? 1 : 0x80000001 | 0;
  else bits[0] += float[0] > 0 === side > 0 ? 1 : -1;
  return float[0];
}

/** The least and the largest binary32 between two bounds, strictly or not; where there is none, the bounds rounded. */
export function within(low: number, high: number, strict: boolean): [least: number, largest: number] {
  const [least, largest] = [neighbour(low, 1, strict), neighbour(high, -1, strict)];
  return least <= largest ? [least, largest] : [Math.fround(low), Math.fround(high)];
}
