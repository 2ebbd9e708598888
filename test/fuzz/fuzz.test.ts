// The public API under arguments that nobody chose: values against the rows' formulas, and what must hold whatever the
// arguments are. `npm test` tries about a thousand cases, `npm run fuzz` a hundred thousand.

import fc from 'fast-check';
import { expect } from 'vitest';
import { type Activation, activations, parametersOf } from '../../src/activation.js';
import {
  activation,
  diagnose,
  type Generator,
  gain,
  init,
  type Layer,
  loss,
  nn,
  npy,
  random,
  safetensors,
  softmax,
  tensor,
  workspace,
} from '../../src/index.js';
import { initialisers } from '../../src/init.js';
import { losses } from '../../src/loss.js';
import type { Row } from '../../src/pointwise.js';
import { compare, phi } from '../accuracy.js';
import { ulps } from '../oracle.js';
import { calls, OURS, snapshot, spots, strange } from './calls.js';
import { bits, lengths, place, property, room, values } from './cases.js';

// biome-ignore lint/suspicious/noExplicitAny: arguments are made of parts
type Any = any;

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const names = Object.keys(activations) as Activation[];

/** Parameters of a row, some left out, at sizes that are met. */
const chosen = (row: Row): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
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
const functions = fc
  .constantFrom(...names)
  .chain((name) => fc.record({ name: fc.constant(name), options: chosen(activations[name]) }));

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

/** Rows, or an axis of a shape, and where value k of row r stands. */
const axes = fc.oneof(
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
        ...{ n: rows * columns, rows, columns, o: { shape, axis: axis % 2 ? place : place - shape.length } as Any },
        at: (r: number, k: number) => (Math.floor(r / inner) * columns + k) * inner + (r % inner),
      };
    }),
);
const column = (
  x: Float32Array,
  { at, columns }: { at: (r: number, k: number) => number; columns: number },
  r: number,
) => Array.from({ length: columns }, (_, k) => x[at(r, k)]);
/** No further off than so many units of the result, or of the largest thing that it is a sum of. */
const near = (got: number, exact: number, units: number, size = 0) =>
  expect(
    ulps(got, exact) <= units || Math.abs(got - exact) <= units * 2 ** -24 * size + 1e-44,
    `${got} for ${exact}`,
  ).toBe(true);

property(
  'softmax, its logarithm and logSumExp are their formulas along any axis',
  80,
  fc.record({
    axis: axes,
    from: seeds,
    scale: fc.constantFrom(0.1, 5, 200),
    at: fc.tuple(place, place),
    inPlace: fc.boolean(),
  }),
  ({ axis, from, scale, at, inPlace }) => {
    const { n, rows, o } = axis;
    const { put, intact } = room();
    const x = values(n, from, scale);
    const dy = values(n, from + 1, 2);
    const [y, log, sum] = [softmax.forward(x, o), softmax.log.forward(x, o), softmax.logSumExp.forward(x, o)];
    const dsum = values(rows, from + 2, 2);
    const dx = softmax.backward({ y, dy, ...o });
    const dlog = softmax.log.backward({ y: log, dy, ...o });
    const dlse = softmax.logSumExp.backward({ x, dy: dsum, ...o });
    expect(sum.length).toBe(rows);
    for (let r = 0; r < rows && axis.columns > 0; r++) {
      const row = column(x, axis, r);
      const top = Math.max(...row);
      // Without the largest, so that the logarithm of a sum next to 1 keeps its digits; the kernel's has 1e-15.
      const first = row.indexOf(top);
      const rest = row.reduce((s, v, k) => (k === first ? s : s + Math.exp(v - top)), 0);
      const total = 1 + rest;
      near(sum[r], top + Math.log1p(rest), 2, Math.abs(top));
      const g = column(dy, axis, r);
      const share = row.map((v) => Math.exp(v - top) / total);
      const made = column(y, axis, r);
      const dot = made.reduce((s, v, k) => s + v * g[k], 0);
      const all = g.reduce((s, v) => s + v, 0);
      row.forEach((v, k) => {
        near(y[axis.at(r, k)], share[k], 4);
        near(log[axis.at(r, k)], v - top - Math.log1p(rest), 2, Math.abs(v - top) + 1e-8);
        near(dx[axis.at(r, k)], made[k] * (g[k] - dot), 8, made[k] * 4);
        near(dlog[axis.at(r, k)], g[k] - share[k] * all, 8, 4 + Math.abs(all) * (1 + Math.abs(v - top)));
        near(dlse[axis.at(r, k)], dsum[r] * share[k], 5, 0);
      });
    }
    const inside = put(at[0], x);
    const out = inPlace ? inside : put(at[1], x);
    expect(softmax.forward(inside, { ...o, out })).toBe(out);
    expect(bits(out)).toBe(bits(y));
    const [gradient, kept] = [put(at[0], dy), put(at[1], log)];
    softmax.log.backward({ y: kept, dy: gradient, ...o, out: gradient });
    expect(bits(gradient)).toBe(bits(dlog));
    expect(intact()).toBe(true);
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
    ...{ from: seeds, at: fc.tuple(place, place, place) },
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
    ...{ one: fc.boolean(), from: seeds, at: fc.tuple(place, place), inPlace: fc.boolean() },
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

const pointwise: Record<keyof typeof losses, (x: number, t: number, a: number) => number> = {
  meanSquaredError: (x, t) => (x - t) ** 2,
  huber: (x, t, d) => (Math.abs(x - t) <= d ? (x - t) ** 2 / 2 : d * (Math.abs(x - t) - d / 2)),
  binaryCrossEntropy: (x, t, w) =>
    w * t * (Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x)))) +
    (1 - t) * (Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
};
property(
  'losses of targets are their formulas, their gradients the slopes, their sums the sums',
  40,
  fc.record({
    name: fc.constantFrom('meanSquaredError', 'huber', 'binaryCrossEntropy'),
    ...{ n: lengths, from: seeds, parameter: fc.double({ min: 0.1, max: 5, noNaN: true }), at: fc.tuple(place, place) },
  }),
  ({ name, n, from, parameter, at }) => {
    const { put, intact } = room();
    const key = name as keyof typeof losses;
    const row = losses[key];
    const [word] = Object.keys(row.parameters);
    const a = Math.fround(parameter);
    const x = values(n, from, 6);
    const targets = name === 'binaryCrossEntropy' ? values(n, from + 1, 1).map(Math.abs) : values(n, from + 1, 6);
    const given = { [row.from]: x, targets, ...(word && { [word]: a }) };
    const f = loss[key] as Any;
    const each: Float32Array = f.forward({ ...given, reduction: 'none' });
    const exactly = (v: number, i: number) => pointwise[key](v, targets[i], a);
    x.forEach((v, i) => near(each[i], exactly(v, i), 6, 8 * (1 + a)));
    const sum = each.reduce((s, v) => s + v, 0);
    expect(f.forward({ ...given, reduction: 'sum' })).toBe(sum);
    expect(f.forward(given)).toBe(n === 0 ? 0 : sum / n);
    const dx: Float32Array = f.backward({ ...given, reduction: 'sum' });
    x.forEach((v, i) => {
      const slope = (exactly(v + 1e-4, i) - exactly(v - 1e-4, i)) / 2e-4;
      expect(Math.abs(dx[i] - slope)).toBeLessThan(1e-4 * (1 + a) + 1e-5 * Math.abs(slope));
    });
    const dy = values(n, from + 2);
    const weighted: Float32Array = f.backward({ ...given, reduction: 'none', dy });
    weighted.forEach((v, i) => near(v, dx[i] * dy[i], 1));
    const inside = put(at[0], x);
    f.backward({ ...given, [row.from]: inside, targets: put(at[1], targets), reduction: 'sum', out: inside });
    expect(bits(inside)).toBe(bits(dx));
    expect(intact()).toBe(true);
  },
);

property(
  'cross-entropy is its formula with smoothing, weights and labels that do not count',
  40,
  fc.record({
    rows: fc.integer({ min: 0, max: 7 }),
    columns: fc.integer({ min: 1, max: 20 }),
    ...{ from: seeds, smoothing: fc.constantFrom(0, 0.1, 1), weighted: fc.boolean(), ignoring: fc.boolean() },
    kind: fc.constantFrom<Any>(Uint8Array, Uint16Array, Uint32Array, Int32Array, Array),
    at: fc.tuple(place, place),
  }),
  ({ rows, columns, from, smoothing, weighted, ignoring, kind, at }) => {
    const { put, intact } = room();
    const logits = values(rows * columns, from, 6);
    const ignoreIndex = ignoring ? 0 : undefined;
    const labels = kind.from({ length: rows }, (_: unknown, r: number) => (from + 7 * r) % columns);
    const weights = weighted ? values(columns, from + 1, 2).map(Math.abs) : undefined;
    const given = { logits, labels, columns, labelSmoothing: smoothing, ignoreIndex, weights };
    const each = loss.crossEntropy.forward({ ...given, reduction: 'none' });
    const w = (k: number) => weights?.[k] ?? 1;
    let count = 0;
    const dx = loss.crossEntropy.backward({ ...given, reduction: 'sum' });
    for (let r = 0; r < rows; r++) {
      const row = Array.from(logits.subarray(r * columns, (r + 1) * columns));
      const label = labels[r];
      if (label === ignoreIndex) {
        expect(each[r]).toBe(0);
        continue;
      }
      count += w(label);
      const exactly = (x: number[]) => {
        const top = Math.max(...x);
        const sum = top + Math.log(x.reduce((s, v) => s + Math.exp(v - top), 0));
        const all = x.reduce((s, v, k) => s + w(k) * (sum - v), 0);
        return (1 - smoothing) * w(label) * (sum - x[label]) + (smoothing / columns) * all;
      };
      near(each[r], exactly(row), 4, 30);
      row.forEach((v, k) => {
        const moved = (by: number) => exactly(row.map((u, i) => (i === k ? v + by : u)));
        expect(Math.abs(dx[r * columns + k] - (moved(1e-4) - moved(-1e-4)) / 2e-4)).toBeLessThan(1e-4);
      });
    }
    const sum = loss.crossEntropy.forward({ ...given, reduction: 'sum' });
    expect(Math.abs(sum - each.reduce((s, v) => s + v, 0))).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(sum)));
    expect(loss.crossEntropy.forward(given)).toBe(count === 0 ? 0 : sum / count);
    const inside = put(at[0], logits);
    loss.crossEntropy.backward({ ...given, logits: inside, reduction: 'sum', out: inside });
    expect(bits(inside)).toBe(bits(dx));
    expect(intact()).toBe(true);
  },
);

const kinds = ['philox', 'torch', 'threefry'] as const;
const seedings = fc.oneof(
  seeds,
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.string({ unit: 'grapheme' }),
);
const laws = fc.oneof<fc.Arbitrary<Any>[]>(
  fc
    .tuple(fc.double({ min: -50, max: 50, noNaN: true }), fc.double({ min: 0, max: 50, noNaN: true }))
    .map(([low, width]) => ({ law: 'uniform', o: { low, high: low + width } })),
  fc
    .record({ mean: fc.double({ min: -50, max: 50, noNaN: true }), std: fc.double({ min: 0, max: 50, noNaN: true }) })
    .map((o) => ({ law: 'normal', o })),
  fc
    .tuple(fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: 0.1, max: 5, noNaN: true }), fc.boolean())
    .map(([low, width, absolute]) => ({ law: 'truncatedNormal', o: { low, high: low + width, absolute } })),
  fc.double({ min: 0, max: 1, noNaN: true }).map((p) => ({ law: 'bernoulli', o: { p } })),
);

property(
  'a draw is the same in any memory, in parts, and after a restore; a fork disturbs nothing',
  140,
  fc.record({
    ...{ kind: fc.constantFrom(...kinds), seed: seedings, draw: laws, n: lengths, before: fc.nat(40), at: place },
    ...{ cut: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })) },
    label: fc.oneof(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger()),
  }),
  ({ kind, seed, draw: { law, o }, n, before, at, cut, label }) => {
    const { put, intact } = room();
    const make = () => {
      const rng: Any = random[kind](seed);
      rng.normal(before);
      return rng;
    };
    const rng = make();
    const state = JSON.parse(JSON.stringify(rng.state()));
    const x: Float32Array = rng[law](n, o);
    const after = rng.state();
    const { low, high } = o;
    for (const v of x) {
      if (law === 'uniform') expect(v >= Math.fround(low) && v <= Math.fround(high)).toBe(true);
      else if (law === 'truncatedNormal') expect(v >= Math.fround(low) && v <= Math.fround(high)).toBe(true);
      else if (law === 'bernoulli') expect(v === 0 || v === 1).toBe(true);
      else expect(Number.isFinite(v)).toBe(true);
    }
    const again: Any = random.restore(state);
    const out = put(at, x).fill(9);
    expect(again[law]({ ...o, out })).toBe(out);
    expect(bits(out)).toBe(bits(x));
    expect(again.state()).toEqual(after);
    expect(intact()).toBe(true);
    if (kind !== 'torch') {
      const [from, to] = cut.map((share) => Math.round(share * n)).sort((a, b) => a - b);
      const part: Any = random.restore(state);
      expect(bits(part[law](n, { ...o, slice: [from, to] }))).toBe(bits(x.subarray(from, to)));
      expect(part.state()).toEqual(after);
      const fork: Generator = make().fork(label);
      const own = bits(fork.bits(5));
      const other = make();
      other.fork(label).normal(9);
      expect(bits(other[law](n, o))).toBe(bits(x));
      expect(bits((other as Generator).fork(label).bits(5))).toBe(own);
    } else {
      const words = JSON.stringify(after);
      expect(() => rng.fork(label)).toThrow(TypeError);
      expect(() => rng.normal(4, { slice: [0, 2] })).toThrow(TypeError);
      expect(JSON.stringify(rng.state())).toBe(words);
    }
  },
);

property(
  'permutations have every number once; sources, splits and seeds are what they say',
  30,
  fc.record({ kind: fc.constantFrom(...kinds), seed: seeds, n: fc.integer({ min: 0, max: 300 }) }),
  ({ kind, seed, n }) => {
    for (const method of ['permutation', 'order'] as const) {
      const p = random[kind](seed)[method](n);
      expect(Array.from(p.toSorted())).toEqual(Array.from({ length: n }, (_, i) => i));
      expect(random[kind](BigInt(seed))[method](n)).toEqual(p);
    }
    const { source } = random[kind](seed);
    for (let i = 0; i < 5; i++) {
      const v = source();
      expect(v >= 0 && v < 1).toBe(true);
    }
    const rng = random.threefry(seed);
    const parts = rng.split(3).map((one) => bits(one.bits(2)));
    expect(new Set(parts).size).toBe(3);
    expect(rng.state().block).toBe(0);
    expect(bits(rng.foldIn(n).bits(2))).toBe(bits(random.threefry(seed).foldIn(n).bits(2)));
  },
);

const shapes = fc.array(
  fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 7 }) }, { weight: 1, arbitrary: fc.constant(0) }),
  {
    maxLength: 4,
  },
);
property(
  'an initialiser keeps its bounds and its seed, in parts, in tensors and in either layout',
  110,
  fc.record({
    name: fc.constantFrom(...(Object.keys(initialisers) as (keyof typeof initialisers)[])),
    ...{ shape: shapes, kind: fc.constantFrom(...kinds), seed: seeds, layout: fc.constantFrom('oi', 'io'), at: place },
    ...{ gain: fc.double({ min: 0, max: 9, noNaN: true }), cut: fc.tuple(fc.nat(100), fc.nat(100)) },
  }),
  ({ name, shape, kind, seed, layout, at, gain: factor, cut }) => {
    const { put, intact } = room();
    const fill = init[name] as Any;
    const extra = /xavier|glorot|kaiming|^he/.test(name) ? { gain: factor } : {};
    const make = (o: object = {}) => fill(shape, { rng: random[kind](seed), layout, ...extra, ...o });
    const fans = shape.length < 2 ? { fanIn: 3, fanOut: 4 } : {};
    const empty = shape.includes(0);
    const x: Float32Array = make(fans);
    expect(x.length).toBe(shape.reduce((a, b) => a * b, 1));
    if (!empty) {
      const { low, high, std, fanIn, fanOut } = init.describe(name, shape, { layout, ...extra, ...fans } as Any);
      expect(x.every((v) => v >= Math.fround(low) && v <= Math.fround(high))).toBe(true);
      expect(std).toBeGreaterThanOrEqual(0);
      if (shape.length >= 2) {
        const turned = layout === 'io' ? shape : [...shape.slice(2), shape[1], shape[0]];
        const other = init.describe(name, turned, { layout: 'io', ...extra } as Any);
        expect([other.fanIn, other.fanOut, other.std]).toEqual([fanIn, fanOut, std]);
      }
    }
    const out = put(at, x).fill(9);
    expect(make({ ...fans, out })).toBe(out);
    expect(bits(out)).toBe(bits(x));
    const held = tensor(shape, put(at, x).fill(9));
    expect(fill(held, { rng: random[kind](seed), layout, ...extra, ...fans })).toBe(held);
    expect(bits(held.data)).toBe(bits(x));
    if (kind === 'philox') expect(bits(fill(shape, { seed, layout, ...extra, ...fans }))).toBe(bits(x));
    if (kind !== 'torch') {
      const slice = cut.map((c) => c % (x.length + 1)).sort((a, b) => a - b);
      expect(bits(make({ ...fans, slice }))).toBe(bits(x.subarray(slice[0], slice[1])));
    }
    expect(intact()).toBe(true);
  },
);

property(
  'initialisers with structure have it',
  40,
  fc.record({
    rows: fc.integer({ min: 0, max: 24 }),
    columns: fc.integer({ min: 0, max: 24 }),
    k: fc.integer({ min: 1, max: 3 }),
    seed: seeds,
    layout: fc.constantFrom<'oi' | 'io'>('oi', 'io'),
    sparsity: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  ({ rows, columns, k, seed, layout, sparsity }) => {
    const q = init.orthogonal([rows, columns], { seed, layout, gain: 2 });
    const [short, long, step, stride] = rows <= columns ? [rows, columns, columns, 1] : [columns, rows, 1, columns];
    for (let i = 0; i < short; i++)
      for (let j = 0; j <= i; j++) {
        let dot = 0;
        for (let t = 0; t < long; t++) dot += q[i * step + t * stride] * q[j * step + t * stride];
        expect(Math.abs(dot - (i === j ? 4 : 0))).toBeLessThan(1e-5);
      }
    const s = init.sparse([rows, columns], { seed, sparsity, std: 1 });
    for (let c = 0; c < columns; c++) {
      let zeros = 0;
      for (let r = 0; r < rows; r++) zeros += Number(s[r * columns + c] === 0);
      expect(zeros).toBe(Math.ceil(sparsity * rows));
    }
    const eye = init.eye([rows, columns]);
    expect(eye.reduce((a, b) => a + b, 0)).toBe(Math.min(rows, columns));
    const shape = layout === 'oi' ? [rows, columns, k] : [k, columns, rows];
    const delta = init.deltaOrthogonal(shape, { seed, layout });
    const square = delta.reduce((sum, v) => sum + v * v, 0);
    expect(Math.abs(square - Math.min(rows, columns))).toBeLessThan(1e-4);
    const dirac = init.dirac(shape, { layout });
    expect(dirac.reduce((a, b) => a + b, 0)).toBe(Math.min(rows, columns));
  },
);

const widths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 4 });
const networks = fc.record({ widths, f: functions, seed: seeds, rows: fc.integer({ min: 1, max: 150 }) });
type Network = {
  widths: number[];
  f: { name: Activation; options: Record<string, unknown> };
  seed: number;
  rows: number;
};
/** A chain of linear layers with an activation between them, in the product or behind it. */
function network({ widths, f: { name, options }, seed }: Network, fused: boolean, more: () => Layer[] = () => []) {
  const layers = widths.slice(1).flatMap((width, l): Layer[] => {
    const last = l === widths.length - 2;
    const o = { seed: seed + l };
    if (last) return [nn.linear(widths[l], width, o)];
    if (fused) return [nn.linear(widths[l], width, { ...o, activation: [name, options] as Any }), ...more()];
    return [nn.linear(widths[l], width, o), nn.activation(name, options), ...more()];
  });
  return nn.sequential(layers);
}
const weights = (model: ReturnType<typeof nn.sequential>) =>
  Object.values(model.parameters)
    .map(({ data }) => bits(data))
    .join('|');
async function train(model: ReturnType<typeof nn.sequential>, data: Any, o: object = {}, each = () => {}) {
  const made: number[] = [];
  const options = { epochs: 2, batchSize: 16, seed: 3, optimizer: nn.adam({ lr: 0.01 }), ...o };
  for await (const { loss } of nn.fit(model, data, options as Any)) {
    made.push(loss);
    each();
  }
  return made;
}

property(
  'fused layers are unfused ones, rows are alone what they are together, a probe and a file change nothing',
  40,
  networks,
  async (net) => {
    const { widths, seed, rows } = net;
    const [inputs, outputs] = [widths[0], widths[widths.length - 1]];
    const x = values(rows * inputs, seed, 2);
    const labels = Uint8Array.from({ length: rows }, (_, r) => (seed + r * 7) % outputs);
    const data = { x, labels };
    const dropped = () => [nn.dropout({ p: 0.3, seed: 5 }), nn.prelu()];
    const [fused, apart] = [network(net, true, dropped), network(net, false, dropped)];
    const y = fused.forward(x);
    expect(bits(apart.forward(x))).toBe(bits(y));
    const r = rows >> 1;
    expect(bits(fused.forward(x.subarray(r * inputs, (r + 1) * inputs)))).toBe(
      bits(y.subarray(r * outputs, (r + 1) * outputs)),
    );
    const finite = y.every(Number.isFinite);
    const { loss: mean } = nn.evaluate(fused, data);
    const direct = loss.crossEntropy.forward({ logits: y, labels, columns: outputs });
    if (finite) expect(Math.abs(mean - direct)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(direct)));

    const before = weights(fused);
    const probe = diagnose.probe(fused, data, { lr: 0.1 });
    expect(weights(fused)).toBe(before);
    expect(JSON.parse(JSON.stringify(probe))).toEqual(
      JSON.parse(JSON.stringify(structuredClone(JSON.parse(JSON.stringify(probe))))),
    );
    const steps = await train(fused, data, { probe: { every: 2 } });
    expect(await train(apart, data)).toEqual(steps);
    expect(weights(apart)).toBe(weights(fused));

    const bytes = nn.save(fused, { metadata: { of: 'a test' } });
    const other = network({ ...net, seed: seed + 99 }, true, dropped);
    const old = weights(other);
    if (Object.values(fused.parameters).every(({ data }) => data.every(Number.isFinite))) {
      expect(nn.load(bytes, other)).toEqual({ of: 'a test' });
      expect(weights(other)).toBe(weights(fused));
      expect(bits(other.forward(x))).toBe(bits(fused.forward(x)));
    } else {
      expect(() => nn.load(bytes, other)).toThrow(RangeError);
      expect(weights(other)).toBe(old);
    }
  },
);

property(
  'a step goes along the gradient: the loss falls by its square',
  20,
  fc.record({
    ...{ widths, seed: seeds, rows: fc.integer({ min: 1, max: 20 }) },
    f: fc
      .constantFrom('tanh', 'sigmoid', 'softplus', 'silu', 'gelu', 'mish', 'squareplus', 'softsign')
      .map((name) => ({ name, options: {} })),
    named: fc.constantFrom('meanSquaredError', 'huber', 'binaryCrossEntropy', 'crossEntropy'),
  }) as fc.Arbitrary<Network & { named: Any }>,
  async ({ named, ...net }) => {
    const { widths, seed, rows } = net;
    const outputs = widths[widths.length - 1];
    const x = values(rows * widths[0], seed, 1);
    const targets = values(rows * outputs, seed + 1, 0.5).map(Math.abs);
    const data: Any =
      named === 'crossEntropy'
        ? { x, labels: Uint8Array.from({ length: rows }, (_, r) => r % outputs) }
        : { x, targets };
    const model = network(net, true);
    const at = Object.values(model.parameters).map(({ data }) => data.slice());
    await train(model, data, { epochs: 1, batchSize: rows, loss: named, optimizer: nn.sgd({ lr: 1 }) });
    const gradient = Object.values(model.parameters).map(({ data }, k) => at[k].map((w, i) => w - data[i]));
    const square = gradient.reduce((sum, g) => sum + g.reduce((s, v) => s + v * v, 0), 0);
    const h = 2e-2 / Math.sqrt(square + 1e-12);
    const [up, down] = [h, -h].map((by) => {
      Object.values(model.parameters).forEach(({ data }, k) => data.set(at[k].map((w, i) => w + by * gradient[k][i])));
      return nn.evaluate(model, data, { loss: named }).loss;
    });
    // Of binary32 losses a difference has five digits, of small gradients fewer.
    expect(Math.abs((up - down) / (2 * h) - square)).toBeLessThan(0.02 * square + 2e-5 * Math.sqrt(square) + 1e-9);
  },
);

/** Every number finite, nothing undefined: what JSON keeps. */
function plain(value: unknown, path = ''): void {
  if (typeof value === 'number') expect(Number.isFinite(value), path).toBe(true);
  else if (typeof value === 'object' && value !== null)
    for (const [key, part] of Object.entries(value)) plain(part, `${path}.${key}`);
  else expect(['string', 'boolean', 'object'], path).toContain(typeof value);
}

property(
  'theory is finite and safe for JSON, whatever the network',
  20,
  fc.record({
    widths: fc.array(fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 100_000 })), {
      minLength: 2,
      maxLength: 30,
    }),
    f: functions,
    variance: fc.oneof(fc.double({ min: 0, max: 8, noNaN: true }), fc.constantFrom(0, 1e-30, 1e30)),
    bias: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 4, noNaN: true })),
    data: fc.oneof(fc.constant(1), fc.constantFrom(0, 1e-30, 1e30), fc.double({ min: 0, max: 100, noNaN: true })),
    initialiser: fc.option(fc.constantFrom('xavierNormal', 'kaimingUniform', 'lecunNormal', 'zeros', 'kerasHeNormal')),
  }),
  ({ widths, f: { name, options }, variance, bias, data, initialiser }) => {
    const made = initialiser ? { initialiser } : { weightVariance: variance };
    let told: unknown;
    try {
      told = diagnose.theory({
        widths,
        activation: [name, options] as Any,
        biasVariance: bias,
        meanSquare: data,
        ...made,
      });
    } catch (error) {
      // Some parameters make a function that is too rough, or lets nothing through.
      expect(error).toBeInstanceOf(RangeError);
      expect((error as Error).message).toMatch(/^[\w.]+: .*; /);
      return;
    }
    plain(told);
    expect(JSON.parse(JSON.stringify(told))).toEqual(told);
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

property(
  'tensors come back from a file, whatever their names and shapes',
  30,
  fc.record({
    named: fc.dictionary(fc.string({ unit: 'grapheme' }), shapes, { maxKeys: 6 }),
    from: seeds,
    metadata: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
    at: place,
  }),
  ({ named, from, metadata, at }) => {
    const { put } = room();
    const tensors = Object.fromEntries(
      Object.entries(named)
        .filter(([name]) => name !== '__metadata__')
        .map(([name, shape]) => [
          name,
          tensor(
            shape,
            put(
              at,
              values(
                shape.reduce((a, b) => a * b, 1),
                from,
                4,
                true,
              ),
            ),
          ),
        ]),
    );
    const back = safetensors.decode(safetensors.encode(tensors, { metadata }));
    expect(Object.keys(back.tensors).sort()).toEqual(Object.keys(tensors).sort());
    expect({ ...back.metadata }).toEqual({ ...metadata });
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      const copy = Object.getOwnPropertyDescriptor(back.tensors, name)?.value;
      expect([copy.shape, bits(copy.data)]).toEqual([shape, bits(data)]);
      const one = npy.decode(npy.encode({ shape, data }));
      expect([one.shape, bits(one.data)]).toEqual([shape, bits(data)]);
    }
  },
);

property(
  'arrays of a workspace are apart, to its last byte',
  20,
  fc.record({
    sizes: fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 12 }),
    spare: fc.nat(40),
    words: fc.boolean(),
  }),
  ({ sizes, spare, words }) => {
    const bytes = sizes.reduce((sum, n) => sum + 16 * Math.ceil(n / 4), 0);
    const [ws, other] = [workspace({ bytes: bytes + spare }), workspace({ bytes: 4096 })];
    const beside = other.float32(1024).fill(-1);
    const arrays = sizes.map((n) => (words ? ws.uint32(n) : ws.float32(n)));
    arrays.forEach((a, i) => a.fill(i + 1));
    arrays.forEach((a, i) => expect(a.every((v) => v === i + 1)).toBe(true));
    expect(() => ws.float32((spare >> 2) + 8)).toThrow(/^workspace\.float32: \d+ bytes asked and \d+ left; make/);
    if (!words) {
      const floats = arrays as Float32Array[];
      floats.forEach((a) => void activation.relu.forward(a, { out: a }));
      floats.forEach((a) => void random.philox(1).normal({ out: a }));
      floats.forEach((a) => expect(bits(a)).toBe(bits(random.philox(1).normal(a.length))));
    }
    expect(beside.every((v) => v === -1)).toBe(true);
  },
);

property(
  'one wrong argument is an error in the words of the package that changes nothing, or it is right',
  300,
  fc.record({
    call: fc.constantFrom(...calls),
    which: fc.nat(30),
    by: fc.constantFrom(...strange),
    more: fc.boolean(),
  }),
  async ({ call, which, by, more }) => {
    const args = call.args();
    const all = spots(call, args);
    const [target, key] = all[which % all.length];
    target[key] = by();
    if (more && target !== args) target.strangerThanThat = 1;
    const before = snapshot(args);
    try {
      const made = call.run(...args) as Any;
      if (typeof made?.next === 'function') await made.next();
    } catch (error) {
      const { message } = error as Error;
      expect(error instanceof TypeError || error instanceof RangeError, `${call.name}: ${error}`).toBe(true);
      expect(message).toMatch(OURS);
      expect(snapshot(args)).toEqual(before);
    }
  },
);
