// Dropout as a layer.

import { expect, test } from 'vitest';
import { nn } from '../../../src/index.js';
import { noise } from '../../oracle.js';

test('drops values in training alone, with another mask at each step', async () => {
  const make = () => [
    nn.linear(8, 4, { bias: false, seed: 1 }),
    nn.dropout({ p: 0.5, seed: 2 }),
    nn.activation('tanh'),
  ];
  const model = nn.sequential(make());
  const x = noise(3, 8 * 64);
  const [first, , last] = make();
  expect(model.forward(x)).toEqual(nn.sequential([first, last]).forward(x));
  const targets = new Float32Array(4 * 64);
  const losses: number[] = [];
  const optimizer = nn.sgd({ lr: 0 });
  for await (const { loss } of nn.fit(
    model,
    { x, targets },
    { loss: 'meanSquaredError', epochs: 3, batchSize: 64, optimizer, shuffle: false },
  ))
    losses.push(loss);
  expect(new Set(losses).size).toBe(3);
  const { loss } = nn.evaluate(model, { x, targets }, { loss: 'meanSquaredError' });
  expect(losses).not.toContain(loss);
});

test('a wrong share is an error', () => {
  expect(() => nn.dropout({ p: Number.NaN })).toThrow(RangeError);
});
