// Every optimizer and every loss of the tables, trained by two threads, has the bits of one.

import { type Layer, nn } from 'fanwise';
import { type Threads, workspace } from 'fanwise/threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { losses } from '../../src/nn/losses/pointwise.js';
import { optimizerRow } from '../../src/nn/optimizer.js';
import * as optimizers from '../../src/nn/optimizers.js';
import type { Any } from '../check/case.js';
import { variants } from '../check/options.js';
import { noise } from '../oracle.js';
import { all, same } from './workers.js';

const [rows, inputs, hidden, outputs] = [300, 200, 150, 7];
const x = noise(1, rows * inputs);
const targets = noise(2, rows * outputs).map(Math.abs);
const labels = Uint8Array.from({ length: rows }, (_, i) => i % outputs);
const network = () => {
  const layers: Layer[] = [nn.linear(inputs, hidden, { seed: 1, activation: 'gelu' }), nn.prelu(hidden)];
  return nn.sequential([...layers, nn.linear(hidden, outputs, { seed: 2 })]);
};

let ws: Threads;
beforeAll(async () => {
  ws = await workspace({ bytes: 16, threads: 2 });
});
afterAll(() => ws.close());

/** Trains by two threads and by one, and compares. */
async function compare(data: Any, options: Any) {
  const [alone, together] = [network(), network()];
  const fit = { batchSize: 256, seed: 1, ...options };
  expect(await all(ws.fit(together, data, fit))).toEqual(await all(nn.fit(alone, data, fit)));
  for (const [name, { data }] of Object.entries(together.parameters))
    expect(same(data, alone.parameters[name].data), name).toBe(true);
}

test.each(Object.entries(optimizers))('%s', async (name, maker) => {
  // The options are those of the rows in src; the function is that of the built package, which the threads load.
  const options = variants(optimizerRow(maker).options).slice(-1)[0];
  await compare({ x, labels }, { epochs: 2, optimizer: (nn as Any)[name](options) });
});

test.each(Object.keys(losses))('%s', async (loss) => {
  await compare({ x, targets }, { loss, optimizer: nn.sgd({ lr: 0.1 }) });
});
