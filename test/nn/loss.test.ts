import { expect, test } from 'vitest';
import { loss, workspace } from '../../src/index.js';
import { noise } from '../oracle.js';
import vectors from '../vectors/functional.json' with { type: 'json' };

const f32 = (x: number[]) => Float32Array.from(x);

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

const close = (got: ArrayLike<number>, theirs: number[], tolerance: number) =>
  theirs.forEach((v, i) => expect(Math.abs(got[i] - v), `${i}`).toBeLessThan(tolerance * Math.max(1, Math.abs(v))));

test.each(vectors.crossEntropy)('cross-entropy with $options, as PyTorch', (c) => {
  const { weights, ...rest } = c.options as { weights?: number[]; reduction: 'mean' };
  const given = {
    logits: f32(c.logits),
    labels: c.labels,
    columns: 5,
    ...rest,
    ...(weights ? { weights: f32(weights) } : {}),
  };
  const y = loss.crossEntropy.forward(given) as number | Float32Array;
  close(typeof y === 'number' ? [y] : y, c.y, 1e-6);
  close(loss.crossEntropy.backward(c.dy ? { ...given, dy: f32(c.dy) } : given), c.dx, 1e-6);
});

test('logits without end: a sure and right answer costs nothing, a sure and wrong one everything', () => {
  const logits = Float32Array.of(Infinity, -Infinity, Infinity, -Infinity);
  const targets = Float32Array.of(1, 0, 0, 1);
  const given = { logits, targets, reduction: 'none' } as const;
  expect([...loss.binaryCrossEntropy.forward(given)]).toEqual([0, 0, Infinity, Infinity]);
  expect([...loss.binaryCrossEntropy.backward({ ...given, dy: new Float32Array(4).fill(1) })]).toEqual([-0, 0, 1, -1]);
});

test('nothing that counts has the mean 0, and no gradient', () => {
  const given = { logits: noise(1, 6), labels: [-1, -1], columns: 3, ignoreIndex: -1 };
  expect(loss.crossEntropy.forward(given)).toBe(0);
  expect([...loss.crossEntropy.backward(given)]).toEqual([0, 0, 0, 0, 0, 0]);
  expect(loss.crossEntropy.forward({ ...given, reduction: 'sum' })).toBe(0);
  expect([...loss.crossEntropy.forward({ ...given, reduction: 'none' })]).toEqual([0, 0]);
});

test('weights for more classes than a workspace has room for beside its arrays', () => {
  const columns = 20_000;
  const ws = workspace({ bytes: 1 << 18 });
  const [logits, labels] = [ws.float32(3 * columns), ws.uint32(3)]; // all in one workspace: nothing is staged for them
  logits.set(noise(1, 3 * columns, 5));
  labels.set([1, columns - 1, 5]);
  const given = { columns, weights: noise(2, columns).map(Math.abs), labelSmoothing: 0.2 };
  const kept = logits.slice();
  const outside = loss.crossEntropy.forward({ logits: kept, labels: labels.slice(), ...given });
  expect(loss.crossEntropy.forward({ logits, labels, ...given })).toBe(outside);
  expect(logits.slice()).toEqual(kept);
  expect([...labels]).toEqual([1, columns - 1, 5]);
});

test('a class of weight 0 may have the logit -Infinity', () => {
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

test('what is wrong is said', () => {
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
