// Sums that grow with the data: a row each, with the sum in double precision beside it. What `npm test` holds to the promise
// and docs/accuracy.md lists.

import { activation, loss, random, softmax, type Workspace, workspace } from '../../src/index.js';
import { HISTOGRAM_BINS, STATISTICS_SUMS } from '../../src/wasm/generated/constants.js';
import { scalar } from '../../src/wasm/kernels.js';
import { bind } from '../../src/wasm/memory.js';
import { nnModule } from '../../src/wasm/module.js';

/** The largest error, by the sum of magnitudes. */
export const PROMISE = 1e-6;
export const lengths = [1e3, 1e5, 1e6];

/** Two factors of n terms. */
interface Data {
  a: Float32Array;
  b: Float32Array;
}

/** Equal terms are the worst: all roundings of a sum go the same way. */
export const data: Record<string, (n: number) => Data> = {
  'constant 0.1': (n) => ({ a: new Float32Array(n).fill(0.1), b: new Float32Array(n).fill(1) }),
  'uniform, positive': (n) => ({ a: random.philox(1).uniform(n), b: random.philox(2).uniform(n) }),
  'normal, signed': (n) => ({ a: random.philox(3).normal(n), b: random.philox(4).normal(n) }),
};

/** What a kernel gave, the exact value, and the sum of magnitudes. */
type Result = [got: number, exact: number, size: number];

interface Sum {
  name: string;
  /** How it is summed. */
  order: keyof typeof orders;
  run(n: number, data: Data): Result[];
}

/**
 * Each order of summation, and the largest error it has for any data of a million terms, by the sum of magnitudes. Of n terms
 * in binary64 that is n 2^-53, whatever their order; where the terms or the result are float32, 3 units in the last place more.
 */
export const orders = {
  product: { text: 'to 400 in one; beyond: 48, 400, Kahan', bound: 69 * 2 ** -24 },
  rows: { text: '32, Kahan', bound: 34 * 2 ** -24 },
  binary64: { text: 'binary64', bound: 1e6 * 2 ** -53 },
  rounded: { text: 'binary64 of float32', bound: 6 * 2 ** -24 + 1e6 * 2 ** -53 },
};

/** The sum of so many terms, and that of their sizes. */
function exactly(n: number, term: (i: number) => number): [sum: number, size: number] {
  let [sum, size] = [0, 0];
  for (let i = 0; i < n; i++) {
    const t = term(i);
    sum += t;
    size += Math.abs(t);
  }
  return [sum, size];
}

const room = (...sizes: number[]) => {
  const ws = workspace({ bytes: sizes.reduce((sum, n) => sum + 4 * n + 16, 0) });
  return [ws, ...sizes.map((n) => ws.float32(n))] as [Workspace, ...Float32Array[]];
};
const scratchValues = scalar(nnModule, 'linearScratch') / 4;

/** Line r of a matrix is the data from another place on. */
const shifted = (n: number, i: number, line: number) => (i + 7919 * line) % n;
function fill(x: Float32Array, from: Float32Array, lines: number, alongLines: boolean): void {
  const n = from.length;
  for (let r = 0; r < lines; r++) {
    for (let i = 0; i < n; i++) x[alongLines ? r * n + i : i * lines + r] = from[shifted(n, i, r)];
  }
}

/** m x k times k x n, the depth along the lines of an operand or across them. */
const [M, N] = [2, 3];
function product(kernel: 'linearForward' | 'linearBackwardInput' | 'linearBackwardWeight'): Sum['run'] {
  return (k, { a, b }) => {
    const [ws, x, w, out, scratch] = room(M * k, N * k, M * N, scratchValues);
    fill(x, a, M, kernel !== 'linearBackwardWeight');
    fill(w, b, N, kernel === 'linearForward');
    if (kernel === 'linearForward') bind(ws, kernel, x, w, null, out, null, scratch)(M, k, N, 0, 0);
    else if (kernel === 'linearBackwardInput') bind(ws, kernel, x, w, out, scratch)(M, N, k);
    else bind(ws, kernel, w, x, out, scratch)(k, N, M, M);
    return Array.from(out, (got, at) => {
      const [i, j] = [Math.floor(at / N), at % N];
      return [got, ...exactly(k, (l) => a[shifted(k, l, i)] * b[shifted(k, l, j)])];
    });
  };
}

/** A pointwise loss, summed over all outputs. */
const pointwise =
  (sum: (x: Float32Array, t: Float32Array) => number, term: (x: number, t: number) => number): Sum['run'] =>
  (n, { a, b }) => [[sum(a, b), ...exactly(n, (i) => term(a[i], b[i]))]];

export const sums: Sum[] = [
  { name: "linear: x W', over inputs", order: 'product', run: product('linearForward') },
  { name: 'linear: dL/dx, over outputs', order: 'product', run: product('linearBackwardInput') },
  { name: 'linear: dL/dW, over rows', order: 'product', run: product('linearBackwardWeight') },
  {
    name: 'linear: dL/db, over rows',
    order: 'rows',
    run(n, { a }) {
      const [ws, g, db] = room(N * n, N);
      fill(g, a, N, false);
      bind(ws, 'linearBackwardBias', g, db)(n, N);
      const [sum, size] = exactly(n, (i) => a[i]);
      return Array.from(db, (got) => [got, sum, size]);
    },
  },
  {
    name: 'norm of gradients (clipNorm)',
    order: 'binary64',
    run(n, { a }) {
      const [ws, g] = room(n);
      g.set(a);
      const length = Math.sqrt(exactly(n, (i) => a[i] * a[i])[0]);
      return [[bind(ws, 'clip', g)(n, 1e300), length, length]];
    },
  },
  {
    name: 'distance of weights (probe)',
    order: 'rounded',
    run(n, { a, b }) {
      const [ws, x, y] = room(n, n);
      x.set(a);
      y.set(b);
      const length = Math.sqrt(exactly(n, (i) => (a[i] - b[i]) ** 2)[0]);
      return [[bind(ws, 'distance', x, y)(n), length, length]];
    },
  },
  {
    name: 'mean and mean of squares (probe)',
    order: 'binary64',
    run(n, { a }) {
      const [ws, x, figures] = room(n, 2 * STATISTICS_SUMS + HISTOGRAM_BINS);
      x.set(a);
      bind(ws, 'statistics', x, figures)(n);
      const [, sum, squares] = new Float64Array(figures.buffer, figures.byteOffset, STATISTICS_SUMS);
      return [
        [sum, ...exactly(n, (i) => a[i])],
        [squares, ...exactly(n, (i) => a[i] * a[i])],
      ];
    },
  },
  {
    name: 'crossEntropy, over rows',
    order: 'rounded',
    run(n, { a, b }) {
      const logits = new Float32Array(2 * n).map((_, i) => (i % 2 ? b[i >> 1] : a[i >> 1]));
      const got = loss.crossEntropy.forward({ logits, labels: new Uint32Array(n), columns: 2, reduction: 'sum' });
      return [[got, ...exactly(n, (i) => Math.log1p(Math.exp(b[i] - a[i])))]];
    },
  },
  {
    name: 'meanSquaredError',
    order: 'rounded',
    run: pointwise(
      (outputs, targets) => loss.meanSquaredError.forward({ outputs, targets, reduction: 'sum' }),
      (x, t) => (x - t) ** 2,
    ),
  },
  {
    name: 'huber',
    order: 'rounded',
    run: pointwise(
      (outputs, targets) => loss.huber.forward({ outputs, targets, reduction: 'sum' }),
      (x, t) => (Math.abs(x - t) > 1 ? Math.abs(x - t) - 0.5 : (x - t) ** 2 / 2),
    ),
  },
  {
    name: 'binaryCrossEntropy',
    order: 'rounded',
    run: pointwise(
      (logits, b) => loss.binaryCrossEntropy.forward({ logits, targets: b.map(Math.abs), reduction: 'sum' }),
      (x, t) => Math.log1p(Math.exp(x)) - Math.abs(t) * x,
    ),
  },
  {
    name: 'softmax: the sum of a row',
    order: 'rounded',
    run(n, { a }) {
      const y = softmax.forward(a, { columns: n });
      const [sum] = exactly(n, (i) => Math.exp(a[i]));
      return [0, 1, n - 1].map((i) => [y[i], Math.exp(a[i]) / sum, Math.exp(a[i]) / sum]);
    },
  },
  {
    name: 'softmax: dL/dx, over a row',
    order: 'rounded',
    run(n, { a, b }) {
      const dx = softmax.backward({ y: b, dy: a, columns: n });
      const [sum, size] = exactly(n, (i) => a[i] * b[i]);
      return [0, 1, n - 1].map((i) => [dx[i], b[i] * (a[i] - sum), Math.abs(b[i]) * (Math.abs(a[i]) + size)]);
    },
  },
  {
    name: 'softmax.log: dL/dx, over a row',
    order: 'rounded',
    run(n, { a, b }) {
      const y = softmax.log.forward(b, { columns: n });
      const dx = softmax.log.backward({ y, dy: a, columns: n });
      const [sum, size] = exactly(n, (i) => a[i]);
      return [0, 1, n - 1].map((i) => [dx[i], a[i] - Math.exp(y[i]) * sum, Math.abs(a[i]) + Math.exp(y[i]) * size]);
    },
  },
  {
    name: 'prelu: dL/dslope',
    order: 'rounded',
    run(n, { a, b }) {
      const x = a.map((v) => -Math.abs(v));
      const { dslopes } = activation.prelu.backward({ x, dy: b, slopes: Float32Array.of(0.25) });
      return [[dslopes[0], ...exactly(n, (i) => x[i] * b[i])]];
    },
  },
];

/** The largest error of n terms, by the sum of magnitudes. */
export function worst({ run }: Sum, n: number, given: Data): number {
  return Math.max(...run(n, given).map(([got, exact, size]) => Math.abs(got - exact) / size));
}

/** The section of docs/accuracy.md. Double precision differs from engine to engine in the last digit: two are told. */
export function section(): string {
  const given = lengths.map((n) => Object.values(data).map((make) => make(n)));
  const rows = sums.map((sum) => {
    const cells = lengths.map((n, k) => Math.max(...given[k].map((d) => worst(sum, n, d))).toExponential(1));
    const { text, bound } = orders[sum.order];
    return `| ${[sum.name, text, ...cells, bound.toExponential(1)].join(' | ')} |`;
  });
  return `## Sums

Sums that grow with the data are made in blocks of terms or in binary64, so that their error stays where it is. The promise: a million terms are off by less than ${PROMISE.toExponential()} of the sum of their magnitudes. The table has the worst error for terms that are all 0.1 (equal terms are the worst case in practice: every rounding goes the same way), that are uniform from 0 to 1, and that are normal. The last column is the bound for any million terms, also for such as are made to be bad.

| sum | summed | ${lengths.map((n) => n.toLocaleString('en')).join(' | ')} | at most |
| --- | --- | ${lengths.map(() => '---').join(' | ')} | --- |
${rows.join('\n')}

A product over up to 400 terms is one sum in their order, as it is in most libraries. Its bound is 400 units of 2⁻²⁴, or 2.4e-5; the worst of 2,000 constants is off by 6e-6. Longer products are summed 48 terms at a time, these sums to blocks of up to 400 terms, and the blocks one after the other, by Kahan summation if there are more than 12.

The order of a sum depends on the number of its terms alone. So the bits are the same for any number of threads, and a row has the same result in any batch.
`;
}
