import { describe, expect, test } from 'vitest';
import { init, nn, random, workspace } from '../src/index.js';
import { bind, scalar } from '../src/wasm.js';
import { noise } from './oracle.js';

// Shapes that fill tiles and blocks exactly, miss them by one, and exceed them in one direction each.
const shapes = [
  [1, 1, 1],
  [4, 8, 8],
  [3, 5, 7],
  [5, 9, 17],
  [100, 784, 100],
  [100, 100, 10],
  [65, 257, 9],
  [2, 300, 520],
  [130, 3, 33],
  [1, 1000, 10],
];

describe.each(shapes)('%i rows, %i inputs, %i outputs', (rows, inputs, outputs) => {
  const sizes = [
    rows * inputs,
    outputs * inputs,
    outputs,
    rows * outputs,
    rows * outputs,
    rows * inputs,
    outputs * inputs,
    outputs,
  ];
  const scratchValues = scalar('linearScratch') / 4;
  const ws = workspace({ bytes: 4 * (sizes.reduce((a, b) => a + b + 4, 0) + scratchValues) });
  const [x, w, b, y, g, dx, dw, db] = sizes.map((n) => ws.float32(n));
  const scratch = ws.float32(scratchValues);
  x.set(noise(1, x.length));
  w.set(noise(2, w.length));
  b.set(noise(3, b.length));
  g.set(noise(4, g.length));

  /** Each result against a sum in double precision; the bound is the usual one of a sum of k products. */
  function compare(
    got: Float32Array,
    m: number,
    n: number,
    k: number,
    term: (i: number, j: number, l: number) => number,
    start?: Float32Array,
  ) {
    let worst = 0;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = start ? start[j] : 0;
        let size = Math.abs(sum);
        for (let l = 0; l < k; l++) {
          const t = term(i, j, l);
          sum += t;
          size += Math.abs(t);
        }
        worst = Math.max(worst, Math.abs(got[i * n + j] - sum) / size);
      }
    }
    expect(worst).toBeLessThan((4 + Math.sqrt(k)) * 2 ** -24);
  }

  test('forward, with a bias and without', () => {
    y.fill(Number.NaN);
    bind(ws, 'linearForward', x, w, b, y, null, scratch)(rows, inputs, outputs, 0, 0);
    compare(y, rows, outputs, inputs, (i, j, l) => x[i * inputs + l] * w[j * inputs + l], b);
    bind(ws, 'linearForward', x, w, null, y, null, scratch)(rows, inputs, outputs, 0, 0);
    compare(y, rows, outputs, inputs, (i, j, l) => x[i * inputs + l] * w[j * inputs + l]);
  });

  test('the gradients by input, weight and bias', () => {
    for (const out of [dx, dw, db]) out.fill(Number.NaN);
    bind(ws, 'linearBackwardInput', g, w, dx, scratch)(rows, inputs, outputs);
    bind(ws, 'linearBackwardWeight', x, g, dw, scratch)(rows, inputs, outputs);
    bind(ws, 'linearBackwardBias', g, db)(rows, outputs);
    compare(dx, rows, inputs, outputs, (i, j, l) => g[i * outputs + l] * w[l * inputs + j]);
    compare(dw, outputs, inputs, rows, (i, j, l) => g[l * outputs + i] * x[l * inputs + j]);
    compare(db, 1, outputs, rows, (_, j, l) => g[l * outputs + j]);
  });
});

test('the layer starts as PyTorch nn.Linear does, bias or none', () => {
  const layer = nn.linear(7, 5, { seed: 3 });
  const { weight, bias } = init.torchLinear([5, 7], { seed: 3 });
  expect(layer.weight).toEqual({ shape: [5, 7], data: weight });
  expect(layer.bias).toEqual({ shape: [5], data: bias });
  const rng = random.torch(0);
  const bare = nn.linear(7, 5, { rng, bias: false });
  expect(bare.bias).toBe(null);
  expect(Object.keys(bare.parameters)).toEqual(['weight']);
  // No bias draws nothing: the next layer's values come right behind.
  const again = random.torch(0);
  again.uniform(35);
  expect(rng.bits(4)).toEqual(again.bits(4));
  const model = nn.sequential([bare]);
  expect(model.forward(new Float32Array(7))).toEqual(new Float32Array(5));
});
