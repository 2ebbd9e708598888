// Activations under arguments that nobody chose: values against the formulas of their rows, in any memory.

import fc from 'fast-check';
import { expect } from 'vitest';
import type { Row } from '../../src/activation/row.js';
import { activations, parametersOf } from '../../src/activation/table.js';
import { activation, random } from '../../src/index.js';
import { compare, phi } from '../activation/accuracy.js';
import { ulps } from '../oracle.js';
import { type Any, bits, functions, lengths, near, place, property, room, seeds, values } from './cases.js';

property(
  'an activation is its formula, in any memory, in place or not, and writes nothing else',
  250,
  fc.record({
    f: functions,
    n: lengths,
    from: seeds,
    special: fc.boolean(),
    scale: fc.constantFrom(0.01, 4, 100),
    at: fc.tuple(place, place, place),
    how: fc.constantFrom('out', 'in place', 'new'),
  }),
  ({ f: { name, options }, n, from, special, scale, at, how }) => {
    const row: Row = activations[name];
    const numbers = parametersOf(name, row, options).map(Math.fround) as [number, number];
    const variant = { name, activation: name, row, chosen: options as Record<string, string>, numbers };
    const { forward, backward } = activation[name] as Any;
    const { put, intact } = room();
    const x = values(n, from, scale, special);
    const y: Float32Array = forward(x, options);
    // The quotient x / alpha, which there is with an alpha of one's own, is rounded once more.
    const own = name === 'celu' && numbers[0] !== 1 ? 0.5 : 0;
    const worst = compare(variant, 'forward', x, y, { error: 0, at: 0 }).error;
    expect(worst).toBeLessThanOrEqual(row.ulp.forward + own);
    const inside = put(at[0], x);
    const out = how === 'in place' ? inside : how === 'out' ? put(at[1], y).fill(9) : undefined;
    const got = forward(inside, { ...options, out });
    if (out) expect(got).toBe(out);
    expect(bits(got)).toBe(bits(y));
    if (how !== 'in place') expect(bits(inside)).toBe(bits(x));

    const kept = row.keeps === 'x' ? x : y;
    const ones = new Float32Array(n).fill(1);
    const slope: Float32Array = backward({ [row.keeps]: kept, dy: ones, ...options });
    expect(compare(variant, 'backward', kept, slope, { error: 0, at: 0 }).error).toBeLessThanOrEqual(row.ulp.backward);
    const dy = values(n, from + 1, 2, special);
    const dx = backward({ [row.keeps]: kept, dy, ...options });
    const [given, gradient] = [put(at[0], kept), put(at[2], dy)];
    const to = how === 'in place' ? gradient : how === 'out' ? put(at[1], dy).fill(9) : undefined;
    const back = backward({ [row.keeps]: given, dy: gradient, out: to, ...options });
    if (to) expect(back).toBe(to);
    expect(bits(back)).toBe(bits(dx));
    expect(bits(given)).toBe(bits(kept));
    if (how !== 'in place') expect(bits(gradient)).toBe(bits(dy));
    expect(intact()).toBe(true);
    // A part of the whole is the part.
    const [low, high] = [n >> 2, n - (n >> 3)];
    expect(bits(forward(x.subarray(low, high), options))).toBe(bits(y.subarray(low, high)));
  },
);

property(
  'a slope is that of the formula, where it is smooth',
  20,
  fc.record({ f: functions, x: fc.double({ min: -8, max: 8, noNaN: true }) }),
  ({ f: { name, options }, x: at }) => {
    const row: Row = activations[name];
    const [a, b] = parametersOf(name, row, options).map(Math.fround);
    const x = Math.fround(at);
    const f = (t: number) => row.formula(t, a, b);
    const h = 1e-3;
    // At a kink that a parameter makes, the slope is that of a side.
    if ([0, a, b].some((k) => Math.abs(Math.abs(x) - Math.abs(k)) < 2 * h)) return;
    const slopes = [h, h / 2].map((d) => (f(x + d) - f(x - d)) / (2 * d));
    // A kink nearby shows in steps of two sizes.
    const sides = [f(x + h) - f(x), f(x) - f(x - h)];
    if (Math.abs(sides[0] - sides[1]) > 0.02 * h) return;
    const one = Float32Array.of(x);
    const kept = row.keeps === 'x' ? one : (activation[name] as Any).forward(one, options);
    const [slope] = (activation[name] as Any).backward({ [row.keeps]: kept, dy: Float32Array.of(1), ...options });
    // A saturated y has lost what its slope is made of.
    expect(Math.abs(slope - slopes[1])).toBeLessThan(0.02 + 1e-3 * Math.abs(slope));
  },
);

const gates: Record<string, [f: (x: number) => number, slope: (x: number) => number]> = {
  glu: [activations.sigmoid.formula as Any, (x) => Math.exp(-Math.abs(x)) / (1 + Math.exp(-Math.abs(x))) ** 2],
  swiglu: [activations.silu.formula, activations.silu.derivative],
  geglu: [(x) => x * phi(x)[0], (x) => phi(x)[0] + x * phi(x)[1]],
};
property(
  'gated units are value f(gate), whichever half the gate is',
  40,
  fc.record({
    name: fc.constantFrom('glu', 'swiglu', 'geglu'),
    outer: fc.integer({ min: 0, max: 5 }),
    half: fc.integer({ min: 1, max: 20 }),
    inner: fc.integer({ min: 1, max: 3 }),
    gate: fc.constantFrom('first', 'second', undefined),
    from: seeds,
    at: fc.tuple(place, place, place),
  }),
  ({ name, outer, half, inner, gate, from, at }) => {
    const { put, intact } = room();
    const n = 2 * outer * half * inner;
    const [x, dy] = [values(n, from, 4), values(n / 2, from + 1, 2)];
    const o = { shape: [outer, 2 * half, inner], axis: 1, gate } as Any;
    const f = (activation as Any)[name];
    const y: Float32Array = f.forward(x, o);
    const dx: Float32Array = f.backward({ x, dy, ...o });
    const [value, slope] = gates[name];
    const block = half * inner;
    for (let i = 0; i < n / 2; i++) {
      const start = 2 * Math.floor(i / block) * block + (i % block);
      const [v, g] = gate === 'first' ? [start + block, start] : [start, start + block];
      near(y[i], x[v] * value(x[g]), 4);
      near(dx[v], dy[i] * value(x[g]), 4);
      near(dx[g], dy[i] * x[v] * slope(x[g]), 6, Math.abs(dy[i] * x[v]));
    }
    const out = put(at[1], y).fill(9);
    f.forward(put(at[0], x), { ...o, out });
    expect(bits(out)).toBe(bits(y));
    const to = put(at[2], x).fill(9);
    f.backward({ x: put(at[0], x), dy: put(at[1], dy), ...o, out: to });
    expect(bits(to)).toBe(bits(dx));
    expect(intact()).toBe(true);
  },
);

property(
  'prelu has a slope a channel, and gathers its gradient',
  30,
  fc.record({
    shape: fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 4 })),
    one: fc.boolean(),
    from: seeds,
    at: fc.tuple(place, place),
    inPlace: fc.boolean(),
  }),
  ({ shape, one, from, at, inPlace }) => {
    const { put, intact } = room();
    const [outer, channels, inner] = shape;
    const n = outer * channels * inner;
    const [x, dy, slopes] = [values(n, from), values(n, from + 1), values(one ? 1 : channels, from + 2, 1)];
    const o = one ? { slopes } : { slopes, shape, axis: 1 };
    const y = activation.prelu.forward(x, o);
    const { dx, dslopes } = activation.prelu.backward({ x, dy, ...o });
    const sums = Array.from(slopes, () => 0);
    x.forEach((v, i) => {
      const c = one ? 0 : Math.floor(i / inner) % channels;
      near(y[i], v > 0 ? v : v * slopes[c], 0.5);
      near(dx[i], v > 0 ? dy[i] : dy[i] * slopes[c], 0.5);
      if (!(v > 0)) sums[c] += v * dy[i];
    });
    sums.forEach((sum, c) => near(dslopes[c], sum, 1, n));
    const inside = put(at[0], x);
    const out = inPlace ? inside : put(at[1], x);
    activation.prelu.forward(inside, { ...o, out });
    expect(bits(out)).toBe(bits(y));
    expect(intact()).toBe(true);
  },
);

property(
  'dropout: a seed is a mask, forward and backward, in place or not',
  30,
  fc.record({
    n: lengths,
    from: seeds,
    p: fc.double({ min: 0, max: 1, noNaN: true }),
    at: fc.tuple(place, place),
    inPlace: fc.boolean(),
  }),
  ({ n, from, p, at, inPlace }) => {
    const { put, intact } = room();
    const x = values(n, from).map((v) => v || 1);
    const y = activation.dropout.forward(x, { p, seed: from });
    const dx = activation.dropout.backward({ dy: x, p, seed: from });
    expect(bits(dx)).toBe(bits(y));
    const scale = Math.fround(1 / (1 - p));
    y.forEach((v, i) => expect(v === 0 || ulps(v, x[i] * scale) <= 1 || !Number.isFinite(x[i] * scale)).toBe(true));
    const kept = y.filter((v) => v !== 0).length;
    expect(Math.abs(kept - n * (1 - p))).toBeLessThanOrEqual(6 * Math.sqrt(n * p * (1 - p)) + 3);
    const inside = put(at[0], x);
    const out = inPlace ? inside : put(at[1], x);
    activation.dropout.forward(inside, { p, rng: random.philox(from), out });
    expect(bits(out)).toBe(bits(y));
    expect(intact()).toBe(true);
  },
);
