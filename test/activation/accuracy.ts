// The error of a kernel against its row's formula in double precision: `npm test` samples it, `npm run verify` has every float32.

import type { Row } from '../../src/activation/row.js';
import { type Activation, activation, activations, parametersOf } from '../../src/activation/table.js';
import { hash, sweep, ulps } from '../oracle.js';

/** A row with its default options, or with another of its choices. */
export interface Variant {
  name: string;
  activation: Activation;
  row: Row;
  /** The choices that are not the default, as options. */
  chosen: Record<string, string>;
  /** The numbers that the kernels take, in binary32. */
  numbers: [a: number, b: number];
}

export const variants: Variant[] = (Object.keys(activations) as Activation[]).flatMap((activation) => {
  const row: Row = activations[activation];
  const others = Object.entries(row.parameters).flatMap(([parameter, { value, ...rest }]) =>
    'choices' in rest
      ? Object.keys(rest.choices)
          .filter((word) => word !== value)
          .map((word) => ({ [parameter]: word }))
      : [],
  );
  return [{}, ...others].map((chosen) => ({
    name: [activation, ...Object.values(chosen)].join(' '),
    activation,
    row,
    chosen,
    numbers: parametersOf(activation, row, chosen).map(Math.fround) as [number, number],
  }));
});

export type Direction = 'forward' | 'backward';
export const directions: Direction[] = ['forward', 'backward'];

/** The largest error found, in units in the last place, and the input at which it is. */
export interface Worst {
  error: number;
  at: number;
}

/** Runs a kernel on inputs into out; backward gets what forward saves, and a gradient of ones. */
export function run(
  { activation: name, row, chosen }: Variant,
  direction: Direction,
  x: Float32Array,
  ones: Float32Array,
  out: Float32Array,
): void {
  if (direction === 'forward') (activation[name] as (typeof activation)['tanh']).forward(x, { ...chosen, out });
  else activation[name].backward({ [row.keeps]: x, dy: ones, out, ...chosen } as never);
}

/**
 * The largest error of results against the formula, or (backward) against the derivative from what forward saved; at least that
 * of `worst`, found before. Where the slope crosses zero its error counts in units of 2^-24, if those are larger.
 */
export function compare(
  { activation: name, row, chosen, numbers: [a, b] }: Variant,
  direction: Direction,
  x: Float32Array,
  got: Float32Array,
  { error: worst, at }: Worst,
): Worst {
  const f = direction === 'forward' ? row.formula : row.derivative;
  const exactly = name === 'gelu' && chosen.approximate === undefined ? gelu[direction] : f;
  const floor = direction === 'backward' && row.crosses ? 2 ** -24 : 0;
  // A monotone function has no y beyond its limits.
  const [low, high] =
    direction === 'backward' && row.keeps === 'y'
      ? [row.formula(-Infinity, a, b), row.formula(Infinity, a, b)]
      : [-Infinity, Infinity];
  for (let i = 0; i < x.length; i++) {
    if (x[i] < low || x[i] > high) continue;
    const exact = exactly(x[i], a, b);
    const off = Math.abs(got[i] - exact);
    // A unit is 2^-24 to 2^-23 of the value: an error below the worst by this bound is below it in units too.
    if (off <= worst * Math.max(Math.abs(exact) * 2 ** -24, floor)) continue;
    const error = Math.min(ulps(got[i], exact), floor > 0 && off >= 0 ? off / floor : Infinity);
    if (error > worst) [worst, at] = [error, x[i]];
  }
  return { error: worst, at };
}

/** A hash of a function's results, forward and backward, at a sample of inputs: it changes when a kernel does. */
export function sampled(variant: Variant): number {
  const x = sweep(128).filter((v) => !Number.isNaN(v)); // NaN has no bits of its own
  const both = new Float32Array(2 * x.length);
  const ones = new Float32Array(x.length).fill(1);
  directions.forEach((direction, i) =>
    run(variant, direction, x, ones, both.subarray(i * x.length, (i + 1) * x.length)),
  );
  return hash(both.map((v) => (Number.isNaN(v) ? 0 : v)));
}

// gelu's formula sums series, half a microsecond a value; over all inputs that is most of an hour. The same from
// Taylor series of Mills' ratio M(a) = e^(a^2/2) Phi(-a) about points 1/64 apart: M' = a M - 1 / sqrt(2 pi).
const NEAR = 1 / 64;
const ORDER = 8;
const DENSITY = 0.3989422804014327;
let table: Float64Array | undefined;

/** The coefficients about each point up to 40: M by its continued fraction, and below 3 by the series of the next point. */
function millsTable(): Float64Array {
  const points = 40 / NEAR + 1;
  const c = new Float64Array(points * ORDER);
  for (let i = points - 1; i >= 0; i--) {
    const a = i * NEAR;
    let m: number;
    if (a >= 3) {
      let fraction = 0;
      for (let k = 400; k > 0; k--) fraction = k / (a + fraction);
      m = DENSITY / (a + fraction);
    } else m = mills(c, a, i + 1); // by the next larger point: errors of M' = a M - c decay towards smaller a
    let [before, now] = [0, m];
    let factorial = 1;
    for (let n = 0; n < ORDER; n++) {
      c[i * ORDER + n] = now / factorial;
      // M^(n+1) = a M^(n) + n M^(n-1), and M' has the constant.
      [before, now] = [now, a * now + n * before - (n === 0 ? DENSITY : 0)];
      factorial *= n + 1;
    }
  }
  return c;
}
function mills(c: Float64Array, a: number, point: number): number {
  const h = a - point * NEAR;
  let sum = 0;
  for (let n = ORDER - 1; n >= 0; n--) sum = sum * h + c[point * ORDER + n];
  return sum;
}
/** Phi(x) and the density. */
export function phi(x: number): [number, number] {
  table ??= millsTable();
  const a = Math.abs(x);
  const bell = Math.exp(-0.5 * x * x);
  const tail = a >= 40 ? 0 : bell * mills(table, a, Math.round(a / NEAR));
  return [x > 0 ? 1 - tail : tail, DENSITY * bell];
}
const gelu = {
  forward: (x: number) => (x === -Infinity ? 0 : x * phi(x)[0]),
  backward(x: number) {
    if (Math.abs(x) === Infinity) return x > 0 ? 1 : 0;
    const [p, density] = phi(x);
    return p + x * density;
  },
} satisfies Record<Direction, (x: number) => number>;
