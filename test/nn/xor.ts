// A small network that learns XOR.

import { type Activation, nn, random } from '../../src/index.js';

export const xor = { x: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), labels: Uint8Array.of(0, 1, 1, 0) };

/** 2-16-2, with an activation between. */
export function network(f: Activation = 'tanh', seed = 1) {
  const rng = random.philox(seed);
  return nn.sequential([
    nn.linear(2, 16, { rng: rng.fork(0) }),
    nn.activation(f),
    nn.linear(16, 2, { rng: rng.fork(1) }),
  ]);
}

/** Trains on XOR; the loss of each step. */
export async function train(model: ReturnType<typeof nn.sequential>, o: Partial<Parameters<typeof nn.fit>[2]> = {}) {
  const losses: number[] = [];
  const optimizer = nn.sgd({ lr: 0.5, momentum: 0.9 });
  for await (const step of nn.fit(model, xor, { epochs: 200, batchSize: 4, seed: 2, optimizer, ...o }))
    losses.push(step.loss);
  return losses;
}
