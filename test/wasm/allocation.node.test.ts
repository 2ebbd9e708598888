// Memory leaks: neither ten thousand training steps, nor ten thousand calls with `out`, nor models that are dropped add to the heap.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { activation, nn, random, workspace } from '../../src/index.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

type Usage = Record<'heapUsed' | 'external' | 'arrayBuffers', number>;

/** The memory in use after garbage collection; a second one frees what finalizers of the first released. */
function usage(): Usage {
  collect();
  collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return { heapUsed, external, arrayBuffers };
}

const WARM = 2_000;
const MANY = 10_000;
const WINDOWS = 5;
/** The smallest leak is a number in a list: 8 bytes a time, 80,000 in a window. */
const LEAST_LEAK = 0.8 * 8 * MANY;

/**
 * The median over the windows: a leak is in nearly all of them. In some the engine adds compiled code or drops it, up to 270 kB
 * of the heap, in the later ones nothing.
 */
function expectNoLeak(usages: Usage[]): void {
  expect(usages.length).toBe(WINDOWS + 1);
  const added = (of: keyof Usage) =>
    usages
      .slice(1)
      .map((usage, i) => usage[of] - usages[i][of])
      .sort((a, b) => a - b)[WINDOWS >> 1];
  expect(added('heapUsed')).toBeLessThan(LEAST_LEAK);
  expect([added('external'), added('arrayBuffers')]).toEqual([0, 0]);
}

test('ten thousand training steps', async () => {
  const rng = random.philox(1);
  const model = nn.sequential([nn.linear(16, 8, { rng, activation: 'tanh' }), nn.linear(8, 4, { rng })]);
  const data = { x: rng.normal(16 * 64), labels: Uint8Array.from({ length: 64 }, (_, i) => i % 4) };
  const epochs = (WARM + WINDOWS * MANY) / 8;
  const usages: Usage[] = [];
  for await (const { step } of nn.fit(model, data, { epochs, batchSize: 8, seed: 0, optimizer: nn.adam() })) {
    if ((step + 1) % MANY === WARM) usages.push(usage());
  }
  expectNoLeak(usages);
});

test('ten thousand calls with out, in a workspace and on copies', () => {
  const ws = workspace({ bytes: 1 << 12 });
  const inside = { x: random.philox(1).normal({ out: ws.float32(100) }), out: ws.float32(100) };
  const outside = { x: inside.x.slice(), out: new Float32Array(100) };
  const usages: Usage[] = [];
  for (let call = 1; call <= WARM + WINDOWS * MANY; call++) {
    for (const { x, out } of [inside, outside]) {
      activation.tanh.forward(x, { out });
      activation.gelu.backward({ x, dy: x, out });
    }
    if (call % MANY === WARM) usages.push(usage());
  }
  expectNoLeak(usages);
});

test('models made, trained and dropped, and trainings in memory of their own', async () => {
  const wide = nn.sequential([nn.linear(16, 3000, { seed: 1 }), nn.linear(3000, 2, { seed: 2 })]);
  const x = random.philox(1).normal(16 * 300);
  const data = { x, labels: new Uint8Array(300) };
  const usages: Usage[] = [];
  for (let window = 0; window <= WINDOWS + 1; window++) {
    for (let i = 0; i < 1000; i++) {
      const model = nn.sequential([nn.linear(4, 8, { seed: i, activation: 'tanh' }), nn.linear(8, 2, { seed: i })]);
      model.forward(x);
      if (i % 250 > 0) continue;
      const o = { batchSize: 300, optimizer: nn.adam() };
      for await (const _ of nn.fit(model, { x, labels: new Uint8Array(1200) }, o));
      for await (const _ of nn.fit(wide, data, o));
    }
    if (window > 0) usages.push(usage());
  }
  expectNoLeak(usages);
});
