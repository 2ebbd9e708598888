// Training: losses, clipping, schedules, signals, and what interrupts it.

import { describe, expect, test } from 'vitest';
import { loss, nn, random } from '../../src/index.js';
import { losses, type PointwiseLoss } from '../../src/nn/losses/pointwise.js';
import { noise } from '../oracle.js';
import { network, train, xor } from './xor.js';

const x = noise(1, 40 * 3, 2);
const labels = Uint8Array.from({ length: 40 }, (_, i) => (x[3 * i] > 0 ? 1 : 0));
const model = () => nn.sequential([nn.linear(3, 2, { seed: 1 })]);
const optimizer = nn.sgd({ lr: 0.1 });

async function steps(
  o: Partial<Parameters<typeof nn.fit>[2]>,
  data: Parameters<typeof nn.fit>[1] = { x, labels },
  m = model(),
) {
  const all = [];
  for await (const step of nn.fit(m, data, { batchSize: 10, seed: 1, optimizer, ...o })) all.push(step);
  return all;
}

test('the loss of a step and of an evaluation equals the loss by itself, with all its options', async () => {
  const weights = Float32Array.of(0.25, 4);
  const some = Int32Array.from(labels, (label, i) => (i % 7 === 0 ? -100 : label));
  const m = model();
  const given = { labels: some, columns: 2, weights, labelSmoothing: 0.1, ignoreIndex: -100 };
  const expected = loss.crossEntropy.forward({ logits: m.forward(x), ...given });
  const named = ['crossEntropy', { weights, labelSmoothing: 0.1, ignoreIndex: -100 }] as const;
  const { loss: evaluated, accuracy } = nn.evaluate(m, { x, labels: some }, { loss: named });
  expect(evaluated).toBe(expected);
  const logits = m.forward(x);
  const counted = Array.from(some, (label, i) => [label, logits[2 * i] >= logits[2 * i + 1] ? 0 : 1]).filter(
    ([label]) => label >= 0,
  );
  expect(accuracy).toBe(counted.filter(([label, best]) => label === best).length / counted.length);
  const [step] = await steps({ batchSize: 40, shuffle: false, loss: named }, { x, labels: some }, m);
  expect(step.loss).toBe(expected);
});

test.each(Object.keys(losses) as PointwiseLoss[])(
  '%s: a training lowers the loss, and evaluate gives it',
  async (name) => {
    const targets = Float32Array.from({ length: 80 }, (_, i) => (x[3 * (i >> 1)] > 0 === (i % 2 === 0) ? 1 : 0));
    const m = model();
    const outputs = m.forward(x);
    const named = { [losses[name].from]: outputs, targets } as never;
    expect(nn.evaluate(m, { x, targets }, { loss: name })).toEqual({
      loss: loss[name as 'huber'].forward(named),
    });
    const all = await steps({ epochs: 30, loss: name }, { x, targets }, m);
    expect(nn.evaluate(m, { x, targets }, { loss: name }).loss).toBeLessThan(
      0.8 * nn.evaluate(model(), { x, targets }, { loss: name }).loss,
    );
    expect(all.length).toBe(120);
  },
);

test('clipping bounds the norm of a step; gradientNorm is the norm before', async () => {
  const unclipped = await steps({ shuffle: false });
  expect(unclipped[0].gradientNorm).toBe(undefined);
  const m = model();
  const before = Object.values(model().parameters).map(({ data }) => data);
  const [step] = await steps(
    { shuffle: false, batchSize: 40, clipNorm: 0.01, optimizer: nn.sgd({ lr: 1 }) },
    { x, labels },
    m,
  );
  const moved = Object.values(m.parameters).flatMap(({ data }, k) => Array.from(data, (w, i) => before[k][i] - w));
  const length = Math.sqrt(moved.reduce((sum, d) => sum + d * d, 0));
  expect(step.gradientNorm).toBeGreaterThan(0.01);
  expect(Math.abs(length - 0.01)).toBeLessThan(1e-6);
});

test('the mean is over the rows that are not ignored', async () => {
  const some = Int32Array.from(labels, (label, i) => (i % 3 === 0 ? -1 : label));
  const named = ['crossEntropy', { ignoreIndex: -1 }] as const;
  const m = model();
  const expected = loss.crossEntropy.forward({ logits: m.forward(x), labels: some, columns: 2, ignoreIndex: -1 });
  expect(nn.evaluate(m, { x, labels: some }, { loss: named }).loss).toBe(expected);
  const [step] = await steps({ batchSize: 40, shuffle: false, loss: named }, { x, labels: some }, m);
  expect(step.loss).toBe(expected);
});

test('evaluations between two steps do not change the steps', async () => {
  const targets = noise(9, 80);
  const weights = [1, 3];
  const run = async (disturb: (m: ReturnType<typeof model>) => void) => {
    const m = model();
    const losses: number[] = [];
    const o = { epochs: 3, batchSize: 20, seed: 1, loss: ['crossEntropy', { weights }] as const };
    for await (const step of nn.fit(m, { x, labels }, { ...o, optimizer: nn.adam({ lr: 0.1 }) })) {
      losses.push(step.loss);
      disturb(m);
    }
    return [losses, Object.values(m.parameters).map(({ data }) => data.slice())];
  };
  const undisturbed = await run(() => {});
  expect(await run((m) => nn.evaluate(m, { x, targets }, { loss: 'huber' }))).toEqual(undisturbed);
  expect(await run((m) => nn.evaluate(m, { x, labels }, { loss: ['crossEntropy', { weights: [9, 0] }] }))).toEqual(
    undisturbed,
  );
  expect(await run((m) => m.forward(noise(3, 3000)))).toEqual(undisturbed);
});

test('a second fit begins with zero momentum', async () => {
  const o = { shuffle: false, optimizer: nn.sgd({ lr: 0.1, momentum: 0.9 }) };
  const m = model();
  const start = Object.values(m.parameters).map(({ data }) => data.slice());
  const first = await steps(o, { x, labels }, m);
  Object.values(m.parameters).forEach(({ data }, k) => data.set(start[k]));
  expect(await steps(o, { x, labels }, m)).toEqual(first);
});

test('a schedule by epoch or by step', async () => {
  const schedule = nn.stepDecay({ gamma: 0.5 });
  const rates = async (o: object) => (await steps({ epochs: 2, batchSize: 20, schedule, ...o })).map(({ lr }) => lr);
  expect(await rates({})).toEqual([0.1, 0.1, 0.05, 0.05]);
  expect(await rates({ scheduleEach: 'step' })).toEqual([0.1, 0.05, 0.025, 0.0125]);
});

describe('data that are transferred during the training', () => {
  /** Trains on copies of arrays, and transfers one of them after the first step. */
  const run = async (name: string, arrays: Record<string, Float32Array | Uint8Array>, o: object) => {
    const own = Object.fromEntries(Object.entries(arrays).map(([key, array]) => [key, array.slice()]));
    for await (const _ of nn.fit(model(), own as never, { batchSize: 10, seed: 1, optimizer, ...o }))
      if (own[name].length > 0) structuredClone(own[name], { transfer: [own[name].buffer] });
  };
  test.each(Object.keys(losses))('%s: of x or targets, an error', async (name) => {
    const targets = noise(1, 80).map(() => 0.5);
    for (const one of ['x', 'targets'])
      await expect(run(one, { x, targets }, { loss: name })).rejects.toThrow(
        new RegExp(`^nn\\.fit: ${one} is detached: its memory was transferred or cut; pass an array made since$`),
      );
  });
  test('crossEntropy: of x an error; labels and weights are copied', async () => {
    await expect(run('x', { x, labels }, {})).rejects.toThrow(/^nn\.fit: x is detached/);
    await run('labels', { x, labels }, {});
    const weights = Float32Array.of(1, 2);
    let steps = 0;
    for await (const _ of nn.fit(model(), { x, labels }, { loss: ['crossEntropy', { weights }], optimizer })) {
      steps++;
      if (weights.length > 0) structuredClone(weights, { transfer: [weights.buffer] });
    }
    expect(steps).toBe(2);
  });
});

test('wrong options are errors', async () => {
  const fit =
    (o: object, data: object = { x, labels }) =>
    () =>
      nn.fit(model(), data as never, { optimizer, ...o });
  expect(fit({ loss: 'mse' })).toThrow(/nn.fit: loss is the string "mse"; pass one of crossEntropy, meanSquaredError/);
  expect(fit({ loss: 'huber' })).toThrow(/nn.fit: huber has targets, not labels; pass a target for each output/);
  expect(fit({}, { x, targets: x })).toThrow(
    /nn.fit: crossEntropy has labels, not targets; pass labels, or loss: 'meanSquaredError'/,
  );
  expect(fit({ loss: 'huber' }, { x, targets: x })).toThrow(/targets has 120 values and the outputs for x 80/);
  expect(fit({ loss: ['huber', { delta: -1 }] }, { x, targets: noise(1, 80) })).toThrow(/nn.fit: huber: delta is -1/);
  expect(fit({ optimizer: nn.sgd })).toThrow(/optimizer is a function; pass one, such as nn.sgd/);
  expect(fit({ schedule: nn.cosine })).toThrow(/nn.cosine: the options are 0/);
  expect(fit({ clipNorm: 0 })).toThrow(/clipNorm is 0; pass a number greater than 0/);
  expect(fit({ scheduleEach: 'batch' })).toThrow(/scheduleEach is the string "batch"/);
  expect(() => nn.evaluate(model(), { x, labels }, { loss: ['crossEntropy', { weights: noise(1, 3) }] })).toThrow(
    /weights has 3 values and the classes 2/,
  );
});

test.each(['tanh', 'relu', 'leakyRelu', 'sigmoid'] as const)('%s learns XOR', async (f) => {
  const model = network(f, 5);
  const losses = await train(model, { epochs: 500 });
  expect(losses[losses.length - 1]).toBeLessThan(0.05);
  expect(nn.evaluate(model, xor).accuracy).toBe(1);
});

test.each(['adam', 'adamW'] as const)('%s learns XOR', async (name) => {
  const model = network();
  await train(model, { optimizer: nn[name]({ lr: 0.05 }) });
  expect(nn.evaluate(model, xor).accuracy).toBe(1);
});

describe('the steps of a training', () => {
  test('have epoch, step, loss and learning rate', async () => {
    const steps = [];
    const o = {
      epochs: 2,
      batchSize: 3,
      seed: 1,
      optimizer: nn.sgd({ lr: 0.25 }),
      schedule: nn.stepDecay({ gamma: 0.5 }),
    };
    for await (const step of nn.fit(network(), xor, o)) steps.push(step);
    expect(steps.map(({ epoch, step, lr }) => [epoch, step, lr])).toEqual([
      [0, 0, 0.25],
      [0, 1, 0.25],
      [1, 2, 0.125],
      [1, 3, 0.125],
    ]);
    expect(steps.every(({ loss: l }) => l > 0 && l < 3)).toBe(true);
  });

  test('end after the one in which the signal is aborted; the model stays usable', async () => {
    const model = network();
    const control = new AbortController();
    const steps: number[] = [];
    const run = async () => {
      for await (const step of nn.fit(model, xor, {
        epochs: 100,
        optimizer: nn.sgd({ lr: 0.1 }),
        signal: control.signal,
      })) {
        steps.push(step.step);
        if (step.step === 4) control.abort(new Error('enough'));
      }
    };
    await expect(run()).rejects.toThrow('enough');
    expect(steps).toEqual([0, 1, 2, 3, 4]);
    expect(model.forward(xor.x).every(Number.isFinite)).toBe(true);
    expect((await train(model)).length).toBe(200);
  });

  test('are none where the signal is aborted before: nothing is drawn, no weight changes', async () => {
    const model = network();
    const rng = random.philox(1);
    const steps = nn.fit(model, xor, {
      rng,
      optimizer: nn.sgd({ lr: 1, momentum: 0.9 }),
      signal: AbortSignal.abort(new Error('no')),
    });
    const { data } = model.parameters['0.weight'];
    await expect(steps.next()).rejects.toThrow('no');
    expect(rng.state()).toEqual(random.philox(1).state());
    expect(model.parameters['0.weight'].data).toBe(data);
  });

  test('end with an error where a second fit of the model begins', async () => {
    const model = network();
    const first = nn.fit(model, xor, { epochs: 9, optimizer: nn.sgd({ lr: 0.1 }) });
    await first.next();
    await train(model, { epochs: 2 });
    await expect(first.next()).rejects.toThrow(/another fit of this model has begun/);
  });

  test('end by break', async () => {
    const model = network();
    for await (const step of nn.fit(model, xor, { epochs: 100, optimizer: nn.sgd({ lr: 0.1 }) }))
      if (step.step === 3) break;
    expect(nn.evaluate(model, xor).loss).toBeGreaterThan(0);
  });

  test('let the event loop run', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await train(network(), { epochs: 20000, batchSize: 1 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });

  test('are none without rows or epochs', async () => {
    const empty = { x: new Float32Array(0), labels: [] };
    const steps = [];
    for await (const step of nn.fit(network(), empty, { optimizer: nn.sgd({ lr: 1 }) })) steps.push(step);
    for await (const step of nn.fit(network(), xor, { epochs: 0, optimizer: nn.sgd({ lr: 1 }) })) steps.push(step);
    expect(steps).toEqual([]);
    expect(nn.evaluate(network(), empty)).toEqual({ loss: 0, accuracy: 0 });
    expect(network().forward(empty.x).length).toBe(0);
  });
});
