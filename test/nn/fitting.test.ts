// What nn.fit returns: awaited it has the bits of the same training iterated over, and its history; it is used in one way.

import { describe, expect, test, vi } from 'vitest';
import { nn, random, type Step } from '../../src/index.js';
import * as optimizers from '../../src/nn/optimizers.js';
import { type Any, data as few, model as small } from '../check/case.js';
import { noise } from '../oracle.js';
import { network, xor } from './xor.js';

const rows = 50;
const x = noise(1, 6 * rows, 3);
const labels = Uint8Array.from({ length: rows }, (_, i) => i % 3);
const model = (rng = random.philox(2)) =>
  nn.sequential([
    nn.linear(6, 8, { seed: 1, activation: 'gelu' }),
    nn.dropout({ p: 0.3, rng }),
    nn.linear(8, 3, { seed: 3 }),
  ]);
const optimizer = nn.sgd({ lr: 0.1 });
const bits = (m: ReturnType<typeof model>) => Array.from(nn.save(m));
const oneUse =
  /nn\.fit: this training is (awaited|iterated over) and cannot be (awaited|iterated over); make another one/;

test.each(Object.entries(optimizers))(
  '%s: awaited and iterated over, a training has the same bits',
  async (_, make) => {
    for (const o of [
      { epochs: 3, batchSize: 16 },
      { epochs: 1, batchSize: 50, clipNorm: 0.1 },
      { epochs: 2, batchSize: 7, shuffle: false, probe: { every: 3 } },
      { epochs: 0 },
    ]) {
      const given = () => ({ ...o, optimizer: (make as Any)({ lr: 0.01 }), rng: random.philox(5) });
      const [awaited, iterated] = [model(), model()];
      const steps: Step[] = [];
      for await (const step of nn.fit(iterated, { x, labels }, given())) steps.push(step);
      const history = await nn.fit(awaited, { x, labels }, given());
      expect(bits(awaited)).toEqual(bits(iterated));
      // The mean of each epoch, from the steps.
      const { batchSize = 32 } = o;
      const means = Array.from({ length: o.epochs }, (_, epoch) => {
        const own = steps.filter((step) => step.epoch === epoch);
        return own.reduce((sum, { loss }, i) => sum + loss * Math.min(batchSize, rows - i * batchSize), 0) / rows;
      });
      expect(history).toEqual({
        loss: means.map((mean) => expect.closeTo(mean, 12)),
        epochs: o.epochs,
        steps: steps.length,
      });
    }
  },
);

test('a history without shuffling and learning is that of evaluate', async () => {
  const m = nn.sequential([nn.linear(6, 3, { seed: 1 })]);
  const { loss } = await nn.fit(m, { x, labels }, { epochs: 2, batchSize: 16, optimizer: nn.sgd({ lr: 0 }) });
  const expected = nn.evaluate(m, { x, labels }).loss;
  expect(loss).toEqual([expect.closeTo(expected, 6), expect.closeTo(expected, 6)]);
});

test('of a training that goes on, the history begins there', async () => {
  const given = { epochs: 3, batchSize: 16, optimizer, seed: 1 };
  const files: Uint8Array[] = [];
  const whole = model();
  const losses: number[] = [];
  for await (const { loss } of nn.fit(whole, { x, labels }, given)) {
    files.push(nn.save(whole, { training: true }));
    losses.push(loss);
  }
  const resumed = async (at: number) => nn.fit(model(), { x, labels }, { ...given, resume: files[at] });
  expect(await resumed(9)).toEqual({
    loss: [expect.closeTo((losses[10] * 16 + losses[11] * 2) / 18, 12)],
    epochs: 1,
    steps: 2,
  });
  expect((await resumed(7)).loss.length).toBe(1); // after an epoch's last step
  expect(await resumed(11)).toEqual({ loss: [], epochs: 0, steps: 0 });
});

describe('a training is', () => {
  const make = (o: object = {}) => nn.fit(small, few, { optimizer, epochs: 2, batchSize: 1, seed: 1, ...o });

  test('made once, however often it is awaited', async () => {
    const training = make();
    const [first, second] = await Promise.all([training, training]);
    expect(second).toBe(first);
    expect(await training).toBe(first);
    expect(first.steps).toBe(4);
  });

  test('a promise, with catch and finally, which an async function awaits that returns it', async () => {
    let ended = 0;
    expect((await make().finally(() => ended++)).steps).toBe(4);
    expect((await make().catch(() => undefined))?.steps).toBe(4);
    expect(await make().then(({ epochs }) => epochs)).toBe(2);
    expect(ended).toBe(1);
    const returns = async () => make();
    expect((await returns()).steps).toBe(4);
  });

  test('rejected with the reason of its signal, at once or later', async () => {
    await expect(make({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    const control = new AbortController();
    const training = nn.fit(network(), xor, { optimizer, epochs: 1e9, signal: control.signal });
    setTimeout(() => control.abort(new Error('enough')), 40);
    expect(await training.catch(({ message }) => message)).toBe('enough');
  });

  test('not begun by being made', async () => {
    const rng = random.philox(1);
    const m = model();
    const before = bits(m);
    const training = nn.fit(m, { x, labels }, { optimizer, rng });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(bits(m)).toEqual(before);
    expect(rng.state()).toEqual(random.philox(1).state());
    expect((await training).epochs).toBe(1);
  });

  test('an error where it is used in both ways', async () => {
    const iterated = make();
    await iterated.next();
    await expect(iterated.then()).rejects.toThrow(TypeError);
    await expect(iterated).rejects.toThrow(oneUse);
    await expect(iterated.catch((error) => Promise.reject(error))).rejects.toThrow(oneUse);
    expect((await iterated.next()).value?.step).toBe(1); // it goes on
    await iterated.return();

    const awaited = make();
    const history = awaited.then();
    for (const use of [() => awaited.next(), () => awaited.return(), () => awaited.throw(new Error('of its own'))])
      await expect(use()).rejects.toThrow(oneUse);
    const loop = async () => {
      for await (const _ of awaited);
    };
    await expect(loop()).rejects.toThrow(TypeError);
    expect((await history).steps).toBe(4);
    await expect(loop()).rejects.toThrow(oneUse); // afterwards too
    const left = make();
    for await (const _ of left) break;
    await expect(left).rejects.toThrow(oneUse);
  });
});

test('awaited, it lets the event loop run', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await nn.fit(network(), xor, { epochs: 20_000, batchSize: 1, optimizer });
  clearInterval(timer);
  expect(turns).toBeGreaterThan(2);
});

test('without rows it ends, however many epochs it has', async () => {
  const rng = random.torch(1);
  const none = { x: new Float32Array(0), labels: [] };
  const given = { optimizer, rng, epochs: Number.MAX_SAFE_INTEGER };
  expect(await nn.fit(network(), none, given)).toEqual({ loss: [], epochs: 0, steps: 0 });
  for await (const _ of nn.fit(network(), none, given)) throw new Error('a step');
  expect(rng.state()).toEqual(random.torch(1).state());
});

test('without an event loop promises alone do', async () => {
  vi.stubGlobal('MessageChannel', undefined);
  vi.stubGlobal('setTimeout', undefined);
  vi.stubGlobal('performance', { now: () => (now += 20) });
  let now = 0;
  try {
    expect((await nn.fit(network(), xor, { epochs: 5, optimizer })).steps).toBe(5);
  } finally {
    vi.unstubAllGlobals();
  }
});
