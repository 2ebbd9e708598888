// Activations with random arguments: their values and slopes against the formulas, in any memory.

import fc from 'fast-check';
import { expect } from 'vitest';
import type { Row } from '../../src/activation/row.js';
import { activations, parametersOf } from '../../src/activation/table.js';
import { activation, gain, random, softmax } from '../../src/index.js';
import { compare, phi } from '../activation/accuracy.js';
import type { Any } from '../check/case.js';
import { ulps } from '../oracle.js';
import {
  allocator,
  axes,
  bits,
  expectNear,
  functions,
  lengths,
  location,
  property,
  rowOf,
  seeds,
  values,
} from './arbitraries.js';

property(
  'an activation is its formula, in any memory, in place or not, and writes nothing else',
  250,
  fc.record({
    f: functions,
    n: lengths,
    from: seeds,
    special: fc.boolean(),
    scale: fc.constantFrom(0.01, 4, 100),
    at: fc.tuple(location, location, location),
    result: fc.constantFrom('out', 'in place', 'new'),
  }),
  ({ f: { name, options }, n, from, special, scale, at, result }) => {
    const row: Row = activations[name];
    const numbers = parametersOf(name, row, options).map(Math.fround) as [number, number];
    const variant = { name, activation: name, row, chosen: options as Record<string, string>, numbers };
    const { forward, backward } = activation[name] as Any;
    const { copyTo, guardsIntact } = allocator();
    const x = values(n, from, scale, special);
    const y: Float32Array = forward(x, options);
    // With an alpha other than 1 the quotient x / alpha is rounded once more.
    const extra = name === 'celu' && numbers[0] !== 1 ? 0.5 : 0;
    const { error } = compare(variant, 'forward', x, y, { error: 0, at: 0 });
    expect(error).toBeLessThanOrEqual(row.ulp.forward + extra);
    const inside = copyTo(at[0], x);
    const out = result === 'in place' ? inside : result === 'out' ? copyTo(at[1], y).fill(9) : undefined;
    const got = forward(inside, { ...options, out });
    if (out) expect(got).toBe(out);
    expect(bits(got)).toBe(bits(y));
    if (result !== 'in place') expect(bits(inside)).toBe(bits(x));

    const saved = row.keeps === 'x' ? x : y;
    const ones = new Float32Array(n).fill(1);
    const slope: Float32Array = backward({ [row.keeps]: saved, dy: ones, ...options });
    expect(compare(variant, 'backward', saved, slope, { error: 0, at: 0 }).error).toBeLessThanOrEqual(row.ulp.backward);
    const dy = values(n, from + 1, 2, special);
    const dx = backward({ [row.keeps]: saved, dy, ...options });
    const [input, gradient] = [copyTo(at[0], saved), copyTo(at[2], dy)];
    const to = result === 'in place' ? gradient : result === 'out' ? copyTo(at[1], dy).fill(9) : undefined;
    const back = backward({ [row.keeps]: input, dy: gradient, out: to, ...options });
    if (to) expect(back).toBe(to);
    expect(bits(back)).toBe(bits(dx));
    expect(bits(input)).toBe(bits(saved));
    if (result !== 'in place') expect(bits(gradient)).toBe(bits(dy));
    expect(guardsIntact()).toBe(true);
    // A slice has the bits of the whole.
    const [low, high] = [n >> 2, n - (n >> 3)];
    expect(bits(forward(x.subarray(low, high), options))).toBe(bits(y.subarray(low, high)));
  },
);

property(
  'a slope is the derivative of the formula, where it is smooth',
  20,
  fc.record({ f: functions, x: fc.double({ min: -8, max: 8, noNaN: true }) }),
  ({ f: { name, options }, x: at }) => {
    const row: Row = activations[name];
    const [a, b] = parametersOf(name, row, options).map(Math.fround);
    const x = Math.fround(at);
    const f = (t: number) => row.formula(t, a, b);
    const h = 1e-3;
    // At a kink that a parameter makes, the slope is that of one side.
    if ([0, a, b].some((k) => Math.abs(Math.abs(x) - Math.abs(k)) < 2 * h)) return;
    const slopes = [h, h / 2].map((d) => (f(x + d) - f(x - d)) / (2 * d));
    // Near a kink the two sides differ.
    const sides = [f(x + h) - f(x), f(x) - f(x - h)];
    if (Math.abs(sides[0] - sides[1]) > 0.02 * h) return;
    const one = Float32Array.of(x);
    const saved = row.keeps === 'x' ? one : (activation[name] as Any).forward(one, options);
    const [slope] = (activation[name] as Any).backward({ [row.keeps]: saved, dy: Float32Array.of(1), ...options });
    // From a saturated y the slope has few digits.
    expect(Math.abs(slope - slopes[1])).toBeLessThan(0.02 + 1e-3 * Math.abs(slope));
  },
);

/** The function of the gate and its derivative. */
const gates: Record<string, [f: (x: number) => number, slope: (x: number) => number]> = {
  glu: [activations.sigmoid.formula as Any, (x) => Math.exp(-Math.abs(x)) / (1 + Math.exp(-Math.abs(x))) ** 2],
  swiglu: [activations.silu.formula, activations.silu.derivative],
  geglu: [(x) => x * phi(x)[0], (x) => phi(x)[0] + x * phi(x)[1]],
};
property(
  'glu, swiglu and geglu are value f(gate), with either half as the gate',
  40,
  fc.record({
    name: fc.constantFrom('glu', 'swiglu', 'geglu'),
    outer: fc.integer({ min: 0, max: 5 }),
    half: fc.integer({ min: 1, max: 20 }),
    inner: fc.integer({ min: 1, max: 3 }),
    gate: fc.constantFrom('first', 'second', undefined),
    from: seeds,
    at: fc.tuple(location, location, location),
  }),
  ({ name, outer, half, inner, gate, from, at }) => {
    const { copyTo, guardsIntact } = allocator();
    const n = 2 * outer * half * inner;
    const [x, dy] = [values(n, from, 4), values(n / 2, from + 1, 2)];
    const options = { shape: [outer, 2 * half, inner], axis: 1, gate } as Any;
    const f = (activation as Any)[name];
    const y: Float32Array = f.forward(x, options);
    const dx: Float32Array = f.backward({ x, dy, ...options });
    const [value, slope] = gates[name];
    const block = half * inner;
    for (let i = 0; i < n / 2; i++) {
      const start = 2 * Math.floor(i / block) * block + (i % block);
      const [v, g] = gate === 'first' ? [start + block, start] : [start, start + block];
      expectNear(y[i], x[v] * value(x[g]), 4);
      expectNear(dx[v], dy[i] * value(x[g]), 4);
      expectNear(dx[g], dy[i] * x[v] * slope(x[g]), 6, Math.abs(dy[i] * x[v]));
    }
    const out = copyTo(at[1], y).fill(9);
    f.forward(copyTo(at[0], x), { ...options, out });
    expect(bits(out)).toBe(bits(y));
    const to = copyTo(at[2], x).fill(9);
    f.backward({ x: copyTo(at[0], x), dy: copyTo(at[1], dy), ...options, out: to });
    expect(bits(to)).toBe(bits(dx));
    expect(guardsIntact()).toBe(true);
  },
);

property(
  'prelu has a slope for each channel, and sums its gradient',
  30,
  fc.record({
    shape: fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 4 })),
    one: fc.boolean(),
    from: seeds,
    at: fc.tuple(location, location),
    inPlace: fc.boolean(),
  }),
  ({ shape, one, from, at, inPlace }) => {
    const { copyTo, guardsIntact } = allocator();
    const [outer, channels, inner] = shape;
    const n = outer * channels * inner;
    const [x, dy, slopes] = [values(n, from), values(n, from + 1), values(one ? 1 : channels, from + 2, 1)];
    const options = one ? { slopes } : { slopes, shape, axis: 1 };
    const y = activation.prelu.forward(x, options);
    const { dx, dslopes } = activation.prelu.backward({ x, dy, ...options });
    const sums = Array.from(slopes, () => 0);
    x.forEach((v, i) => {
      const c = one ? 0 : Math.floor(i / inner) % channels;
      expectNear(y[i], v > 0 ? v : v * slopes[c], 0.5);
      expectNear(dx[i], v > 0 ? dy[i] : dy[i] * slopes[c], 0.5);
      if (!(v > 0)) sums[c] += v * dy[i];
    });
    sums.forEach((sum, c) => expectNear(dslopes[c], sum, 1, n));
    const inside = copyTo(at[0], x);
    const out = inPlace ? inside : copyTo(at[1], x);
    activation.prelu.forward(inside, { ...options, out });
    expect(bits(out)).toBe(bits(y));
    expect(guardsIntact()).toBe(true);
  },
);

property(
  'dropout: a seed makes one mask, forward and backward, in place or not',
  30,
  fc.record({
    n: lengths,
    from: seeds,
    p: fc.double({ min: 0, max: 1, noNaN: true }),
    at: fc.tuple(location, location),
    inPlace: fc.boolean(),
  }),
  ({ n, from, p, at, inPlace }) => {
    const { copyTo, guardsIntact } = allocator();
    const x = values(n, from).map((v) => v || 1);
    const y = activation.dropout.forward(x, { p, seed: from });
    const dx = activation.dropout.backward({ dy: x, p, seed: from });
    expect(bits(dx)).toBe(bits(y));
    const scale = Math.fround(1 / (1 - p));
    y.forEach((v, i) => expect(v === 0 || ulps(v, x[i] * scale) <= 1 || !Number.isFinite(x[i] * scale)).toBe(true));
    const kept = y.filter((v) => v !== 0).length;
    expect(Math.abs(kept - n * (1 - p))).toBeLessThanOrEqual(6 * Math.sqrt(n * p * (1 - p)) + 3);
    const inside = copyTo(at[0], x);
    const out = inPlace ? inside : copyTo(at[1], x);
    activation.dropout.forward(inside, { p, rng: random.philox(from), out });
    expect(bits(out)).toBe(bits(y));
    expect(guardsIntact()).toBe(true);
  },
);

property(
  'softmax, its logarithm and logSumExp are their formulas along any axis',
  80,
  fc.record({
    axis: axes,
    from: seeds,
    scale: fc.constantFrom(0.1, 5, 200),
    at: fc.tuple(location, location),
    inPlace: fc.boolean(),
  }),
  ({ axis, from, scale, at, inPlace }) => {
    const { n, rows, options } = axis;
    const { copyTo, guardsIntact } = allocator();
    const x = values(n, from, scale);
    const dy = values(n, from + 1, 2);
    const [y, log, sum] = [
      softmax.forward(x, options),
      softmax.log.forward(x, options),
      softmax.logSumExp.forward(x, options),
    ];
    const dsum = values(rows, from + 2, 2);
    const dx = softmax.backward({ y, dy, ...options });
    const dlog = softmax.log.backward({ y: log, dy, ...options });
    const dlse = softmax.logSumExp.backward({ x, dy: dsum, ...options });
    expect(sum.length).toBe(rows);
    for (let r = 0; r < rows && axis.columns > 0; r++) {
      const row = rowOf(x, axis, r);
      const top = Math.max(...row);
      // log1p of the sum without the largest term has full accuracy near 0; the kernel's logarithm has 1e-15.
      const first = row.indexOf(top);
      const rest = row.reduce((s, v, k) => (k === first ? s : s + Math.exp(v - top)), 0);
      const total = 1 + rest;
      expectNear(sum[r], top + Math.log1p(rest), 2, Math.abs(top));
      const g = rowOf(dy, axis, r);
      const share = row.map((v) => Math.exp(v - top) / total);
      const shares = rowOf(y, axis, r);
      const dot = shares.reduce((s, v, k) => s + v * g[k], 0);
      const all = g.reduce((s, v) => s + v, 0);
      row.forEach((v, k) => {
        expectNear(y[axis.index(r, k)], share[k], 4);
        expectNear(log[axis.index(r, k)], v - top - Math.log1p(rest), 2, Math.abs(v - top) + 1e-8);
        expectNear(dx[axis.index(r, k)], shares[k] * (g[k] - dot), 8, shares[k] * 4);
        expectNear(dlog[axis.index(r, k)], g[k] - share[k] * all, 8, 4 + Math.abs(all) * (1 + Math.abs(v - top)));
        expectNear(dlse[axis.index(r, k)], dsum[r] * share[k], 5, 0);
      });
    }
    const inside = copyTo(at[0], x);
    const out = inPlace ? inside : copyTo(at[1], x);
    expect(softmax.forward(inside, { ...options, out })).toBe(out);
    expect(bits(out)).toBe(bits(y));
    const [gradient, saved] = [copyTo(at[0], dy), copyTo(at[1], log)];
    softmax.log.backward({ y: saved, dy: gradient, ...options, out: gradient });
    expect(bits(gradient)).toBe(bits(dlog));
    expect(guardsIntact()).toBe(true);
  },
);

property('a gain is finite, or an error that says why', 20, functions, ({ name, options }) => {
  try {
    const { forward, ...rest } = gain.describe(name, options);
    expect(forward > 0 && Number.isFinite(forward)).toBe(true);
    expect(Object.values(rest).every((v) => v >= 0)).toBe(true);
    expect(gain(name, options)).toBe(forward);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toMatch(/^gain[\w.]*: .*; /);
  }
});
