// Infinities and NaN in rows: softmax, its logarithm, the logarithm of the sum, and gated units, forward and backward. Each
// against its convention, and against PyTorch with every kind of difference listed.

import { describe, expect, test } from 'vitest';
import { activation, softmax, workspace } from '../../src/index.js';
import type { Any } from '../check/case.js';
import vectors from '../vectors/limits.json' with { type: 'json' };

const { NaN: nan } = Number;
type Row = [number, number];

/** A gate's function and its slope, with their limits. */
const logistic = (x: number) => 1 / (1 + Math.exp(-x));
const phi = (x: number) => ({ '-1': 0.15865525393145707, '0': 0.5, '2': 0.9772498680518208 })[x] ?? Number(x > 0);
const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const times = (share: (x: number) => number) => (x: number) => (x === -Infinity ? 0 : x * share(x));
const between = (slope: (x: number) => number) => (x: number) => (Math.abs(x) === Infinity ? Number(x > 0) : slope(x));
const gates: Record<string, [f: (x: number) => number, slope: (x: number) => number]> = {
  glu: [logistic, (x) => logistic(x) * logistic(-x)],
  swiglu: [times(logistic), between((x) => logistic(x) * (1 + x * logistic(-x)))],
  geglu: [times((x) => (Number.isNaN(x) ? x : phi(x))), between((x) => phi(x) + x * density(x))],
};

function softmaxOf([a, b]: Row): Row {
  const top = Math.max(a, b);
  const [e, f] = [Math.exp(a - top), Math.exp(b - top)];
  return [e / (e + f), f / (e + f)];
}
/** The share of each value in the gradient of the logarithm of the sum. */
function shares(row: Row): Row {
  const top = Math.max(...row);
  if (top === -Infinity) return [0, 0];
  if (top < Infinity || Number.isNaN(top)) return softmaxOf(row);
  const largest = row.filter((v) => v === top).length;
  return row.map((v) => (v === top ? 1 / largest : 0)) as Row;
}

/** The convention: y, and the gradients by a row from dy. */
const conventions: Record<string, [y: (row: Row) => number[], dx: (row: Row, dy: Row) => number[]]> = {
  softmax: [
    softmaxOf,
    (row, [g, h]) => {
      const [p, q] = softmaxOf(row);
      const sum = p * g + q * h;
      return [p * (g - sum), q * (h - sum)];
    },
  ],
  log: [
    ([a, b]) => {
      const top = Math.max(a, b);
      const sum = Math.log(Math.exp(a - top) + Math.exp(b - top));
      return [a - top - sum, b - top - sum];
    },
    (row, [g, h]) => softmaxOf(row).map((p, i) => [g, h][i] - p * (g + h)),
  ],
  logSumExp: [
    ([a, b]) => {
      const top = Math.max(a, b);
      return [Math.abs(top) === Infinity ? top : top + Math.log(Math.exp(a - top) + Math.exp(b - top))];
    },
    // A share of 0 that is no limit of e^x / sum, because there is no sum, is 0 whatever dy.
    (row, [g]) => shares(row).map((p) => (p === 0 && Math.abs(Math.max(...row)) === Infinity ? 0 : g * p)),
  ],
  ...Object.fromEntries(
    Object.entries(gates).map(([name, [f, slope]]) => [
      name,
      [
        ([value, gate]: Row) => [value * f(gate)],
        ([value, gate]: Row, [g]: Row) => [g * f(gate), g * value * slope(gate)],
      ],
    ]),
  ),
};

const number = (v: unknown) => Number(String(v).replace('inf', 'Infinity'));
const numbers = (values: unknown[]) => values.map(number);
const same = (got: number, expected: number) =>
  Number.isNaN(expected) ? Number.isNaN(got) : got === expected || Math.abs(got - expected) < 1e-6;
const functions: Record<string, Any> = { softmax, ...softmax, ...activation };

/** Where PyTorch has NaN and these have a limit. */
const limits: Record<string, (row: Row) => boolean> = {
  logSumExp: (row) => Math.abs(Math.max(...row)) === Infinity,
  swiglu: ([, gate]) => Math.abs(gate) === Infinity,
  geglu: ([, gate]) => Math.abs(gate) === Infinity,
};

describe.each(Object.keys(conventions))('%s', (name) => {
  const [forward, backward] = conventions[name];
  const cases = (vectors.cases as [string, unknown[], unknown[], [unknown[], unknown[]][]][]).filter(
    (c) => c[0] === name,
  );

  test.each(cases.map(([, row, ...rest]) => [row, ...rest] as const))('of %o', (given, theirY, gradients) => {
    const row = numbers(given) as Row;
    const where = { columns: 2 };
    const x = Float32Array.from(row);
    const y: Float32Array = functions[name].forward(x, where);
    const check = (got: Float32Array, expected: number[], theirs: number[], of: string) =>
      got.forEach((v, i) => {
        expect(same(v, expected[i]), `${of}: ${v}, not ${expected[i]}`).toBe(true);
        if (!limits[name]?.(row) || !Number.isNaN(theirs[i]))
          expect(same(v, theirs[i]), `${of}: ${v}; PyTorch: ${theirs[i]}`).toBe(true);
      });
    check(y, forward(row), numbers(theirY), 'y');
    expect(gradients.length).toBeGreaterThan(2);
    for (const [given, theirs] of gradients) {
      const dy = numbers(given);
      const saved = name === 'softmax' || name === 'log' ? { y } : { x };
      const dx = functions[name].backward({ ...saved, dy: Float32Array.from(dy), ...where });
      check(dx, backward(row, dy as Row), numbers(theirs), `dx of dy [${dy}]`);
    }
  });
});

test('the gradient of the logarithm of a sum, of rows of every length and in place', () => {
  for (let columns = 1; columns < 40; columns++) {
    const low = new Float32Array(columns).fill(-Infinity);
    expect(softmax.logSumExp.backward({ x: low, dy: Float32Array.of(nan), columns })).toEqual(
      new Float32Array(columns),
    );
    for (const at of new Set([0, columns >> 1, columns - 1])) {
      const high = Float32Array.from({ length: columns }, (_, i) => (i === at ? Infinity : i - 5));
      const expected = new Float32Array(columns);
      expected[at] = 3;
      const given = { dy: Float32Array.of(3), columns };
      expect(softmax.logSumExp.backward({ x: high, ...given })).toEqual(expected);
      const own = workspace({ bytes: 1024 }).float32(columns);
      own.set(high);
      expect(Array.from(softmax.logSumExp.backward({ x: own, out: own, ...given }))).toEqual([...expected]);
    }
  }
  const [x, dy] = [Float32Array.of(Infinity, 1, Infinity, Infinity), Float32Array.of(1)];
  const third = Math.fround(1 / 3);
  expect([...softmax.logSumExp.backward({ x, dy, columns: 4 })]).toEqual([third, 0, third, third]);
  // Along another axis too.
  const two = Float32Array.of(-Infinity, 0, -Infinity, Infinity);
  const along = { shape: [2, 2], axis: 0 };
  expect([...softmax.logSumExp.backward({ x: two, dy: Float32Array.of(1, 1), ...along })]).toEqual([0, 0, 0, 1]);
});
