// The kernels of a probe against double precision: statistics with histogram, dead columns, counts and norms.

import { describe, expect, test } from 'vitest';
import { bind, workspace } from '../../src/wasm/memory.js';
import { mean, noise, variance } from '../oracle.js';

const MAX_FLOAT32 = 3.4028234663852886e38;
const ws = workspace({ bytes: 1 << 20 });
const input = ws.float32(4096);
const out = ws.uint32(14 + 32);
const sums = new Float64Array(out.buffer, out.byteOffset, 7);
const statistics = bind(ws, 'statistics', input, out);

const arrays: [string, Float32Array][] = [
  ...[1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100, 1003].map((n): [string, Float32Array] => [
    `${n} values`,
    noise(n, n, 3).map((v) => v ** 3),
  ]),
  ['a constant', new Float32Array(50).fill(0.1)],
  ['zeros', new Float32Array(9)],
  ['an outlier', Float32Array.from({ length: 1000 }, (_, i) => (i === 7 ? 1e6 : i / 1000))],
  ['some not finite', noise(1, 500).map((v, i) => [v, Number.NaN, Infinity, v, v, -Infinity][i % 6])],
  ['not finite in the last values', Float32Array.of(1, 2, 3, 4, 5, Infinity, Number.NaN)],
  ['nothing finite', Float32Array.of(Number.NaN, Infinity, -Infinity, Number.NaN, Number.NaN)],
  ['subnormal', noise(2, 64, 1e-42)],
  [
    'the ends of float32',
    Float32Array.of(MAX_FLOAT32, -MAX_FLOAT32, 0, MAX_FLOAT32, 1, -MAX_FLOAT32, 3, MAX_FLOAT32, -1),
  ],
  ['far from zero', noise(3, 777).map((v) => 1000 + v)],
];

describe.each(arrays)('%s', (_, x) => {
  input.set(x);
  input.fill(Number.NaN, x.length, x.length + 64); // values behind the array do not count
  statistics(x.length);
  const [count, sum, squares, min, max, low, high] = sums.slice();
  const counts = Array.from(out.subarray(14));
  const finite = x.filter(Number.isFinite);

  test('the sums are those in double precision', () => {
    expect(count).toBe(finite.length);
    if (count === 0) return;
    const size = finite.reduce((a, v) => a + Math.abs(v), 0);
    expect(Math.abs(sum - count * mean(finite))).toBeLessThanOrEqual(1e-14 * size);
    const square = finite.reduce((a, v) => a + v * v, 0);
    expect(Math.abs(squares - square)).toBeLessThanOrEqual(1e-14 * square);
    expect([min, max]).toEqual([Math.min(...finite), Math.max(...finite)]);
  });

  test('each finite value is counted in its bin', () => {
    expect(counts.reduce((a, b) => a + b, 0)).toBe(finite.length);
    if (count === 0) return;
    const reach = 4 * Math.sqrt(variance(finite));
    expect(Math.abs(low - Math.max(min, mean(finite) - reach))).toBeLessThanOrEqual(1e-6 * (Math.abs(low) + reach));
    expect(Math.abs(high - Math.min(max, mean(finite) + reach))).toBeLessThanOrEqual(1e-6 * (Math.abs(high) + reach));
    // In float32, as in the kernel: rounding decides for values on the border of two bins.
    const from = Math.fround(low);
    const scale = high > low ? Math.fround(Math.min(32 / (high - low), MAX_FLOAT32)) : 0;
    const expected = new Array<number>(32).fill(0);
    for (const v of finite) {
      const bin = Math.fround(Math.fround(v - from) * scale);
      expected[Math.floor(Math.min(Math.max(bin, 0), 31))]++;
    }
    expect(counts).toEqual(expected);
  });
});

test('a column is dead where it is 0 in every row, and not where one value is small or NaN', () => {
  for (const columns of [1, 3, 4, 5, 8, 13]) {
    for (const rows of [1, 2, 7]) {
      const x = new Float32Array(rows * columns).fill(-0);
      let alive = 0;
      for (let c = 0; c < columns; c += 2, alive++)
        x[(c % rows) * columns + c] = [Number.NaN, 1e-45, -1, Infinity][(c / 2) % 4];
      input.set(x);
      input.fill(1, x.length, x.length + 16);
      expect(bind(ws, 'deadColumns', input)(rows, columns), `${rows} x ${columns}`).toBe(columns - alive);
    }
  }
});

test('values counted below a bound, norms and distances', () => {
  for (const n of [0, 1, 4, 5, 11, 64]) {
    const x = noise(n, n, 2);
    input.fill(0, 0, 80);
    input.set(x);
    if (n > 0) x[0] = x[n - 1] = 0.5; // the bound itself is not below it
    input.set(x);
    expect(bind(ws, 'countBelow', input)(n, 0.5)).toBe(x.filter((v) => Math.abs(v) < 0.5).length);
    const y = ws.float32(64);
    y.set(noise(n + 1, n, 2));
    const padded = Math.ceil(n / 4) * 4;
    const length = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
    const apart = Math.sqrt(x.reduce((sum, v, i) => sum + Math.fround(v - y[i]) ** 2, 0));
    expect(Math.abs(bind(ws, 'distance', input, null)(padded) - length)).toBeLessThanOrEqual(1e-14 * length);
    expect(Math.abs(bind(ws, 'distance', input, y)(padded) - apart)).toBeLessThanOrEqual(1e-14 * apart);
  }
});
