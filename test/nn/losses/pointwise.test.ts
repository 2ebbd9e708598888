// Every row of the table of losses against its formula, its slope and PyTorch.

import { describe, expect, test } from 'vitest';
import { loss } from '../../../src/index.js';
import { type LossRow, losses, type PointwiseLoss, parameterOf } from '../../../src/nn/losses/pointwise.js';
import type { Any } from '../../check/case.js';
import { variants } from '../../check/options.js';
import { noise, ulps } from '../../oracle.js';
import vectors from '../../vectors/functional.json' with { type: 'json' };

const f32 = (x: number[]) => Float32Array.from(x);
const names = Object.keys(losses) as PointwiseLoss[];

const n = 5000;
/** Targets: 0, 1, and numbers between them in turn. */
const t = noise(2, n, 0.5).map((v, i) => [0, 1, v + 0.5][i % 3]);
/** Outputs, of which every 200th equals its target. */
const x = noise(1, n, 30).map((v, i) => (i % 200 === 0 ? t[i] : v));

describe.each(names)('%s', (name) => {
  const row: LossRow = losses[name];
  const { forward, backward } = loss[name] as Any;

  test.each(variants(row.parameters))('with %o its value and its gradient are within the promised errors', (o) => {
    const a = Math.fround(parameterOf(name, row, o));
    const given = { [row.from]: x, targets: t, ...o, reduction: 'none' };
    const y = forward(given);
    const dx = backward({ ...given, dy: new Float32Array(n).fill(1) });
    x.forEach((v, i) => {
      const slope = row.slope(v, t[i], a);
      const error = Math.min(ulps(dx[i], slope), Math.abs(dx[i] - slope) * 2 ** 24);
      expect(ulps(y[i], row.formula(v, t[i], a)), `at ${v}, ${t[i]}`).toBeLessThanOrEqual(row.ulp.forward);
      expect(error, `slope at ${v}, ${t[i]}`).toBeLessThanOrEqual(row.ulp.backward);
    });
  });

  test.each(variants(row.parameters))(
    'with %o the slope is the derivative of the formula, by central differences',
    (o) => {
      const a = parameterOf(name, row, o);
      const h = 1e-5;
      let smooth = 0;
      x.forEach((v, i) => {
        const [low, at, high] = [-h, 0, h].map((d) => row.formula(v + d, t[i], a));
        // At a kink the two sides differ.
        if (Math.abs(high - 2 * at + low) > 1e-7 * (1 + a)) return;
        smooth++;
        const slope = row.slope(v, t[i], a);
        expect(Math.abs((high - low) / (2 * h) - slope), `at ${v}, ${t[i]}`).toBeLessThan(1e-5 * (1 + Math.abs(slope)));
      });
      expect(smooth).toBeGreaterThan(0.98 * n);
    },
  );

  const cases = vectors.pointwise.filter((c) => c.name === name);
  test('has vectors of PyTorch for each reduction and for other parameters than the defaults', () => {
    const seen = cases.map(({ options }) => (options as Any).reduction);
    expect([...new Set(seen)].sort()).toEqual(['mean', 'none', 'sum']);
    for (const [parameter, { value }] of Object.entries(row.parameters))
      expect(cases.some(({ options }) => (options as Any)[parameter] !== value)).toBe(true);
  });

  test.each(cases)('with $options, as PyTorch', (c) => {
    const expectClose = (got: ArrayLike<number>, expected: number[]) =>
      expected.forEach((v, i) => expect(Math.abs(got[i] - v), `${i}`).toBeLessThan(1e-6 * Math.max(1, Math.abs(v))));
    const given = { [row.from]: f32(c.x), targets: f32(c.t), ...c.options };
    const y = forward(given);
    expectClose(typeof y === 'number' ? [y] : y, c.y);
    expectClose(backward(c.dy ? { ...given, dy: f32(c.dy) } : given), c.dx);
  });

  test('the mean of no values is 0', () => {
    const none = new Float32Array(0);
    expect(forward({ [row.from]: none, targets: none })).toBe(0);
    expect(backward({ [row.from]: none, targets: none }).length).toBe(0);
  });
});

test('binaryCrossEntropy of infinite logits: 0 where they are right, infinity where they are wrong', () => {
  const logits = Float32Array.of(Infinity, -Infinity, Infinity, -Infinity);
  const targets = Float32Array.of(1, 0, 0, 1);
  const given = { logits, targets, reduction: 'none' } as const;
  expect([...loss.binaryCrossEntropy.forward(given)]).toEqual([0, 0, Infinity, Infinity]);
  expect([...loss.binaryCrossEntropy.backward({ ...given, dy: new Float32Array(4).fill(1) })]).toEqual([-0, 0, 1, -1]);
});

test('wrong arguments are errors', () => {
  const pair = { outputs: noise(1, 4), targets: noise(2, 4) };
  expect(() => loss.meanSquaredError.forward({ ...pair, targets: noise(2, 3) })).toThrow(
    /targets has 3 values and outputs 4/,
  );
  expect(() => loss.huber.forward({ ...pair, delta: 0 })).toThrow(/delta is 0; pass a number greater than 0/);
  expect(() =>
    loss.binaryCrossEntropy.forward({ logits: pair.outputs, targets: pair.targets, positiveWeight: -1 }),
  ).toThrow(RangeError);
  expect(() => loss.huber.forward({ logits: pair.outputs, targets: pair.targets } as never)).toThrow(
    /unknown option logits/,
  );
});
