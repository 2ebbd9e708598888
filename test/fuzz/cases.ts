// How many cases a property is tried with: about a thousand for all of a file together, or as many as FANWISE_FUZZ says.
// The seed stands still unless FANWISE_FUZZ_SEED says another, so that a failure comes back.

import fc, { type Arbitrary } from 'fast-check';
import { expect, test } from 'vitest';
import type { Row } from '../../src/activation/row.js';
import { type Activation, activations } from '../../src/activation/table.js';
import { workspace } from '../../src/index.js';
import { noise, ulps } from '../oracle.js';

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

// biome-ignore lint/suspicious/noExplicitAny: arguments are made of parts
export type Any = any;

export const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
export const names = Object.keys(activations) as Activation[];

/** Parameters of a row, some left out, at sizes that are met. */
export const chosen = (row: Row): fc.Arbitrary<Record<string, unknown>> => {
  const present = (given: Any, name: string) => given[name] ?? row.parameters[name].value;
  const some = fc.record(
    Object.fromEntries(
      Object.entries(row.parameters).map(([name, parameter]) => {
        if ('choices' in parameter) return [name, fc.constantFrom(...Object.keys(parameter.choices))];
        const { least = -8, open } = parameter;
        const from = open ? least + 0.0625 : least;
        return [name, fc.oneof(fc.constant(parameter.value), fc.double({ min: from, max: from + 16, noNaN: true }))];
      }),
    ),
    { requiredKeys: [] },
  );
  // What has to be at least another parameter is.
  return some.map((given) => {
    const raised: Any = { ...given };
    for (const [name, parameter] of Object.entries(row.parameters))
      if ('from' in parameter && present(given, name) < present(given, parameter.from!))
        raised[name] = present(given, parameter.from!);
    return raised;
  });
};
export const functions = fc
  .constantFrom(...names)
  .chain((name) => fc.record({ name: fc.constant(name), options: chosen(activations[name]) }));

/** Rows, or an axis of a shape, and where value k of row r stands. */
export const axes = fc.oneof(
  fc
    .record({ rows: fc.integer({ min: 0, max: 6 }), columns: fc.integer({ min: 1, max: 40 }) })
    .map(({ rows, columns }) => ({
      n: rows * columns,
      rows,
      columns,
      at: (r: number, k: number) => r * columns + k,
      o: { columns } as Any,
    })),
  fc
    .record({ shape: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }), axis: fc.nat(7) })
    .map(({ shape, axis }) => {
      const place = axis % shape.length;
      const inner = shape.slice(place + 1).reduce((a, b) => a * b, 1);
      const columns = shape[place];
      const rows = shape.reduce((a, b, i) => (i === place ? a : a * b), 1);
      return {
        n: rows * columns,
        rows,
        columns,
        o: { shape, axis: axis % 2 ? place : place - shape.length } as Any,
        at: (r: number, k: number) => (Math.floor(r / inner) * columns + k) * inner + (r % inner),
      };
    }),
);
export const column = (
  x: Float32Array,
  { at, columns }: { at: (r: number, k: number) => number; columns: number },
  r: number,
) => Array.from({ length: columns }, (_, k) => x[at(r, k)]);
/** No further off than so many units of the result, or of the largest thing that it is a sum of. */
export const near = (got: number, exact: number, units: number, size = 0) =>
  expect(
    ulps(got, exact) <= units || Math.abs(got - exact) <= units * 2 ** -24 * size + 1e-44,
    `${got} for ${exact}`,
  ).toBe(true);

/** Shapes of up to four axes, now and then an empty one. */
export const shapes = fc.array(
  fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 7 }) }, { weight: 1, arbitrary: fc.constant(0) }),
  {
    maxLength: 4,
  },
);
