// Threads under arguments that nobody chose: the bits of one thread, and nothing written beside them. Sizes are those that
// are split. Threads load the built package; so does this file.

import { activation, type Fit, init, type Layer, nn, random } from 'fanwise';
import { type Threads, workspace } from 'fanwise/threads';
import fc from 'fast-check';
import { afterAll, beforeAll, expect } from 'vitest';
import { activations } from '../../src/activation/table.js';
import { initialisers } from '../../src/init/table.js';
import { noise } from '../oracle.js';
import { all, same } from '../threads/workers.js';
import { type Any, functions, property, seeds, values } from './cases.js';

const LEAST = 1 << 19;
/** Functions without a series stay with one thread up to here. */
const CHEAP = 1 << 21;
const ROOM = 4 * (CHEAP + 10_000);
/** Arrays of a workspace stand side by side, each with some room around what is used of it. */
let shared: { ws: Threads; arrays: Float32Array[] }[] = [];
beforeAll(async () => {
  shared = await Promise.all(
    [2, 3].map(async (threads) => {
      const ws = await workspace({ bytes: 3 * ROOM, threads });
      return { ws, arrays: [0, 1, 2].map(() => ws.float32(ROOM / 4)) };
    }),
  );
});
afterAll(() => Promise.all(shared.map(({ ws }) => ws.close())));

const lengths = fc.oneof(fc.integer({ min: LEAST, max: LEAST + 9000 }), fc.constantFrom(LEAST - 1, LEAST, LEAST + 1));
const crew = fc.nat(1);

property(
  'activations',
  25,
  fc.record({
    f: functions,
    n: lengths,
    more: fc.boolean(),
    seed: seeds,
    crew,
    backward: fc.boolean(),
    place: fc.boolean(),
    offset: fc.nat(9),
  }),
  async ({ f: { name, options }, n: length, more, seed, crew, backward, place, offset }) => {
    const { ws, arrays } = shared[crew];
    const n = more ? length + CHEAP - LEAST : length;
    for (const array of arrays) array.fill(7, 0, n + 32);
    const [a, b, c] = arrays.map((array, i) => array.subarray(offset + i, offset + i + n));
    const row = activations[name];
    const [x, dy] = [values(n, seed, 4, true), noise(seed + 1, n)];
    a.set(x);
    b.set(dy);
    const out = place ? b : c;
    const kept = row.keeps;
    if (backward) {
      const expected = (activation[name] as Any).backward({ [kept]: x, dy, ...options });
      await (ws.activation[name] as Any).backward({ [kept]: a, dy: b, out, ...options });
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
  'draws, from wherever a generator stands',
  15,
  fc.record({
    kind: fc.constantFrom('philox', 'threefry'),
    seed: seeds,
    before: fc.nat(50),
    n: lengths,
    crew,
    law: fc.constantFrom<Any[]>(
      ['uniform', { low: -2, high: 3 }],
      ['normal', { mean: 1, std: 0.5 }],
      ['truncatedNormal', { low: -1, high: 2 }],
      ['truncatedNormal', {}],
      ['bernoulli', { p: 0.3 }],
    ),
    offset: fc.nat(9),
  }),
  async ({ kind, seed, before, n, crew, law: [law, options], offset }) => {
    const { ws, arrays } = shared[crew];
    const out = arrays[0].subarray(offset, offset + n);
    const [one, many] = [0, 1].map(() => {
      const rng: Any = random[kind as 'philox'](seed);
      rng.bits(before);
      return rng;
    });
    await ws.draw(law, { rng: many, out, ...options });
    expect(same(out, one[law](n, options))).toBe(true);
    expect(many.state()).toEqual(one.state());
  },
);

property(
  'initialisers of every shape',
  15,
  fc.record({
    name: fc.constantFrom(...(Object.keys(initialisers) as (keyof typeof initialisers)[])),
    rest: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
    seed: seeds,
    crew,
    layout: fc.constantFrom('oi', 'io'),
  }),
  async ({ name, rest, seed, crew, layout }) => {
    const { ws, arrays } = shared[crew];
    const inner = rest.reduce((a, b) => a * b, 1);
    const shape = [Math.ceil((LEAST + 5) / inner), ...rest];
    const size = shape[0] * inner;
    const options = { seed, layout, ...(name === 'constant' ? { value: 3 } : {}) };
    const out = arrays[0].subarray(0, size);
    const expected = (init as Any)[name](shape, options);
    await ws.init(name, shape, { ...options, out });
    expect(same(out, expected)).toBe(true);
  },
);

const optimizers: Record<string, () => Fit['optimizer']> = {
  sgd: () => nn.sgd({ lr: 0.05 }),
  momentum: () => nn.sgd({ lr: 0.05, momentum: 0.8, weightDecay: 0.01 }),
  adam: () => nn.adam({ weightDecay: 0.1 }),
  adamW: () => nn.adamW({ lr: 0.003, betas: [0.8, 0.99] }),
};
property(
  'trainings, and what the model then makes',
  15,
  fc.record({
    f: functions,
    g: functions,
    seed: seeds,
    crew,
    fused: fc.boolean(),
    bias: fc.boolean(),
    inputs: fc.integer({ min: 180, max: 300 }),
    hidden: fc.integer({ min: 120, max: 200 }),
    outputs: fc.integer({ min: 1, max: 20 }),
    rows: fc.integer({ min: 200, max: 700 }),
    batchSize: fc.integer({ min: 200, max: 320 }),
    optimizer: fc.constantFrom(...Object.keys(optimizers)),
    drop: fc.option(fc.constantFrom('philox', 'torch', 'threefry')),
    labelled: fc.boolean(),
    clipNorm: fc.option(fc.double({ min: 0.01, max: 10, noNaN: true }), { nil: undefined }),
  }),
  async (o) => {
    const { ws, arrays } = shared[o.crew];
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
      optimizer: optimizers[o.optimizer](),
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
