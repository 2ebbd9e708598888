// The kernels of the linear layer against sums in double precision, and the layer.

import { describe, expect, test } from 'vitest';
import { init, nn, random, workspace } from '../../../src/index.js';
import { scalar } from '../../../src/wasm/kernels.js';
import { bind } from '../../../src/wasm/memory.js';
import { nnModule } from '../../../src/wasm/module.js';
import { noise } from '../../oracle.js';

// Shapes that fill tiles and blocks exactly, that are one short of them, and that exceed them along one axis.
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
  [5, 400, 9],
  [5, 401, 9],
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
  const scratchValues = scalar(nnModule, 'linearScratch') / 4;
  const ws = workspace({ bytes: 4 * (sizes.reduce((a, b) => a + b + 4, 0) + scratchValues) });
  const [x, w, b, y, g, dx, dw, db] = sizes.map((n) => ws.float32(n));
  const scratch = ws.float32(scratchValues);
  x.set(noise(1, x.length));
  w.set(noise(2, w.length));
  b.set(noise(3, b.length));
  g.set(noise(4, g.length));

  /** Compares each result with a sum in double precision, within the usual bound of a sum of k products. */
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
    bind(ws, 'linearBackwardWeight', x, g, dw, scratch)(rows, inputs, outputs, outputs);
    bind(ws, 'linearBackwardBias', g, db)(rows, outputs);
    compare(dx, rows, inputs, outputs, (i, j, l) => g[i * outputs + l] * w[l * inputs + j]);
    compare(dw, outputs, inputs, rows, (i, j, l) => g[l * outputs + i] * x[l * inputs + j]);
    compare(db, 1, outputs, rows, (_, j, l) => g[l * outputs + j]);
  });
});

test('the layer is initialised as PyTorch’s nn.Linear, with a bias and without', () => {
  const layer = nn.linear(7, 5, { seed: 3 });
  const { weight, bias } = init.torchLinear([5, 7], { seed: 3 });
  expect(layer.weight).toEqual({ shape: [5, 7], data: weight });
  expect(layer.bias).toEqual({ shape: [5], data: bias });
  const rng = random.torch(0);
  const unbiased = nn.linear(7, 5, { rng, bias: false });
  expect(unbiased.bias).toBe(null);
  expect(Object.keys(unbiased.parameters)).toEqual(['weight']);
  // Without a bias nothing is drawn for it: the generator goes on with the next values.
  const again = random.torch(0);
  again.uniform(35);
  expect(rng.bits(4)).toEqual(again.bits(4));
  const model = nn.sequential([unbiased]);
  expect(model.forward(new Float32Array(7))).toEqual(new Float32Array(5));
});

const activations = ['relu', 'tanh', 'gelu', 'silu', 'softplus', 'hardshrink'] as const;
test.each(activations)('with %s fused: the bits of a layer of its own, forward and in training', async (f) => {
  // More columns and more inputs than a block, and rows that do not fill a tile.
  const sizes = [
    [7, 5],
    [300, 530],
  ];
  for (const [inputs, outputs] of sizes) {
    const fused = nn.sequential([
      nn.linear(inputs, outputs, { seed: 1, activation: f }),
      nn.linear(outputs, 3, { seed: 2 }),
    ]);
    const apart = nn.sequential([
      nn.linear(inputs, outputs, { seed: 1 }),
      nn.activation(f),
      nn.linear(outputs, 3, { seed: 2 }),
    ]);
    const data = { x: noise(1, 70 * inputs, 2), labels: Uint8Array.from({ length: 70 }, (_, i) => i % 3) };
    expect(fused.forward(data.x)).toEqual(apart.forward(data.x));
    for (const model of [fused, apart]) {
      const optimizer = nn.sgd({ lr: 0.1, momentum: 0.9 });
      for await (const _ of nn.fit(model, data, { epochs: 2, batchSize: 35, seed: 3, optimizer }));
    }
    expect(Object.values(fused.parameters).map(({ data }) => data.slice())).toEqual(
      Object.values(apart.parameters).map(({ data }) => data.slice()),
    );
  }
});

test('an unknown activation or a wrong parameter of one is an error', () => {
  expect(() => nn.linear(2, 3, { activation: 'rleu' as never })).toThrow(/nn.linear: activation is the string "rleu"/);
  expect(() => nn.linear(2, 3, { activation: ['elu', { slope: 1 }] as never })).toThrow(
    /nn.linear: elu: unknown option slope/,
  );
  expect(() => nn.linear(2, 3, { activation: ['elu', { alpha: -1 }] })).toThrow(
    /alpha is -1; pass a number at least 0/,
  );
});
