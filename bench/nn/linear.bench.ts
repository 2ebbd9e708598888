// The matrix products of the linear layer: 256 x 1024 x 1024, and those of the article's network.

import { random, workspace } from '../../src/index.js';
import { scalar } from '../../src/wasm/kernels.js';
import { bind } from '../../src/wasm/memory.js';
import { nnModule } from '../../src/wasm/module.js';
import { type Case, loop } from '../measure.js';

// Row by row over k, so that the inner loop reads both operands in order.
const plain = `y.fill(0);
for (let i = 0; i < rows; i++)
  for (let j = 0; j < outputs; j++) {
    let sum = 0;
    for (let k = 0; k < inputs; k++) sum += x[i * inputs + k] * w[j * inputs + k];
    y[i * outputs + j] = sum;
  }`;

export function cases(): Case[] {
  return [
    [256, 1024, 1024],
    [100, 784, 100],
    [100, 100, 10],
  ].flatMap(([rows, inputs, outputs]) => {
    const scratchValues = scalar(nnModule, 'linearScratch') / 4;
    const sizes = [rows * inputs, outputs * inputs, rows * outputs];
    const ws = workspace({ bytes: 4 * (sizes.reduce((a, b) => a + b) + scratchValues + 64) });
    const [x, w, y] = sizes.map((n) => ws.float32(n));
    const scratch = ws.float32(scratchValues);
    random.philox(1).normal({ out: x });
    random.philox(2).normal({ out: w });
    const outside = { x: x.slice(), w: w.slice(), y: y.slice() };
    const forward = bind(ws, 'linearForward', x, w, null, y, null, scratch);
    const byWeight = bind(ws, 'linearBackwardWeight', x, y, w, scratch);
    const baseline = loop('x, w, y, rows, inputs, outputs', plain);
    const about = { size: rows * inputs * outputs, amount: 2 * rows * inputs * outputs, unit: 'GFLOP/s' as const };
    const shape = `${rows} x ${inputs} x ${outputs}`;
    return [
      {
        ...about,
        name: `linear forward ${shape}`,
        ways: {
          workspace: () => void forward(rows, inputs, outputs),
          baseline: () => baseline(outside.x, outside.w, outside.y, rows, inputs, outputs),
        },
      },
      {
        ...about,
        name: `linear backward by weight ${shape}`,
        ways: { workspace: () => void byWeight(rows, inputs, outputs, outputs) },
      },
    ];
  });
}
