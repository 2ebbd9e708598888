import { describe, expect, test } from 'vitest';
import { type Fit, nn, type Optimizer, random, safetensors } from '../../src/index.js';
import { hash, noise } from '../oracle.js';

const rows = 50;
const data = { x: noise(1, rows * 6, 2), labels: Uint8Array.from({ length: rows }, (_, i) => (i * 7) % 3) };

type Make = (seed: number) => ReturnType<typeof random.philox>;
const generators: Record<string, Make> = {
  philox: (seed) => random.philox(seed),
  torch: (seed) => random.torch(seed),
  threefry: (seed) => random.threefry(seed),
};
const optimizers: Record<string, () => Optimizer> = {
  'sgd without momentum': () => nn.sgd({ lr: 0.05 }),
  'sgd with momentum': () => nn.sgd({ lr: 0.05, momentum: 0.9, nesterov: true }),
  adam: () => nn.adam({ lr: 0.01 }),
};

/** A model, its dropout on the generator of the order or on one of its own. */
function setting(make: Make, shared: boolean, seed = 1) {
  const rng = make(seed);
  const model = nn.sequential([
    ...[nn.linear(6, 8, { seed: 1, activation: 'gelu' }), nn.dropout({ p: 0.3, rng: shared ? rng : make(7) })],
    ...[nn.linear(8, 8, { seed: 2 }), nn.prelu(8), nn.linear(8, 3, { seed: 3 })],
  ]);
  return { rng, model };
}

const options = (optimizer: Optimizer): Omit<Fit, 'rng'> => ({
  ...{ epochs: 3, batchSize: 16, optimizer, clipNorm: 1 },
  ...{ schedule: nn.cosine({ over: 12 }), scheduleEach: 'step', probe: { every: 5 } },
});

describe.each(Object.entries(generators))('%s', (_, make) => {
  test.each(Object.entries(optimizers))(
    '%s: a training that is cut goes on bit for bit, wherever',
    async (_, optimizer) => {
      for (const shared of [true, false]) {
        const whole = setting(make, shared);
        const files: Uint8Array[] = [];
        const steps = [];
        for await (const step of nn.fit(whole.model, data, { ...options(optimizer()), rng: whole.rng })) {
          steps.push(step);
          files.push(nn.save(whole.model, { training: true }));
        }
        const end = hash(nn.save(whole.model));
        // In an epoch, at the end of one, before the last step, after it.
        for (const cut of [0, 3, 6, steps.length - 2, steps.length - 1]) {
          const again = setting(make, shared);
          for (const { data: values } of Object.values(again.model.parameters)) values.fill(9);
          const rest = [];
          const given = { ...options(optimizer()), rng: again.rng, resume: files[cut] };
          for await (const step of nn.fit(again.model, data, given)) rest.push(step);
          expect(rest, `cut behind step ${cut}`).toEqual(steps.slice(cut + 1));
          if (cut < steps.length - 1) expect(hash(nn.save(again.model)), `cut behind step ${cut}`).toBe(end);
          // The generators stand where those of the whole do.
          if (cut < steps.length - 1) expect(again.rng.state()).toEqual(whole.rng.state());
        }
      }
    },
  );
});

test.each(Object.entries(generators))('%s: cut twice in an epoch, behind draws of one’s own', async (_, make) => {
  const given = { epochs: 2, batchSize: 8, optimizer: nn.sgd({ lr: 0.05, momentum: 0.9 }) };
  const whole = setting(make, true);
  whole.rng.normal(3); // of which PyTorch's generator keeps a fourth
  let file: Uint8Array | undefined;
  for await (const { step } of nn.fit(whole.model, data, { ...given, rng: whole.rng }))
    if (step === 1) file = nn.save(whole.model, { training: true });
  for (const cut of [3, 5]) {
    const again = setting(make, true);
    for await (const { step } of nn.fit(again.model, data, { ...given, rng: again.rng, resume: file! }))
      if (step === cut) file = nn.save(again.model, { training: true });
    expect(hash(nn.save(again.model))).toBe(hash(nn.save(whole.model)));
    expect(again.rng.state()).toEqual(whole.rng.state());
  }
});

test('without rng and seed the file’s generator is taken', async () => {
  const make = () => nn.sequential([nn.linear(6, 3, { seed: 1 })]);
  const given = { epochs: 2, batchSize: 16, optimizer: nn.sgd({ lr: 0.1 }) };
  const model = make();
  let file: Uint8Array = new Uint8Array(0);
  for await (const { step } of nn.fit(model, data, given)) if (step === 2) file = nn.save(model, { training: true });
  const again = make();
  for await (const _ of nn.fit(again, data, { ...given, resume: file }));
  expect(hash(nn.save(again))).toBe(hash(nn.save(model)));
});

describe('a file of a training', () => {
  const optimizer = nn.adam();
  const cut = async () => {
    const { model, rng } = setting(random.philox, false);
    for await (const { step } of nn.fit(model, data, { ...options(optimizer), rng }))
      if (step === 4) return { model, file: nn.save(model, { training: true, metadata: { about: 'it' } }) };
    throw new Error('no fifth step');
  };

  test('is a file of a model, too', async () => {
    const { model, file } = await cut();
    const other = setting(random.philox, false).model;
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
    ['no bytes', (o) => ({ ...o, resume: 'x' }), /bytes is the string "x"/],
    [
      'a file of a model alone',
      (o) => ({ ...o, resume: nn.save(setting(random.philox, false).model) }),
      /resume has no training to go on from/,
    ],
  ])('%s is an error, and nothing is written', async (_, change, message) => {
    const { file } = await cut();
    const { model } = setting(random.philox, false);
    const before = hash(nn.save(model));
    const go = async () => {
      const o = change({ ...options(optimizer), resume: file }) as Fit;
      for await (const _ of nn.fit(model, data, { rng: random.philox(1), ...o }));
    };
    await expect(go()).rejects.toThrow(message);
    expect(hash(nn.save(model))).toBe(before);
  });

  test('a damaged place is an error', async () => {
    const { file } = await cut();
    const { tensors, metadata } = safetensors.decode(file);
    const place = JSON.parse(metadata['fanwise.training']);
    for (const wrong of [
      '',
      '{',
      'null',
      '[]',
      '{}',
      { ...place, row: -1 },
      { ...place, epoch: 0.5 },
      { ...place, layers: { 1: null } },
      { ...place, order: 3 },
    ]) {
      const text = typeof wrong === 'string' ? wrong : JSON.stringify(wrong);
      const resume = safetensors.encode(tensors, { metadata: { 'fanwise.training': text } });
      const { model } = setting(random.philox, false);
      expect(() => nn.fit(model, data, { ...options(optimizer), resume }), text).toThrow(
        /resume has no training to go on from/,
      );
    }
    for (const wrong of [
      { ...place, order: {} },
      { ...place, generator: { generator: 'philox' } },
    ]) {
      const resume = safetensors.encode(tensors, { metadata: { 'fanwise.training': JSON.stringify(wrong) } });
      const { model } = setting(random.philox, false);
      const go = async () => {
        for await (const _ of nn.fit(model, data, { ...options(optimizer), rng: random.philox(1), resume }));
      };
      await expect(go()).rejects.toThrow(/random.restore: .* pass what state\(\) gave, unchanged/);
    }
  });

  test('a model that is not being trained has no training to save', () => {
    expect(() => nn.save(setting(random.philox, false).model, { training: true })).toThrow(
      /the model is not being trained/,
    );
  });
});
