// Threads with random arguments: the bits of one thread, and nothing else is written. Arrays are long enough to be split. Threads
// load the built package; so does this file.

import { activation, type Fit, init, type Layer, nn, random } from 'fanwise';
import { type Threads, workspace } from 'fanwise/threads';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { activations } from '../../src/activation/table.js';
import { optimizerRow } from '../../src/nn/optimizer.js';
import * as table from '../../src/nn/optimizers.js';
import type { Any } from '../check/case.js';
import { variants } from '../check/options.js';
import { noise } from '../oracle.js';
import { all, same } from '../threads/workers.js';
import { draws, functions, initialisations, property, seeds, succeeds, values } from './arbitraries.js';

/** From this many values on threads are used, and from CHEAP on for functions without a series. */
const LEAST = 1 << 19;
const CHEAP = 1 << 21;
const BYTES = 4 * (CHEAP + 10_000);
/** Workspaces of two and of three threads, with arrays that are longer than what a test uses of them. */
let shared: { ws: Threads; arrays: Float32Array[] }[] = [];
beforeAll(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {}); // random networks end with any activation
  shared = await Promise.all(
    [2, 3].map(async (threads) => {
      const ws = await workspace({ bytes: 3 * BYTES, threads });
      return { ws, arrays: [0, 1, 2].map(() => ws.float32(BYTES / 4)) };
    }),
  );
});
afterAll(() => Promise.all(shared.map(({ ws }) => ws.close())));

const lengths = fc.oneof(fc.integer({ min: LEAST, max: LEAST + 9000 }), fc.constantFrom(LEAST - 1, LEAST, LEAST + 1));
const workspaceIndex = fc.nat(1);

property(
  'activations',
  25,
  fc.record({
    f: functions,
    n: lengths,
    long: fc.boolean(),
    seed: seeds,
    workspaceIndex,
    backward: fc.boolean(),
    inPlace: fc.boolean(),
    offset: fc.nat(9),
  }),
  async ({ f: { name, options }, n: length, long, seed, workspaceIndex, backward, inPlace, offset }) => {
    const { ws, arrays } = shared[workspaceIndex];
    const n = long ? length + CHEAP - LEAST : length;
    for (const array of arrays) array.fill(7, 0, n + 32);
    const [a, b, c] = arrays.map((array, i) => array.subarray(offset + i, offset + i + n));
    const row = activations[name];
    const [x, dy] = [values(n, seed, 4, true), noise(seed + 1, n)];
    a.set(x);
    b.set(dy);
    const out = inPlace ? b : c;
    const { keeps } = row;
    if (backward) {
      const expected = (activation[name] as Any).backward({ [keeps]: x, dy, ...options });
      await (ws.activation[name] as Any).backward({ [keeps]: a, dy: b, out, ...options });
      expect(same(out, expected)).toBe(true);
    } else {
      const expected = (activation[name] as Any).forward(dy, options);
      await (ws.activation[name] as Any).forward(b, { out, ...options });
      expect(same(out, expected)).toBe(true);
    }
    arrays.forEach((array, i) => {
      expect(array.subarray(0, offset + i).every((v) => v === 7)).toBe(true);
      expect(array.subarray(offset + i + n, n + 32).every((v) => v === 7)).toBe(true);
    });
  },
);

property(
  'draws of a generator in any state',
  15,
  fc.record({
    kind: fc.constantFrom('philox', 'threefry'),
    seed: seeds,
    before: fc.nat(50),
    n: lengths,
    workspaceIndex,
    draw: draws,
    offset: fc.nat(9),
  }),
  async ({ kind, seed, before, n, workspaceIndex, draw: { name, options }, offset }) => {
    const { ws, arrays } = shared[workspaceIndex];
    const out = arrays[0].subarray(offset, offset + n);
    const [one, many] = [0, 1].map(() => {
      const rng: Any = random[kind as 'philox'](seed);
      rng.bits(before);
      return rng;
    });
    await ws.draw(name, { rng: many, out, ...options });
    expect(same(out, one[name](n, options))).toBe(true);
    expect(many.state()).toEqual(one.state());
  },
);

property(
  'initialisers of every shape',
  15,
  fc.record({
    initialisation: initialisations,
    rest: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
    seed: seeds,
    workspaceIndex,
    layout: fc.constantFrom('oi', 'io'),
  }),
  async ({ initialisation: { name, options: own }, rest, seed, workspaceIndex, layout }) => {
    const { ws, arrays } = shared[workspaceIndex];
    const inner = rest.reduce((a, b) => a * b, 1);
    const shape = [Math.ceil((LEAST + 5) / inner), ...rest];
    const size = shape[0] * inner;
    const options = { seed, layout, ...own };
    const out = arrays[0].subarray(0, size);
    const expected = (init as Any)[name](shape, options);
    await ws.init(name, shape, { ...options, out });
    expect(same(out, expected)).toBe(true);
  },
);

/** The optimizers of the built package, each with several options of its row. */
const optimizers = Object.entries(table).flatMap(([name, make]) =>
  variants(optimizerRow(make).options).flatMap((options) => {
    const built = () => (nn as Any)[name]({ ...options, lr: 0.01 }) as Fit['optimizer'];
    return succeeds(built) ? [built] : [];
  }),
);
property(
  'trainings, and forward passes of the trained model',
  15,
  fc.record({
    f: functions,
    g: functions,
    seed: seeds,
    workspaceIndex,
    fused: fc.boolean(),
    bias: fc.boolean(),
    inputs: fc.integer({ min: 180, max: 300 }),
    hidden: fc.integer({ min: 120, max: 200 }),
    outputs: fc.integer({ min: 1, max: 20 }),
    rows: fc.integer({ min: 200, max: 700 }),
    batchSize: fc.integer({ min: 200, max: 320 }),
    optimizer: fc.constantFrom(...optimizers),
    drop: fc.option(fc.constantFrom('philox', 'torch', 'threefry')),
    labelled: fc.boolean(),
    clipNorm: fc.option(fc.double({ min: 0.01, max: 10, noNaN: true }), { nil: undefined }),
  }),
  async (o) => {
    const { ws, arrays } = shared[o.workspaceIndex];
    const make = () => {
      const activation: Any = [o.f.name, o.f.options];
      const layers: Layer[] = [
        nn.linear(o.inputs, o.hidden, { seed: o.seed, bias: o.bias, ...(o.fused ? { activation } : {}) }),
      ];
      if (!o.fused) layers.push(nn.activation(o.f.name, o.f.options as never));
      if (o.drop) layers.push(nn.dropout({ p: 0.3, rng: random[o.drop as 'philox'](o.seed) }));
      layers.push(nn.linear(o.hidden, o.outputs, { seed: o.seed + 1, activation: [o.g.name, o.g.options] as never }));
      return nn.sequential(layers);
    };
    const x = noise(o.seed, o.rows * o.inputs);
    const targets = noise(o.seed + 1, o.rows * o.outputs);
    const labels = Uint8Array.from({ length: o.rows }, (_, i) => (i * 5) % o.outputs);
    const data = o.labelled ? { x, labels } : { x, targets };
    const fit = (): Fit => ({
      batchSize: o.batchSize,
      optimizer: o.optimizer(),
      seed: o.seed,
      clipNorm: o.clipNorm,
      loss: o.labelled ? 'crossEntropy' : 'meanSquaredError',
    });
    const [alone, together] = [make(), make()];
    expect(await all(ws.fit(together, data, fit()))).toEqual(await all(nn.fit(alone, data, fit())));
    for (const [name, { data }] of Object.entries(together.parameters))
      expect(same(data, alone.parameters[name].data), name).toBe(true);
    const [inside, out] = [arrays[0].subarray(3, 3 + x.length), arrays[1].subarray(1, 1 + targets.length)];
    inside.set(x);
    await ws.forward(together, inside, { out });
    expect(same(out, alone.forward(x))).toBe(true);
  },
);
