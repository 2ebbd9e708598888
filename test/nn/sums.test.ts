// Sums that grow with the data: the promise of each, and orders that depend on the number of terms alone.

import { describe, expect, test } from 'vitest';
import { workspace } from '../../src/index.js';
import { scalar } from '../../src/wasm/kernels.js';
import { bind } from '../../src/wasm/memory.js';
import { nnModule } from '../../src/wasm/module.js';
import { hash, noise } from '../oracle.js';
import { data, lengths, orders, PROMISE, sums, worst } from './sums.js';

describe.each(lengths)('%i terms', (n) => {
  const given = Object.entries(data).map(([name, make]) => [name, make(n)] as const);

  test.each(sums)('$name', (sum) => {
    for (const [name, terms] of given) {
      const error = worst(sum, n, terms);
      expect(error, name).toBeLessThan(PROMISE);
      expect(error, name).toBeLessThanOrEqual(orders[sum.order].bound);
    }
  });
});

const scratchValues = scalar(nnModule, 'linearScratch') / 4;
const round = Math.fround;

/** Kahan summation in float32. */
function kahan(terms: number[]): number {
  let [sum, compensation] = [0, 0];
  for (const term of terms) {
    const x = round(term - compensation);
    const after = round(sum + x);
    compensation = round(round(after - sum) - x);
    sum = after;
  }
  return sum;
}
const inOrder = (terms: Iterable<number>, from = 0) => {
  for (const term of terms) from = round(from + term);
  return from;
};
/** A product as assembly/nn/product.ts says that it is summed. */
function summed(x: Float32Array, w: Float32Array, bias: number): number {
  const k = x.length;
  const blocks = Math.ceil(k / 400);
  const most = Math.ceil(k / blocks);
  const length = blocks > 1 ? 48 : 400;
  const partial = Array.from({ length: blocks }, (_, block) => {
    const parts: number[] = [];
    const end = Math.min(k, (block + 1) * most);
    for (let l = block * most; l < end; l += length) {
      const terms = x.slice(l, Math.min(end, l + length)).map((v, i) => v * w[l + i]);
      parts.push(inOrder(terms, l === 0 ? bias : 0));
    }
    return inOrder(parts);
  });
  return blocks > 12 ? kahan(partial) : inOrder(partial);
}

test.each([1, 47, 400, 401, 784, 1200, 4800, 4801, 10007])('a product over %i terms has its order', (k) => {
  const [rows, outputs] = [5, 9];
  const ws = workspace({ bytes: 4 * (scratchValues + (rows + outputs + 4) * k + 99) });
  const [x, w, b, z, scratch] = [rows * k, outputs * k, outputs, rows * outputs, scratchValues].map((n) =>
    ws.float32(n),
  );
  x.set(noise(1, x.length));
  w.set(noise(2, w.length));
  b.set(noise(3, outputs));
  bind(ws, 'linearForward', x, w, b, z, null, scratch)(rows, k, outputs, 0, 0);
  const line = (a: Float32Array, i: number) => a.subarray(i * k, (i + 1) * k);
  expect([...z]).toEqual(
    Array.from(z, (_, i) => summed(line(x, Math.floor(i / outputs)), line(w, i % outputs), b[i % outputs])),
  );
});

// Depths of one block, of a few, and of so many that results have compensations; more rows and columns than those take.
const shapes = [
  [70, 33, 21],
  [70, 21, 530],
  [13, 784, 21],
  [21, 4100, 13],
  [37, 6000, 300],
  [390, 5000, 37],
  [5, 9, 4900],
];
describe.each(shapes)('%i rows, %i inputs, %i outputs: the bits do not depend on cuts', (rows, inputs, outputs) => {
  const sizes = {
    ...{ x: rows * inputs, w: outputs * inputs, b: outputs, z: rows * outputs, g: rows * outputs },
    ...{
      dx: rows * inputs,
      dw: outputs * inputs,
      db: outputs,
      part: Math.max(rows, outputs) * Math.max(inputs, outputs),
    },
  };
  const values = Object.values(sizes).reduce((sum, n) => sum + n + 4, scratchValues);
  const ws = workspace({ bytes: 4 * values });
  const { x, w, b, z, g, dx, dw, db, part } = Object.fromEntries(
    Object.entries(sizes).map(([name, n]) => [name, ws.float32(n)]),
  );
  const scratch = ws.float32(scratchValues);
  [x, w, b, g].forEach((a, i) => void a.set(noise(i, a.length)));
  bind(ws, 'linearForward', x, w, b, z, null, scratch)(rows, inputs, outputs, 0, 0);
  bind(ws, 'linearBackwardInput', g, w, dx, scratch)(rows, inputs, outputs);
  bind(ws, 'linearBackwardWeight', x, g, dw, scratch)(rows, inputs, outputs, outputs);
  bind(ws, 'linearBackwardBias', g, db)(rows, outputs);

  const same = (a: Float32Array, b: Float32Array) => expect(hash(a)).toBe(hash(b)); // two million values take Vitest seconds

  /** Parts of n: as threads take them, by fours, and others. */
  const cuts = (n: number) =>
    [[4, 8], [4 * Math.ceil(n / 8)], [1, 2, 7], [n - 1]].map((at) =>
      [0, ...at.filter((i) => i > 0 && i < n), n].map((from, i, all) => [from, all[i + 1]]).slice(0, -1),
    );

  test.each(cuts(rows))('rows from %j on', (...parts) => {
    for (const [from, to] of parts) {
      const [n, lines] = [to - from, (a: Float32Array, width: number) => a.subarray(from * width, to * width)];
      bind(ws, 'linearForward', lines(x, inputs), w, b, part, null, scratch)(n, inputs, outputs, 0, 0);
      same(part.subarray(0, n * outputs), lines(z, outputs));
      bind(ws, 'linearBackwardInput', lines(g, outputs), w, part, scratch)(n, inputs, outputs);
      same(part.subarray(0, n * inputs), lines(dx, inputs));
    }
  });

  test.each(cuts(outputs))('outputs from %j on', (...parts) => {
    for (const [from, to] of parts) {
      const n = to - from;
      const own = (a: Float32Array) => a.subarray(from * inputs, to * inputs);
      const column = (a: Float32Array) => a.filter((_, i) => i % outputs >= from && i % outputs < to);
      bind(ws, 'linearForward', x, own(w), b.subarray(from, to), part, null, scratch)(rows, inputs, n, 0, 0);
      same(part.subarray(0, rows * n), column(z));
      bind(ws, 'linearBackwardWeight', x, g.subarray(from), part, scratch)(rows, inputs, n, outputs);
      same(part.subarray(0, n * inputs), own(dw));
      part.set(column(g), n);
      bind(ws, 'linearBackwardBias', part.subarray(n), part)(rows, n);
      same(part.subarray(0, n), db.subarray(from, to));
    }
  });
});

test('what is infinite stays so, and what is NaN', () => {
  const [k, columns] = [6000, 32 + 4 + 1]; // a column for each of the loops over them
  const ws = workspace({ bytes: 4 * (scratchValues + (2 + columns) * k + 99) });
  const [x, w, z, g, db, scratch] = [k, k, 1, columns * k, columns, scratchValues].map((n) => ws.float32(n));
  w.fill(1);
  // Beside each other, far apart, and where a sum ends: at all levels.
  for (const [values, sum] of [
    [[3e38, 3e38], Infinity],
    [[-3e38, -3e38], -Infinity],
    [[Infinity, 1], Infinity],
    [[Infinity, -Infinity], Number.NaN],
    [[Number.NaN, 1], Number.NaN],
  ] as const) {
    for (const places of [
      [0, 1],
      [40, 60],
      [1000, 3000],
      [k - 2, k - 1],
    ]) {
      x.fill(1);
      places.forEach((at, i) => void (x[at] = values[i]));
      bind(ws, 'linearForward', x, w, null, z, null, scratch)(1, k, 1, 0, 0);
      expect(z[0]).toBe(sum);
      x.forEach((v, i) => void g.fill(v, i * columns, (i + 1) * columns));
      bind(ws, 'linearBackwardBias', g, db)(k, columns);
      expect([...db]).toEqual([...db].fill(sum));
    }
  }
});
