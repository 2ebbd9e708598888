// Trainings by several threads have the steps and the bits of one. Threads load the built package, as those of a user do; so does
// this test.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { activation, type Generator, type Layer, type Model, nn, random } from 'fanwise';
import { type Threads, workspace } from 'fanwise/threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hash, noise } from '../oracle.js';
import { all, same, spyOnWorkers } from './workers.js';

/** Layers, data and options of a training. */
interface Training {
  layers: () => Layer[];
  data: Parameters<typeof nn.fit>[1];
  fit: () => Parameters<typeof nn.fit>[2];
}
const rows = 300;
const inputs = noise(1, 256 * rows, 4);
const labels = Uint8Array.from({ length: rows }, (_, i) => (i * 7) % 10);
/** Steps of 128 rows, enough work for threads, and a last one of 44 rows. */
const trainings: Record<string, Training> = {
  'fused and other activations, momentum, a schedule, clipped, probed': {
    layers: () => [
      nn.linear(256, 130, { seed: 1, activation: 'relu' }),
      nn.linear(130, 60, { seed: 2, activation: ['softplus', { beta: 2 }] }),
      nn.activation('tanh'),
      nn.linear(60, 41, { seed: 3, bias: false }),
      nn.activation('gelu'),
      nn.linear(41, 10, { seed: 4 }),
    ],
    data: { x: inputs, labels },
    fit: () => ({
      epochs: 3,
      batchSize: 128,
      optimizer: nn.sgd({ lr: 0.1, momentum: 0.9, nesterov: true }),
      seed: 5,
      schedule: nn.cosine({ over: 9 }),
      scheduleEach: 'step',
      clipNorm: 0.5,
      probe: { every: 4 },
      loss: ['crossEntropy', { labelSmoothing: 0.1, weights: Float32Array.from({ length: 10 }, (_, k) => 1 + k / 10) }],
    }),
  },
  'layers that draw or that only the first thread runs, AdamW': {
    layers: () => [
      nn.linear(256, 150, { seed: 1, activation: 'selu' }),
      nn.dropout({ p: 0.3, rng: random.torch(4) }),
      nn.prelu(150),
      nn.dropout({ p: 0.1, seed: 8 }),
      nn.linear(150, 20, { seed: 2 }),
      nn.swiglu(10),
      nn.linear(10, 10, { seed: 3 }),
    ],
    data: { x: inputs, labels },
    fit: () => ({ epochs: 2, batchSize: 128, optimizer: nn.adamW({ lr: 0.01 }), rng: random.torch(2), clipNorm: 1 }),
  },
  'targets, Adam, without shuffling': {
    layers: () => [nn.linear(256, 128, { seed: 1, activation: 'silu' }), nn.linear(128, 3, { seed: 2 })],
    data: { x: inputs, targets: noise(2, 3 * rows) },
    fit: () => ({ batchSize: 128, optimizer: nn.adam(), loss: ['huber', { delta: 0.7 }], shuffle: false }),
  },
};
const weights = (model: Model) => Object.values(model.parameters).map(({ data }) => hash(data));
/** Whether the parameters are on memory that is not shared. */
const isUnshared = ({ parameters }: Model) =>
  Object.values(parameters).every(({ data }) => data.buffer instanceof ArrayBuffer);
describe.each([1, 2, 3])('a training by %i threads has the steps and the bits of one', (threads) => {
  let ws: Threads;
  beforeAll(async () => {
    ws = await workspace({ bytes: 16, threads });
  });
  afterAll(() => ws.close());

  test.each(Object.entries(trainings))('%s', async (_, { layers, data, fit }) => {
    const [alone, together] = [nn.sequential(layers()), nn.sequential(layers())];
    const expected = await all(nn.fit(alone, data, fit()));
    expect(await all(ws.fit(together, data, fit()))).toEqual(expected);
    expect(weights(together)).toEqual(weights(alone));
    const generators = (model: Model) => model.layers.map(({ source }) => source?.state());
    expect(generators(together)).toEqual(generators(alone));
    expect(isUnshared(together)).toBe(true);
    const [awaited, once] = [nn.sequential(layers()), nn.sequential(layers())];
    expect(await ws.fit(awaited, data, fit())).toEqual(await nn.fit(once, data, fit()));
    expect(weights(awaited)).toEqual(weights(alone));
    expect(same(together.forward(inputs), alone.forward(inputs))).toBe(true);
  });

  test.each(Object.entries(trainings))(
    '%s: interrupted, saved and resumed, by one thread or by several',
    async (_, { layers, data, fit }) => {
      const alone = nn.sequential(layers());
      const expected = await all(nn.fit(alone, data, { ...fit(), epochs: 4 }));
      const model = nn.sequential(layers());
      let saved: Uint8Array | undefined;
      for await (const { step } of ws.fit(model, data, { ...fit(), epochs: 4 })) {
        expect(nn.evaluate(model, data, { loss: fit().loss }).loss).toBeGreaterThan(0);
        if (step === 4) saved = nn.save(model, { training: true });
        if (step === 4) break;
      }
      expect(isUnshared(model)).toBe(true);
      for (const train of [ws.fit, nn.fit]) {
        const again = nn.sequential(layers());
        const { seed: _, rng: __, ...rest } = fit();
        expect(await all(train(again, data, { ...rest, epochs: 4, resume: saved }))).toEqual(expected.slice(5));
        expect(weights(again)).toEqual(weights(alone));
      }
    },
  );
});

describe('training on threads', () => {
  let ws: Threads;
  beforeAll(async () => {
    ws = await workspace({ bytes: 1 << 24, threads: 2 });
  });
  afterAll(() => ws.close());
  const { layers, data, fit } = trainings['targets, Adam, without shuffling'];

  test('during a step other calls with the model are errors; between two steps the threads do other work as well', async () => {
    const model = nn.sequential(layers());
    const steps = ws.fit(model, data, { ...fit(), epochs: 2 });
    await steps.next();
    const out = ws.float32(1 << 19);
    await ws.draw('normal', { seed: 1, out });
    expect(same(out, random.philox(1).normal(1 << 19))).toBe(true);
    expect(same(activation.relu.forward(out, { out }), activation.relu.forward(out.slice()))).toBe(true);
    const step = steps.next();
    for (const call of [
      () => model.forward(inputs),
      () => nn.save(model),
      () => nn.evaluate(model, data, { loss: 'huber' }),
    ])
      expect(call).toThrow(/a step of this model is under way on threads; wait for it/);
    const forward = ws.forward(model, ws.float32(256 * rows), { out: ws.float32(3 * rows) });
    await expect(forward).rejects.toThrow(/a step of this model is under way/);
    await step;
    await ws.forward(model, ws.float32(256), { out: ws.float32(3) });
    expect(nn.save(model).length).toBeGreaterThan(0);
    // Another training of the model ends the first, on memory of its own.
    const other = nn.fit(model, data, fit());
    await other.next();
    await expect(steps.next()).rejects.toThrow(/another fit of this model has begun/);
    await all(other);
    expect(isUnshared(model)).toBe(true);
  });

  test('two trainings and draws at the same time, with and without pauses: each as alone', async () => {
    const kinds = ['targets, Adam, without shuffling', 'layers that draw or that only the first thread runs, AdamW'];
    const alone: unknown[] = [];
    for (const kind of kinds) {
      const { layers, data, fit } = trainings[kind];
      alone.push(await all(nn.fit(nn.sequential(layers()), data, { ...fit(), epochs: 8 })));
    }
    const paused = async (kind: string, pause: number) => {
      const { layers, data, fit } = trainings[kind];
      const steps: unknown[] = [];
      for await (const step of ws.fit(nn.sequential(layers()), data, { ...fit(), epochs: 8 })) {
        steps.push(step);
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, (steps.length * pause) % 5));
      }
      return steps;
    };
    const out = ws.float32(1 << 19);
    const draws = async () => {
      for (let seed = 0; seed < 10; seed++) await ws.draw('normal', { seed, out });
      return hash(out);
    };
    const drawn = hash(random.philox(9).normal(1 << 19));
    for (const pause of [0, 3])
      for (const pair of [[kinds[0], kinds[0]], kinds]) {
        const expected = pair.map((kind) => alone[kinds.indexOf(kind)]);
        expect(await Promise.all([...pair.map((kind) => paused(kind, pause)), draws()])).toEqual([...expected, drawn]);
      }
  });

  test('layers that draw from one generator', async () => {
    const make = (rng: Generator) =>
      nn.sequential([
        nn.linear(256, 140, { seed: 1 }),
        nn.dropout({ p: 0.2, rng }),
        nn.activation('tanh'),
        nn.dropout({ p: 0.4, rng }),
        nn.linear(140, 3, { seed: 2 }),
      ]);
    const rng = random.philox(3);
    const whole = make(rng);
    const given = { ...fit(), epochs: 3, shuffle: true, loss: 'huber' } as const;
    let saved: Uint8Array | undefined;
    for await (const { step } of nn.fit(whole, data, { ...given, rng }))
      if (step === 4) saved = nn.save(whole, { training: true });
    for (const run of [ws.fit, nn.fit]) {
      const model = make(random.philox(3));
      await run(model, data, { ...given, resume: saved });
      expect(weights(model)).toEqual(weights(whole));
    }
    const train = async (run: typeof nn.fit) => {
      const rng = random.philox(3);
      const model = make(rng);
      return [await all(run(model, data, { ...fit(), loss: 'huber' })), weights(model), rng.state()];
    };
    expect(await train(ws.fit)).toEqual(await train(nn.fit));
  });

  test('options that change after a layer was made change nothing', async () => {
    const train = async (run: typeof nn.fit) => {
      const o = { slope: 0.2 };
      const model = nn.sequential([
        nn.linear(256, 140, { seed: 1, activation: ['leakyRelu', o] }),
        nn.activation('leakyRelu', o),
        nn.linear(140, 3, { seed: 2 }),
      ]);
      o.slope = 0.9;
      return all(run(model, data, { ...fit(), loss: 'huber' }));
    };
    expect(await train(ws.fit)).toEqual(await train(nn.fit));
  });

  test('calls while the threads start have the right values', async () => {
    const expected = hash(random.philox(1).truncatedNormal(200_000));
    for (let i = 0; i < 8; i++) {
      const fresh = await workspace({ bytes: 1 << 20, threads: 2 });
      const out = fresh.float32(200_000);
      for (let k = 0; k < 10; k++) {
        expect(hash(random.philox(1).truncatedNormal({ out }))).toBe(expected);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await fresh.close();
    }
  });

  test('an aborted signal ends it with its reason; the model stays usable', async () => {
    const model = nn.sequential(layers());
    const control = new AbortController();
    const steps = ws.fit(model, data, { ...fit(), epochs: 5, signal: control.signal });
    await steps.next();
    control.abort(new Error('enough'));
    await expect(steps.next()).rejects.toThrow('enough');
    expect(isUnshared(model)).toBe(true);
    expect(await all(ws.fit(model, data, fit()))).toHaveLength(3);
  });

  test('awaited and iterated over, it is an error that has its name', async () => {
    const training = ws.fit(nn.sequential(layers()), data, fit());
    await training.next();
    await expect(training).rejects.toThrow(/workspace.fit: this training is iterated over and cannot be awaited/);
    await training.return();
  });

  test('a loss that is not finite: an error that says where that begins', async () => {
    const x = inputs.slice();
    x[256 * 250 + 3] = Number.NaN;
    const run = () => ws.fit(nn.sequential(layers()), { ...data, x }, { ...fit(), onNonFinite: 'throw' });
    await expect(run()).rejects.toThrow(
      'workspace.fit: the loss of step 1 is NaN: x[64003] (row 250) is NaN; pass numbers that are finite',
    );
    const model = nn.sequential(layers());
    model.parameters['1.weight'].data[0] = Number.NaN;
    await expect(ws.fit(model, data, { ...fit(), onNonFinite: 'throw' })).rejects.toThrow(
      /the loss of step 0 is NaN: it begins in the output of layers\[1\] \(linear\)/,
    );
    expect(isUnshared(model)).toBe(true);
  });

  test('a training that cannot go on leaves the model usable, on memory of its own', async () => {
    const make = (seed: number) => nn.sequential([...layers(), nn.dropout({ seed })]);
    const [model, other] = [make(1), make(2)];
    let saved: Uint8Array | undefined;
    for await (const { step } of ws.fit(model, data, fit())) if (step === 0) saved = nn.save(model, { training: true });
    await expect(ws.fit(other, data, { ...fit(), resume: saved })).rejects.toThrow(/pass one of the same seed/);
    expect(isUnshared(other)).toBe(true);
    expect((await ws.fit(other, data, fit())).steps).toBe(3);
  });

  test('an object without a spec is an error, and so is what is one with nn.fit', () => {
    // A copy has no spec: its `bind` may be another.
    const own = { ...nn.sgd({ lr: 0.1 }) };
    const model = nn.sequential(layers());
    expect(() => ws.fit(model, data, { ...fit(), optimizer: own })).toThrow(
      /workspace.fit: the optimizer is not of this package, and not known to threads/,
    );
    const custom = nn.sequential([{ ...nn.linear(256, 3, { seed: 1 }), kind: 'custom' }]);
    expect(() => ws.fit(custom, data, fit())).toThrow(/a layer of kind custom is not of this package/);
    expect(() => ws.fit(model, data, { ...fit(), batchSize: 0 })).toThrow(/workspace.fit: batchSize is 0/);
    expect(() => ws.fit({} as never, data, fit())).toThrow(/workspace.fit: model is an object/);
  });
});

describe('threads that end, or get no work', () => {
  const { workers, sent } = spyOnWorkers();
  const { layers, data, fit } = trainings['targets, Adam, without shuffling'];

  test('a thread ends during a step: the step is an error, the model stays usable', async () => {
    const ws = await workspace({ bytes: 16, threads: 2 });
    const model = nn.sequential(layers());
    const steps = ws.fit(model, data, { ...fit(), epochs: 1000 });
    await steps.next();
    const step = steps.next();
    const [other, one] = workers.slice(-2);
    await one.terminate();
    await expect(step.then(() => all(steps))).rejects.toThrow(/a thread ended \(exit code \d\); make a new workspace/);
    expect(isUnshared(model)).toBe(true);
    expect(model.forward(inputs)).toHaveLength(3 * rows);
    expect(() => ws.fit(model, data, fit())).toThrow(/a thread ended/);
    // The other thread waited for it and is ended too.
    if (other.threadId !== -1) await once(other, 'exit');
    await ws.close();
  });

  test('a thread ends before the training begins: an error, and the model stays usable', async () => {
    const ws = await workspace({ bytes: 16, threads: 2 });
    const model = nn.sequential(layers());
    const step = ws.fit(model, data, fit()).next();
    await workers[workers.length - 1].terminate();
    await expect(step).rejects.toThrow(/a thread ended/);
    expect(isUnshared(model)).toBe(true);
    expect(() => nn.save(model, { training: true })).toThrow(/not being trained/);
    await ws.close();
  });

  test('a training begins and ends on each thread; a small one uses none', async () => {
    const ws = await workspace({ bytes: 16, threads: 2 });
    sent.length = 0;
    await all(ws.fit(nn.sequential(layers()), data, { ...fit(), batchSize: 20 }));
    expect(sent).toEqual([]);
    await all(ws.fit(nn.sequential(layers()), data, fit()));
    expect(sent.filter((kind) => kind !== 'poll')).toEqual(['begin', 'begin', 'end', 'end']);
    await ws.close();
  });

  test('a process ends after threads that were closed during a step', () => {
    const program = `import { nn, random } from 'fanwise';
      import { workspace } from 'fanwise/threads';
      const data = { x: random.philox(1).normal(256 * 600), labels: new Uint8Array(600) };
      for (let i = 0; i < 8; i++) {
        const ws = await workspace({ bytes: 16, threads: 2 });
        const model = nn.sequential([nn.linear(256, 2000, { seed: 1 }), nn.linear(2000, 4, { seed: 2 })]);
        const step = ws.fit(model, data, { batchSize: 300, optimizer: nn.adam() }).next().catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 100));
        await ws.close();
        await step;
      }
      console.log('ended');`;
    expect(
      execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 60_000 }),
    ).toBe('ended\n');
  });

  test('a process does not end during a training', () => {
    const program = `import { nn, random } from 'fanwise';
      import { workspace } from 'fanwise/threads';
      const ws = await workspace({ bytes: 16, threads: 2 });
      const model = nn.sequential([nn.linear(256, 140, { seed: 1, activation: 'tanh' }), nn.linear(140, 4, { seed: 2 })]);
      const data = { x: random.philox(1).normal(256 * 600), labels: new Uint8Array(600) };
      let steps = 0;
      for await (const _ of ws.fit(model, data, { batchSize: 150, optimizer: nn.adam() })) steps++;
      console.log(steps);`;
    expect(
      execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 60_000 }),
    ).toBe('4\n');
  });
});
