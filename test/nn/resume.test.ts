// A training that is saved between two steps and goes on from the file, bit for bit.

import { describe, expect, test } from 'vitest';
import { type Fit, nn, type Optimizer, random, type Step, safetensors } from '../../src/index.js';
import { optimizerRow } from '../../src/nn/optimizer.js';
import * as table from '../../src/nn/optimizers.js';
import { variants } from '../check/options.js';
import { hash, noise } from '../oracle.js';

const rows = 50;
const data = { x: noise(1, rows * 6, 2), labels: Uint8Array.from({ length: rows }, (_, i) => (i * 7) % 3) };

type MakeGenerator = (seed: number) => ReturnType<typeof random.philox>;
const generators: Record<string, MakeGenerator> = {
  philox: (seed) => random.philox(seed),
  torch: (seed) => random.torch(seed),
  threefry: (seed) => random.threefry(seed),
};
/** Every optimizer of the table, with the options that it requires and with others for all. */
const optimizers = Object.entries(table).flatMap(([name, make]) => {
  const several = variants(optimizerRow(make).options);
  return [several[0], several[several.length - 1]].map((options) => ({
    name: `${name} with ${JSON.stringify(options)}`,
    make: () => (make as (o: object) => Optimizer)({ ...options, lr: 0.01 }),
  }));
});

/** A generator for the order of the rows, and a model whose dropout draws from it (shared) or from another. */
function modelAndOrder(make: MakeGenerator, shared: boolean, seed = 1) {
  const rng = make(seed);
  const model = nn.sequential([
    nn.linear(6, 8, { seed: 1, activation: 'gelu' }),
    nn.dropout({ p: 0.3, rng: shared ? rng : make(7) }),
    nn.linear(8, 8, { seed: 2 }),
    nn.prelu(8),
    nn.linear(8, 3, { seed: 3 }),
  ]);
  return { rng, model };
}

const options = (optimizer: Optimizer): Omit<Fit, 'rng'> => ({
  epochs: 3,
  batchSize: 16,
  optimizer,
  clipNorm: 1,
  schedule: nn.cosine({ over: 12 }),
  scheduleEach: 'step',
  probe: { every: 5 },
});

describe.each(Object.entries(generators))('%s', (_, make) => {
  test.each(optimizers)(
    '$name: a training that is interrupted goes on bit for bit, after any step',
    async ({ make: optimizer }) => {
      for (const shared of [true, false]) {
        const whole = modelAndOrder(make, shared);
        const files: Uint8Array[] = [];
        const steps = [];
        for await (const step of nn.fit(whole.model, data, { ...options(optimizer()), rng: whole.rng })) {
          steps.push(step);
          files.push(nn.save(whole.model, { training: true }));
        }
        const end = hash(nn.save(whole.model));
        // In an epoch, at the end of one, before the last step, after it.
        for (const last of [0, 3, 6, steps.length - 2, steps.length - 1]) {
          const withoutRng = modelAndOrder(make, shared).model;
          await nn.fit(withoutRng, data, { ...options(optimizer()), resume: files[last] });
          expect(hash(nn.save(withoutRng)), `interrupted after step ${last}, without rng`).toBe(end);
          const resumed = modelAndOrder(make, shared);
          for (const { data: values } of Object.values(resumed.model.parameters)) values.fill(9);
          const rest = [];
          const given = { ...options(optimizer()), rng: resumed.rng, resume: files[last] };
          for await (const step of nn.fit(resumed.model, data, given)) rest.push(step);
          expect(rest, `interrupted after step ${last}`).toEqual(steps.slice(last + 1));
          if (last < steps.length - 1) expect(hash(nn.save(resumed.model)), `interrupted after step ${last}`).toBe(end);
          // The generator of the order has the same state as without the interruption.
          if (last < steps.length - 1) expect(resumed.rng.state()).toEqual(whole.rng.state());
        }
      }
    },
  );
});

test.each(Object.entries(generators))(
  '%s: interrupted twice in an epoch, with a generator that has drawn before',
  async (_, make) => {
    const given = { epochs: 2, batchSize: 8, optimizer: nn.sgd({ lr: 0.05, momentum: 0.9 }) };
    const whole = modelAndOrder(make, true);
    whole.rng.normal(3); // PyTorch's generator caches a fourth
    let file: Uint8Array | undefined;
    for await (const { step } of nn.fit(whole.model, data, { ...given, rng: whole.rng }))
      if (step === 1) file = nn.save(whole.model, { training: true });
    for (const last of [3, 5]) {
      const resumed = modelAndOrder(make, true);
      for await (const { step } of nn.fit(resumed.model, data, { ...given, rng: resumed.rng, resume: file! }))
        if (step === last) file = nn.save(resumed.model, { training: true });
      expect(hash(nn.save(resumed.model))).toBe(hash(nn.save(whole.model)));
      expect(resumed.rng.state()).toEqual(whole.rng.state());
    }
  },
);

test('without rng and seed the generator of the file is used', async () => {
  const make = () => nn.sequential([nn.linear(6, 3, { seed: 1 })]);
  const given = { epochs: 2, batchSize: 16, optimizer: nn.sgd({ lr: 0.1 }) };
  const model = make();
  let file: Uint8Array = new Uint8Array(0);
  for await (const { step } of nn.fit(model, data, given)) if (step === 2) file = nn.save(model, { training: true });
  const again = make();
  for await (const _ of nn.fit(again, data, { ...given, resume: file }));
  expect(hash(nn.save(again))).toBe(hash(nn.save(model)));
});

/** Which of the order and two layers share a generator: all five ways to part three into groups. */
const partitions = ['012', '002', '010', '011', '000'];
/** A model with two layers of dropout, and the generator of the order, shared so. All generators have the same seed. */
function partitioned(make: MakeGenerator, partition: string) {
  const made: Record<string, ReturnType<MakeGenerator>> = {};
  const [rng, first, second] = Array.from(partition, (group) => (made[group] ??= make(1)));
  const model = nn.sequential([
    nn.linear(6, 8, { seed: 1, activation: 'tanh' }),
    nn.dropout({ p: 0.3, rng: first }),
    nn.linear(8, 3, { seed: 3 }),
    nn.dropout({ p: 0.2, rng: second }),
  ]);
  return { rng, model };
}

describe.each(Object.entries(generators))('%s: generators that are shared', (_, make) => {
  test.each(partitions)(
    'as in %s: with rng and without, a training goes on bit for bit, or is refused',
    async (partition) => {
      const whole = partitioned(make, partition);
      const given = { epochs: 3, batchSize: 16, optimizer: nn.adam({ lr: 0.01 }) };
      const files: Uint8Array[] = [];
      const steps: Step[] = [];
      for await (const step of nn.fit(whole.model, data, { ...given, rng: whole.rng })) {
        steps.push(step);
        files.push(nn.save(whole.model, { training: true }));
      }
      for (const last of [1, 3, 6])
        for (const other of partitions)
          for (const passed of [true, false]) {
            const { rng, model } = partitioned(make, other);
            const before = hash(nn.save(model));
            const states = () => JSON.stringify([rng.state(), ...model.layers.map(({ source }) => source?.state())]);
            const statesBefore = states();
            const run = () => nn.fit(model, data, { ...given, ...(passed && { rng }), resume: files[last] });
            const about = `from ${partition} to ${other} ${passed ? 'with' : 'without'} rng, after step ${last}`;
            // Without rng the file says whether the order has a layer's generator; that of the layers has to be the same.
            const alike = passed ? other === partition : (other[1] === other[2]) === (partition[1] === partition[2]);
            if (!alike) {
              expect(run, about).toThrow(
                /^nn\.fit: the generator of layers\[\d] is .*, and in resume it was .*; share generators as then$/,
              );
              expect(hash(nn.save(model)), about).toBe(before);
              expect(states(), about).toBe(statesBefore);
              continue;
            }
            const rest: Step[] = [];
            for await (const step of run()) rest.push(step);
            expect(rest, about).toEqual(steps.slice(last + 1));
            expect(hash(nn.save(model)), about).toBe(hash(nn.save(whole.model)));
          }
    },
  );
});

test('a seed in place of a generator that a layer shared is refused; of one that was not shared it goes on', async () => {
  for (const partition of ['011', '000']) {
    const { model, rng } = partitioned(random.philox, partition);
    const given = { epochs: 1, batchSize: 16, optimizer: nn.sgd({ lr: 0.1 }) };
    let file: Uint8Array | undefined;
    for await (const { step } of nn.fit(model, data, { ...given, rng }))
      if (step === 1) file = nn.save(model, { training: true });
    const resumed = partitioned(random.philox, partition).model;
    const run = () => nn.fit(resumed, data, { ...given, seed: 1, resume: file });
    if (partition === '000')
      expect(run).toThrow(
        'the generator of layers[1] is its own, and in resume it was that of the order of rows (rng)',
      );
    else {
      await run();
      expect(hash(nn.save(resumed))).toBe(hash(nn.save(model)));
    }
  }
});

describe('a file saved during a training', () => {
  const optimizer = nn.adam();
  const interrupted = async () => {
    const { model, rng } = modelAndOrder(random.philox, false);
    for await (const { step } of nn.fit(model, data, { ...options(optimizer), rng }))
      if (step === 4) return { model, file: nn.save(model, { training: true, metadata: { about: 'it' } }) };
    throw new Error('no fifth step');
  };

  test('is also a file of the model', async () => {
    const { model, file } = await interrupted();
    const other = modelAndOrder(random.philox, false).model;
    expect(nn.load(file, other).about).toBe('it');
    expect(hash(nn.save(other))).toBe(hash(nn.save(model)));
    expect(Object.keys(safetensors.decode(file).tensors)).toContain('optimizer.1.2.weight');
  });

  test.each<[string, (o: Omit<Fit, 'rng'>) => object, RegExp]>([
    ['fewer epochs', (o) => ({ ...o, epochs: 1 }), /resume is of epoch 1 \(from 0\), and epochs is 1; pass more/],
    ['another optimizer', (o) => ({ ...o, optimizer: nn.sgd({ lr: 0.1 }) }), /resume is of another optimizer/],
    [
      'another batch size',
      (o) => ({ ...o, batchSize: 8 }),
      /resume is of 50 rows, 16 a step; pass the same data and batchSize/,
    ],
    [
      'another seed',
      (o) => ({ ...o, rng: random.philox(2) }),
      /the generator is philox 2 0 and was philox 1 0; pass one of the same seed/,
    ],
    ['another generator', (o) => ({ ...o, rng: random.torch(1) }), /the generator is torch 1 2.12 and was philox 1 0/],
    [
      'no bytes',
      (o) => ({ ...o, resume: 'x' }),
      /^nn.fit: resume is the string "x"; pass a Uint8Array or an ArrayBuffer/,
    ],
    ['a damaged file', (o) => ({ ...o, resume: new Uint8Array(3) }), /^nn.fit: 3 bytes have no room for a header/],
    [
      'a file of a model alone',
      (o) => ({ ...o, resume: nn.save(modelAndOrder(random.philox, false).model) }),
      /resume has no training to go on from/,
    ],
  ])('%s is an error, and the model is unchanged', async (_, change, message) => {
    const { file } = await interrupted();
    const { model } = modelAndOrder(random.philox, false);
    const before = hash(nn.save(model));
    const run = async () => {
      const o = change({ ...options(optimizer), resume: file }) as Fit;
      for await (const _ of nn.fit(model, data, { rng: random.philox(1), ...o }));
    };
    await expect(run()).rejects.toThrow(message);
    expect(hash(nn.save(model))).toBe(before);
  });

  test('a damaged progress is an error', async () => {
    const { file } = await interrupted();
    const { tensors, metadata } = safetensors.decode(file);
    const progress = JSON.parse(metadata['fanwise.training']);
    for (const wrong of [
      '',
      '{',
      'null',
      '[]',
      '{}',
      { ...progress, row: -1 },
      { ...progress, epoch: 0.5 },
      { ...progress, layers: { 1: null } },
      { ...progress, order: 3 },
      { ...progress, sources: [] },
      { ...progress, sources: { 1: 2 } },
    ]) {
      const text = typeof wrong === 'string' ? wrong : JSON.stringify(wrong);
      const resume = safetensors.encode(tensors, { metadata: { 'fanwise.training': text } });
      const { model } = modelAndOrder(random.philox, false);
      expect(() => nn.fit(model, data, { ...options(optimizer), resume }), text).toThrow(
        /resume has no training to go on from/,
      );
    }
    for (const wrong of [
      { ...progress, order: {} },
      { ...progress, generator: { generator: 'philox' } },
    ]) {
      const resume = safetensors.encode(tensors, { metadata: { 'fanwise.training': JSON.stringify(wrong) } });
      const { model } = modelAndOrder(random.philox, false);
      const run = async () => {
        for await (const _ of nn.fit(model, data, { ...options(optimizer), rng: random.philox(1), resume }));
      };
      await expect(run()).rejects.toThrow(/random.restore: .* pass what state\(\) gave, unchanged/);
    }
  });

  test('a file that does not say which generators are shared is read', async () => {
    const { file } = await interrupted();
    const { tensors, metadata } = safetensors.decode(file);
    const { sources, ...progress } = JSON.parse(metadata['fanwise.training']);
    expect(sources).toEqual({ 1: '1' });
    const resume = safetensors.encode(tensors, { metadata: { 'fanwise.training': JSON.stringify(progress) } });
    const hashes = [];
    for (const bytes of [file, resume]) {
      const { model, rng } = modelAndOrder(random.philox, false);
      await nn.fit(model, data, { ...options(optimizer), rng, resume: bytes });
      hashes.push(hash(nn.save(model)));
    }
    expect(hashes[0]).toBe(hashes[1]);
  });

  test('a model that is not being trained has no progress to save', () => {
    expect(() => nn.save(modelAndOrder(random.philox, false).model, { training: true })).toThrow(
      /the model is not being trained/,
    );
  });
});
