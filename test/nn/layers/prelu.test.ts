// prelu as a layer.

import { expect, test } from 'vitest';
import { nn } from '../../../src/index.js';
import { noise } from '../../oracle.js';

test.each([1, 6])('a layer of %i slopes learns them by the gradient of the loss', async (channels) => {
  const x = noise(6, 48, 2);
  const targets = noise(7, 48, 2);
  const layer = nn.prelu(channels, { slope: 0.1 });
  // A linear layer that is the identity comes first, so that prelu's gradient by x is computed too.
  const first = nn.linear(6, 6, { bias: false, seed: 1 });
  first.weight.data.fill(0);
  for (let i = 0; i < 6; i++) first.weight.data[7 * i] = 1;
  const model = nn.sequential([first, layer]);
  const { weight } = layer.parameters;
  for await (const _ of nn.fit(
    model,
    { x, targets },
    { loss: 'meanSquaredError', batchSize: 8, optimizer: nn.sgd({ lr: 1 }) },
  ));
  const expected = new Float64Array(channels).fill(Math.fround(0.1));
  x.forEach((v, i) => {
    if (v < 0) expected[channels === 1 ? 0 : i % 6] -= (2 / 48) * (v * Math.fround(0.1) - targets[i]) * v;
  });
  expected.forEach((value, i) => expect(Math.abs(weight.data[i] - value)).toBeLessThan(1e-6));
});

test('no channels are an error', () => {
  expect(() => nn.prelu(0)).toThrow(/channels is 0/);
});
