// Very many small models, and one of very many inputs.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { type Model, nn } from '../../src/index.js';
import { noise } from '../oracle.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const megabytes = () => {
  collect();
  collect();
  return process.memoryUsage().external / 2 ** 20;
};
const make = (i: number) =>
  nn.sequential([nn.linear(4, 8, { seed: i }), nn.activation('tanh'), nn.linear(8, 2, { seed: i + 1 })]);

test('fifty thousand models at the same time, each with weights of its own; dropped, they are given back', () => {
  const before = megabytes();
  const x = noise(1, 4);
  const models: Model[] = Array.from({ length: 50_000 }, (_, i) => make(i));
  const first = models.map((model) => model.forward(x));
  expect(megabytes() - before).toBeLessThan(300);
  models.forEach((model, i) => {
    if (i % 997 === 0) expect(first[i]).toEqual(make(i).forward(x));
    expect(model.forward(x)).toEqual(first[i]);
  });
  models.length = 0;
  expect(megabytes() - before).toBeLessThan(10);
});

test('two hundred thousand models one after the other, of which some survive', () => {
  const before = megabytes();
  const survivors: Model[] = [];
  for (let i = 0; i < 200_000; i++) {
    const model = make(i);
    if (i % 10_000 === 0) survivors.push(model);
  }
  expect(megabytes() - before).toBeLessThan(4 * survivors.length);
  survivors.forEach((model, k) => {
    expect(nn.save(model)).toEqual(nn.save(make(10_000 * k)));
  });
});

test('a model of 4.2 million inputs trains in bounded memory', async () => {
  const n = 4_200_000;
  const before = megabytes();
  const model = nn.sequential([nn.linear(n, 1, { seed: 0 })]);
  const x = noise(1, 4 * n, 0.01);
  const data = { x, targets: Float32Array.of(1, 0, -1, 1) };
  const o = { loss: 'meanSquaredError', epochs: 5, optimizer: nn.sgd({ lr: 2e-3 }), seed: 0 } as const;
  const { loss } = nn.evaluate(model, data, { loss: o.loss });
  for await (const _ of nn.fit(model, data, { ...o, batchSize: 4 }));
  expect(nn.evaluate(model, data, { loss: o.loss }).loss).toBeLessThan(loss / 2);
  // Beside x: the parameters with their gradients and two states, and 64 MiB.
  expect(megabytes() - before - (4 * x.length) / 2 ** 20).toBeLessThan(140);
});
