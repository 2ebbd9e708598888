// Loss and accuracy over data; those of each loss are in training.test.ts.

import { expect, test } from 'vitest';
import { nn } from '../../src/index.js';
import { noise } from '../oracle.js';
import { network, xor } from './xor.js';

test('the bits of a loss do not depend on the size of the batches', async () => {
  const [a, b] = [network(), network()];
  for await (const _ of nn.fit(b, xor, { batchSize: 300, epochs: 0, optimizer: nn.sgd({ lr: 0 }) }));
  const data = { x: noise(1, 2 * 1000), labels: new Uint8Array(1000) };
  for await (const _ of nn.fit(b, data, { batchSize: 300, optimizer: nn.sgd({ lr: 0 }) }));
  expect(nn.evaluate(b, data).loss).toBe(nn.evaluate(a, data).loss);
});

test('a row whose outputs are NaN counts as wrong', () => {
  const linear = nn.linear(2, 2, { seed: 0 });
  linear.weight.data.fill(Number.NaN);
  expect(nn.evaluate(nn.sequential([linear]), { x: new Float32Array(4), labels: [0, 0] }).accuracy).toBe(0);
});
