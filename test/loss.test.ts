import { expect, test } from 'vitest';
import { loss } from '../src/index.js';
import { noise } from './oracle.js';

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
])('cross-entropy of %i rows of %i, and its gradient', (rows, columns) => {
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

test('large logits neither overflow nor lose the loss', () => {
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

test('labels of every kind, and a clear error for one out of range', () => {
  const logits = noise(1, 6);
  const values = [Uint8Array, Uint16Array, Uint32Array, Int32Array].map((kind) =>
    loss.crossEntropy.forward({ logits, labels: kind.of(1, 2), columns: 3 }),
  );
  expect(new Set([...values, loss.crossEntropy.forward({ logits, labels: [1, 2], columns: 3 })]).size).toBe(1);
  const given = (labels: never) => () => loss.crossEntropy.forward({ logits, labels, columns: 3 });
  expect(given([1, 3] as never)).toThrow(/labels\[1\] is 3; pass whole numbers from 0 to 2/);
  expect(given([1, -1] as never)).toThrow(RangeError);
  expect(given([1, 0.5] as never)).toThrow(RangeError);
  expect(given([1] as never)).toThrow(/labels has 1 values and the logits 2/);
  expect(given(Float64Array.of(1, 2) as never)).toThrow(TypeError);
});
