// How many cases a property is tried with: about a thousand for all of a file together, or as many as FANWISE_FUZZ says.
// The seed stands still unless FANWISE_FUZZ_SEED says another, so that a failure comes back.

import fc, { type Arbitrary } from 'fast-check';
import { test } from 'vitest';
import { workspace } from '../../src/index.js';
import { noise } from '../oracle.js';

const env = globalThis.process?.env ?? {};
export const cases = Number(env.FANWISE_FUZZ ?? 1000);
export const seed = Number(env.FANWISE_FUZZ_SEED ?? 1);
const HOUR = 3_600_000;

/** A test of a property with `share` of a thousand cases. */
export function property<T>(
  name: string,
  share: number,
  arbitrary: Arbitrary<T>,
  holds: (given: T) => void | Promise<void>,
): void {
  const numRuns = Math.max(1, Math.round((share * cases) / 1000));
  test(
    name,
    () =>
      fc.assert(
        fc.asyncProperty(arbitrary, async (given) => holds(given)),
        { numRuns, seed },
      ),
    HOUR,
  );
}

/** Lengths: short ones, what lies around a vector or a tile, and sometimes more than a tile. */
export const lengths = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 6, arbitrary: fc.constantFrom(15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 257, 1000) },
  { weight: 1, arbitrary: fc.constantFrom(16383, 16384, 16385, 32773) },
);

const SPECIAL = [0, -0, Number.NaN, Infinity, -Infinity, 1e-45, -1e-45, 1e-39, 3.4e38, -3.4e38, 20, -20, 88.8, -104];

/** n values from a seed; `special` puts zeros, infinities, NaN and other extremes among them. */
export function values(n: number, from: number, scale = 4, special = false): Float32Array {
  const x = noise(from, n, scale);
  if (special) for (let i = from % 3; i < n; i += 3 + (from % 5)) x[i] = SPECIAL[(from + i) % SPECIAL.length];
  return x;
}

/** Where an array may live. Around the parts of something larger stand sevens, which nobody is to touch. */
export const places = ['elsewhere', 'part', 'made', 'part of a workspace', 'another workspace', 'resizable'] as const;
export type Place = (typeof places)[number];
export const place = fc.constantFrom(...places);

/** Room for arrays of one call: those 'made' and those that are parts live in one workspace. */
export function room(): { put(kind: Place, x: Float32Array): Float32Array; intact(): boolean } {
  const ws = workspace({ bytes: 1 << 20 });
  const around: Float32Array[] = [];
  const inside = (whole: Float32Array, n: number) => {
    around.push(whole.subarray(0, 3), whole.subarray(3 + n));
    whole.fill(7);
    return whole.subarray(3, 3 + n);
  };
  const made: Record<Place, (n: number) => Float32Array> = {
    elsewhere: (n) => new Float32Array(n),
    part: (n) => inside(new Float32Array(n + 8), n),
    made: (n) => ws.float32(n),
    'part of a workspace': (n) => inside(ws.float32(n + 8), n),
    'another workspace': (n) => workspace({ bytes: 4 * n }).float32(n),
    resizable: (n) => {
      const Buffer = ArrayBuffer as unknown as new (bytes: number, o: object) => ArrayBuffer;
      return new Float32Array(new Buffer(4 * n, { maxByteLength: 4 * n + 16 }));
    },
  };
  return {
    put(kind, x) {
      const array = made[kind](x.length);
      array.set(x);
      return array;
    },
    intact: () => around.every((part) => part.every((v) => v === 7)),
  };
}

/** Bits alone, all NaN alike: engines may change a NaN's sign and payload. */
export const bits = (x: ArrayLike<number>): string => {
  const words = new Uint32Array(Float32Array.from(x, (v) => (Number.isNaN(v) ? 0 : v)).buffer);
  return Array.from(x, (v, i) => (Number.isNaN(v) ? 'n' : words[i].toString(36))).join();
};
