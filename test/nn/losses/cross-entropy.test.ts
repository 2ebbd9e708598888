// Cross-entropy by itself: its value, its gradient, its options.

import { expect, test } from 'vitest';
import { loss, workspace } from '../../../src/index.js';
import { noise } from '../../oracle.js';
import vectors from '../../vectors/functional.json' with { type: 'json' };

const f32 = (x: number[]) => Float32Array.from(x);

/** The mean over the rows, in double precision. */
const exact = (logits: Float32Array, labels: ArrayLike<number>, columns: number) => {
  let total = 0;
  for (let r = 0; r < labels.length; r++) {
    const row = logits.subarray(r * columns, (r + 1) * columns);
    const top = Math.max(...row);
    const sum = Array.from(row, (v) => Math.exp(v - top)).reduce((a, b) => a + b, 0);
    total += top + Math.log(sum) - row[labels[r]];
  }
  return total / labels.length;
};

test.each([
  [1, 2],
  [100, 10],
  [7, 3],
  [5000, 11],
  [2, 20000],
])('%i rows of %i: the value to 1e-6, and the gradient', (rows, columns) => {
  const logits = noise(rows, rows * columns, 10);
  const labels = Uint32Array.from({ length: rows }, (_, i) => (i * 7) % columns);
  expect(
    Math.abs(loss.crossEntropy.forward({ logits, labels, columns }) / exact(logits, labels, columns) - 1),
  ).toBeLessThan(1e-6);
  const gradient = loss.crossEntropy.backward({ logits, labels, columns });
  for (let i = 0; i < logits.length; i += Math.ceil(logits.length / 50)) {
    const row = Math.floor(i / columns);
    const part = logits.subarray(row * columns, (row + 1) * columns);
    const top = Math.max(...part);
    const sum = Array.from(part, (v) => Math.exp(v - top)).reduce((a, b) => a + b, 0);
    const p = Math.exp(logits[i] - top) / sum - (i % columns === labels[row] ? 1 : 0);
    expect(Math.abs(gradient[i] - p / rows)).toBeLessThan(3e-7 / rows);
  }
});

test('large logits neither overflow nor cancel', () => {
  expect(loss.crossEntropy.forward({ logits: Float32Array.of(1000, 0), labels: [1], columns: 2 })).toBe(1000);
  expect(loss.crossEntropy.forward({ logits: Float32Array.of(1000, 0), labels: [0], columns: 2 })).toBe(0);
  expect(loss.crossEntropy.forward({ logits: Float32Array.of(1e17, 1e17), labels: [0], columns: 2 })).toBeCloseTo(
    Math.LN2,
    12,
  );
  expect(loss.crossEntropy.forward({ logits: new Float32Array(0), labels: [], columns: 2 })).toBe(0);
  const logits = Float32Array.of(1, 2, 3);
  expect(loss.crossEntropy.backward({ logits, labels: [2], columns: 3, out: logits })).toBe(logits);
});

test('labels in arrays of every type, and an error for one out of range', () => {
  const logits = noise(1, 6);
  const values = [Uint8Array, Uint16Array, Uint32Array, Int32Array].map((Labels) =>
    loss.crossEntropy.forward({ logits, labels: Labels.of(1, 2), columns: 3 }),
  );
  expect(new Set([...values, loss.crossEntropy.forward({ logits, labels: [1, 2], columns: 3 })]).size).toBe(1);
  const given = (labels: never) => () => loss.crossEntropy.forward({ logits, labels, columns: 3 });
  expect(given([1, 3] as never)).toThrow(/labels\[1\] is 3; pass whole numbers from 0 to 2/);
  expect(given([1, -1] as never)).toThrow(RangeError);
  expect(given([1, 0.5] as never)).toThrow(RangeError);
  expect(given([1] as never)).toThrow(/labels has 1 values and the logits 2/);
  expect(given(Float64Array.of(1, 2) as never)).toThrow(TypeError);
});

const expectClose = (got: ArrayLike<number>, expected: number[], tolerance: number) =>
  expected.forEach((v, i) => expect(Math.abs(got[i] - v), `${i}`).toBeLessThan(tolerance * Math.max(1, Math.abs(v))));

test.each(vectors.crossEntropy)('with $options, as PyTorch', (c) => {
  const { weights, ...rest } = c.options as { weights?: number[]; reduction: 'mean' };
  const given = {
    logits: f32(c.logits),
    labels: c.labels,
    columns: 5,
    ...rest,
    ...(weights ? { weights: f32(weights) } : {}),
  };
  const y = loss.crossEntropy.forward(given) as number | Float32Array;
  expectClose(typeof y === 'number' ? [y] : y, c.y, 1e-6);
  expectClose(loss.crossEntropy.backward(c.dy ? { ...given, dy: f32(c.dy) } : given), c.dx, 1e-6);
});

test('the mean over rows that are all ignored is 0, and so is the gradient', () => {
  const given = { logits: noise(1, 6), labels: [-1, -1], columns: 3, ignoreIndex: -1 };
  expect(loss.crossEntropy.forward(given)).toBe(0);
  expect([...loss.crossEntropy.backward(given)]).toEqual([0, 0, 0, 0, 0, 0]);
  expect(loss.crossEntropy.forward({ ...given, reduction: 'sum' })).toBe(0);
  expect([...loss.crossEntropy.forward({ ...given, reduction: 'none' })]).toEqual([0, 0]);
});

test('weights of more classes than fit into the workspace of the logits', () => {
  const columns = 20_000;
  const ws = workspace({ bytes: 1 << 18 });
  const [logits, labels] = [ws.float32(3 * columns), ws.uint32(3)]; // all in one workspace: none of them is copied
  logits.set(noise(1, 3 * columns, 5));
  labels.set([1, columns - 1, 5]);
  const given = { columns, weights: noise(2, columns).map(Math.abs), labelSmoothing: 0.2 };
  const before = logits.slice();
  const outside = loss.crossEntropy.forward({ logits: before, labels: labels.slice(), ...given });
  expect(loss.crossEntropy.forward({ logits, labels, ...given })).toBe(outside);
  expect(logits.slice()).toEqual(before);
  expect([...labels]).toEqual([1, columns - 1, 5]);
});

test('a class of weight 0 with the logit -Infinity', () => {
  const weights = [0, 1, 1];
  const given = {
    logits: Float32Array.of(-Infinity, 1, 2),
    labels: [0],
    columns: 3,
    weights,
    reduction: 'sum',
  } as const;
  expect(loss.crossEntropy.forward(given)).toBe(0);
});

test('wrong arguments are errors', () => {
  const given = { logits: noise(1, 6), labels: [0, 1], columns: 3 };
  const cross = (o: object) => () => loss.crossEntropy.forward({ ...given, ...o });
  expect(cross({ weights: Float32Array.of(1, 2) })).toThrow(/weights has 2 values and the classes 3/);
  expect(cross({ weights: Float32Array.of(1, -2, 1) })).toThrow(/weights\[1\] is -2; pass a number at least 0/);
  expect(cross({ labelSmoothing: 1.5 })).toThrow(/labelSmoothing is 1.5/);
  expect(cross({ ignoreIndex: 0.5 })).toThrow(/ignoreIndex is 0.5/);
  expect(cross({ reduction: 'max' })).toThrow(/pass one of mean, sum, none/);
  expect(cross({ labels: [0, undefined] })).toThrow(/labels\[1\] is undefined/);
  expect(cross({ labels: [0, -100] })).toThrow(/labels\[1\] is -100/);
  expect(() => loss.crossEntropy.backward({ ...given, dy: noise(1, 2) })).toThrow(/dy goes with reduction 'none'/);
  expect(() => loss.crossEntropy.backward({ ...given, reduction: 'none' })).toThrow(/dy is undefined/);
});
