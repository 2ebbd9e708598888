// `ready` in every engine: what is called afterwards compiles nothing.

import { expect, test } from 'vitest';
import { activation, nn, random, ready } from '../../src/index.js';
import { modules } from '../../src/wasm/module.js';

test('all modules are compiled ahead, and stay', async () => {
  await ready();
  const compiled = modules.map((module) => module.compiled[0]);
  expect(compiled.every((module) => module instanceof WebAssembly.Module)).toBe(true);
  expect(modules.map(({ name }) => name)).toEqual(['random', 'activation', 'nn']);
  await ready('nn');
  await ready();
  const y = activation.relu.forward(random.philox(0).normal(4));
  expect(nn.sequential([nn.linear(4, 2, { seed: 0 })]).forward(y).length).toBe(2);
  modules.forEach((module, i) => {
    expect(module.compile(false)).toBe(compiled[i]);
  });
});
