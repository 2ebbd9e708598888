// Softmax and losses under arguments that nobody chose: values against their formulas, rows and axes of any shape.

import fc from 'fast-check';
import { expect } from 'vitest';
import { loss, softmax } from '../../src/index.js';
import { type LossRow, losses } from '../../src/nn/losses/pointwise.js';
import { type Any, axes, bits, column, lengths, near, place, property, room, seeds, values } from './cases.js';

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

property(
  'losses of targets are their formulas, their gradients the slopes, their sums the sums',
  40,
  fc.record({
    name: fc.constantFrom(...Object.keys(losses)),
    n: lengths,
    from: seeds,
    parameter: fc.double({ min: 0.1, max: 5, noNaN: true }),
    at: fc.tuple(place, place),
  }),
  ({ name, n, from, parameter, at }) => {
    const { put, intact } = room();
    const key = name as keyof typeof losses;
    const row: LossRow = losses[key];
    const [word] = Object.keys(row.parameters);
    const a = Math.fround(parameter);
    const x = values(n, from, 6);
    const targets = row.shares ? values(n, from + 1, 1).map(Math.abs) : values(n, from + 1, 6);
    const given = { [row.from]: x, targets, ...(word && { [word]: a }) };
    const f = loss[key] as Any;
    const each: Float32Array = f.forward({ ...given, reduction: 'none' });
    const exactly = (v: number, i: number) => row.formula(v, targets[i], a);
    x.forEach((v, i) => near(each[i], exactly(v, i), 6, 8 * (1 + a)));
    const sum = each.reduce((s, v) => s + v, 0);
    expect(f.forward({ ...given, reduction: 'sum' })).toBe(sum);
    expect(f.forward(given)).toBe(n === 0 ? 0 : sum / n);
    const dx: Float32Array = f.backward({ ...given, reduction: 'sum' });
    x.forEach((v, i) => near(dx[i], row.slope(v, targets[i], a), 6, 8 * (1 + a)));
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
    from: seeds,
    smoothing: fc.constantFrom(0, 0.1, 1),
    weighted: fc.boolean(),
    ignoring: fc.boolean(),
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
