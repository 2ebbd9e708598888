// What fuzz tests share: how often a property is tested, and arbitraries of fast-check for arrays, memory and options.

import fc, { type Arbitrary } from 'fast-check';
import { expect, test } from 'vitest';
import type { Row } from '../../src/activation/row.js';
import { type Activation, activations } from '../../src/activation/table.js';
import { init, random, workspace } from '../../src/index.js';
import { type Initialising, initialisers } from '../../src/init/table.js';
import type { Option, Options } from '../../src/options.js';
import { type DistributionName, distributions } from '../../src/random/distributions.js';
import type { Any } from '../check/case.js';
import { required } from '../check/options.js';
import { noise, ulps } from '../oracle.js';

const env = globalThis.process?.env ?? {};
/** For every thousand cases of a share; the seed is fixed so that a failure comes again. */
export const cases = Number(env.FANWISE_FUZZ ?? 1000);
export const seed = Number(env.FANWISE_FUZZ_SEED ?? 1);
const HOUR = 3_600_000;

/** A test of a property with `share` of a thousand cases. */
export function property<T>(
  name: string,
  share: number,
  arbitrary: Arbitrary<T>,
  holds: (value: T) => void | Promise<void>,
): void {
  const numRuns = Math.max(1, Math.round((share * cases) / 1000));
  test(
    name,
    () =>
      fc.assert(
        fc.asyncProperty(arbitrary, async (value) => holds(value)),
        { numRuns, seed },
      ),
    HOUR,
  );
}

/** Lengths: short ones, those around a vector and a tile, and a few of more than a tile. */
export const lengths = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 6, arbitrary: fc.constantFrom(15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 257, 1000) },
  { weight: 1, arbitrary: fc.constantFrom(16383, 16384, 16385, 32773) },
);

const SPECIAL = [0, -0, Number.NaN, Infinity, -Infinity, 1e-45, -1e-45, 1e-39, 3.4e38, -3.4e38, 20, -20, 88.8, -104];

/** n values from a seed; with `special` zeros, infinities, NaN and other extremes are among them. */
export function values(n: number, from: number, scale = 4, special = false): Float32Array {
  const x = noise(from, n, scale);
  if (special) for (let i = from % 3; i < n; i += 3 + (from % 5)) x[i] = SPECIAL[(from + i) % SPECIAL.length];
  return x;
}

/** The memory of an array. */
export const locations = [
  'buffer of its own',
  'slice',
  'workspace',
  'slice of a workspace',
  'another workspace',
  'resizable buffer',
] as const;
export type Location = (typeof locations)[number];
export const location = fc.constantFrom(...locations);

const GUARD = 7;

/** Allocates the arrays of one call, which share a workspace. Around slices there are guard values that no call may change. */
export function allocator(): { copyTo(location: Location, x: Float32Array): Float32Array; guardsIntact(): boolean } {
  const ws = workspace({ bytes: 1 << 20 });
  const guards: Float32Array[] = [];
  const guarded = (whole: Float32Array, n: number) => {
    guards.push(whole.subarray(0, 3), whole.subarray(3 + n));
    whole.fill(GUARD);
    return whole.subarray(3, 3 + n);
  };
  const allocate: Record<Location, (n: number) => Float32Array> = {
    'buffer of its own': (n) => new Float32Array(n),
    slice: (n) => guarded(new Float32Array(n + 8), n),
    workspace: (n) => ws.float32(n),
    'slice of a workspace': (n) => guarded(ws.float32(n + 8), n),
    'another workspace': (n) => workspace({ bytes: 4 * n }).float32(n),
    'resizable buffer': (n) => {
      const Buffer = ArrayBuffer as unknown as new (bytes: number, o: object) => ArrayBuffer;
      return new Float32Array(new Buffer(4 * n, { maxByteLength: 4 * n + 16 }));
    },
  };
  return {
    copyTo(location, x) {
      const array = allocate[location](x.length);
      array.set(x);
      return array;
    },
    guardsIntact: () => guards.every((guard) => guard.every((v) => v === GUARD)),
  };
}

/** The bits of an array as text, all NaN alike: engines may change the sign and payload of NaN. */
export const bits = (x: ArrayLike<number>): string => {
  const words = new Uint32Array(Float32Array.from(x, (v) => (Number.isNaN(v) ? 0 : v)).buffer);
  return Array.from(x, (v, i) => (Number.isNaN(v) ? 'n' : words[i].toString(36))).join();
};

export const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
export const generators = ['philox', 'torch', 'threefry'] as const;
const oneOfEach = generators.map((kind) => random[kind](0));

/** A value of an option, its default or another. Numbers lie above their lower bound, or within `reach` of 0. */
function optionValue(option: Option, reach: number): Arbitrary<unknown> {
  if ('choices' in option) return fc.constantFrom(...Object.keys(option.choices));
  if (typeof option.value === 'boolean') return fc.boolean();
  if (typeof option.value === 'function') return fc.constant(option.value);
  const { least = -reach, most = Infinity, open, whole } = option as Any;
  const margin = open ? 0.0625 : 0;
  const [min, max] = [least + margin, Math.min(least + 2 * reach, most) - margin];
  // Most of all doubles are tiny, so multiples of 1/64 are among the numbers.
  const number = whole
    ? fc.integer({ min, max })
    : fc.oneof(
        fc.double({ min, max, noNaN: true }),
        fc.integer({ min: Math.ceil(64 * min), max: Math.floor(64 * max) }).map((v) => v / 64),
      );
  if (Array.isArray(option.value)) return fc.tuple(number, number);
  return option.value === undefined ? number : fc.oneof(fc.constant(option.value), number);
}

/** Options of a row; those that may be left out sometimes are. */
export function optionsOf(row: Options, reach = 8): Arbitrary<Record<string, unknown>> {
  const all = Object.fromEntries(Object.entries(row).map(([name, option]) => [name, optionValue(option, reach)]));
  const some = fc.record(all, { requiredKeys: Object.keys(required(row)) });
  // An option that has to be at least another one is raised to it.
  return some.map((options) => {
    const raised: Any = { ...options };
    const present = (name: string) => raised[name] ?? (row[name] as Any).value;
    for (const [name, option] of Object.entries(row))
      if ('from' in option && option.from && present(name) < present(option.from)) raised[name] = present(option.from);
    return raised;
  });
}

/** Whether a call throws nothing. */
export function succeeds(call: () => unknown): boolean {
  try {
    call();
    return true;
  } catch {
    return false;
  }
}

/** A row by its name, with options that are valid together. */
function named<N extends string>(
  names: N[],
  optionsFor: (name: N) => Arbitrary<Record<string, unknown>>,
  isValid: (name: N, options: Record<string, unknown>) => boolean = () => true,
): Arbitrary<{ name: N; options: Record<string, unknown> }> {
  return fc
    .constantFrom(...names)
    .chain((name) =>
      fc.record({ name: fc.constant(name), options: optionsFor(name).filter((options) => isValid(name, options)) }),
    );
}

/** An activation with its parameters. */
export const functions = named(Object.keys(activations) as Activation[], (name) =>
  optionsOf((activations[name] as Row).parameters),
);

/** A distribution with options with which every generator draws. */
export const draws = named(
  Object.keys(distributions) as DistributionName[],
  (name) => fc.oneof(optionsOf(distributions[name].options, 3), optionsOf(distributions[name].options, 50)),
  (name, options) => {
    return oneOfEach.every((rng) => succeeds(() => (rng as Any)[name](1, options)));
  },
);

/** An initialiser with options of its own with which every generator draws. */
export const initialisations = named(
  Object.keys(initialisers) as Initialising[],
  (name) => optionsOf(initialisers[name].options as Options),
  (name, options) => {
    const shape = [2, 2];
    return oneOfEach.every((rng) => succeeds(() => (init as Any)[name](shape, { rng, ...options })));
  },
);

/** Rows, or an axis of a shape, and the index of value k of row r. */
export const axes = fc.oneof(
  fc
    .record({ rows: fc.integer({ min: 0, max: 6 }), columns: fc.integer({ min: 1, max: 40 }) })
    .map(({ rows, columns }) => ({
      n: rows * columns,
      rows,
      columns,
      index: (r: number, k: number) => r * columns + k,
      options: { columns } as Any,
    })),
  fc
    .record({ shape: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }), axis: fc.nat(7) })
    .map(({ shape, axis: any }) => {
      const axis = any % shape.length;
      const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      const columns = shape[axis];
      const rows = shape.reduce((a, b, i) => (i === axis ? a : a * b), 1);
      return {
        n: rows * columns,
        rows,
        columns,
        index: (r: number, k: number) => (Math.floor(r / inner) * columns + k) * inner + (r % inner),
        options: { shape, axis: any % 2 ? axis : axis - shape.length } as Any,
      };
    }),
);

/** The values of row r. */
export const rowOf = (
  x: Float32Array,
  { index, columns }: { index: (r: number, k: number) => number; columns: number },
  r: number,
) => Array.from({ length: columns }, (_, k) => x[index(r, k)]);

/** Expects a value within so many units in the last place of the exact one, or units of 2^-24 of the terms that it is a sum of. */
export const expectNear = (got: number, exact: number, units: number, terms = 0) =>
  expect(
    ulps(got, exact) <= units || Math.abs(got - exact) <= units * 2 ** -24 * terms + 1e-44,
    `${got} for ${exact}`,
  ).toBe(true);

/** Shapes of up to four axes, sometimes an empty one. */
export const shapes = fc.array(
  fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 7 }) }, { weight: 1, arbitrary: fc.constant(0) }),
  { maxLength: 4 },
);

export const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
