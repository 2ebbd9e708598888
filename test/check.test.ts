// What holds of the arguments of all functions. The wrong arguments of each are in arguments.test.ts of its folder.

import { describe, expect, test } from 'vitest';
import { activation, init, loss, nn, random, softmax, tensor } from '../src/index.js';
import { type Any, data, model, optimizer, six, x } from './check/case.js';

describe('nothing is written where an argument is wrong', () => {
  const out = () => new Float32Array(6).fill(7);
  const untouched: [string, (out: Float32Array) => unknown][] = [
    ['uniform', (o) => random.philox(0).uniform({ out: o, low: 2, high: 1 })],
    ['normal of torch', (o) => random.torch(0).normal({ out: o, std: -1 })],
    ['init', (o) => init.xavierNormal([2, 3], { out: o, gain: Number.NaN })],
    ['init of a tensor', (o) => init.xavierNormal(tensor([6], o))],
    ['orthogonal', (o) => init.orthogonal([2, 3], { out: o, gain: Number.NaN })],
    ['sparse', (o) => init.sparse([2, 3], { out: o, sparsity: 2 })],
    ['forward', (o) => activation.leakyRelu.forward(six, { out: o, slope: -1 })],
    ['backward', (o) => activation.tanh.backward({ y: o, dy: x, out: o })],
    ['softmax', (o) => softmax.forward(o, { columns: 4, out: o })],
    ['cross-entropy', (o) => loss.crossEntropy.backward({ logits: o, labels: [0, 3], columns: 3, out: o })],
  ];
  test.each(untouched)('%s', (_, f) => {
    const o = out();
    expect(() => f(o)).toThrow();
    expect(o).toEqual(out());
  });

  test('and no generator advances', () => {
    for (const make of [() => random.philox(0), () => random.torch(0)]) {
      const generator = make();
      expect(() => generator.normal(10, { std: -1 })).toThrow();
      expect(() => init.xavierNormal([10], { rng: generator })).toThrow();
      expect(() => init.sparse([2, 3], { rng: generator, sparsity: 2 })).toThrow();
      expect(() => nn.fit(model, data, { rng: generator, optimizer, batchSize: 0 })).toThrow();
      expect(generator.state()).toEqual(make().state());
    }
  });
});

test('zero is a value for every numeric option', () => {
  const r = random.philox(0);
  expect(r.uniform(8, { low: 0, high: 0 }).every((v) => v === 0)).toBe(true);
  expect(r.uniform(8, { low: -1, high: 0 }).every((v) => v < 0)).toBe(true);
  expect(r.normal(8, { mean: 0, std: 0 }).every((v) => v === 0)).toBe(true);
  expect(r.truncatedNormal(8, { low: 0 }).every((v) => v >= 0)).toBe(true);
  expect(r.truncatedNormal(8, { high: 0 }).every((v) => v <= 0)).toBe(true);
  expect(r.truncatedNormal(8, { std: 0, mean: 0 }).every((v) => v === 0)).toBe(true);
  expect(r.bernoulli(8, { p: 0 }).every((v) => v === 0)).toBe(true);
  expect(init.constant([2], { value: 0 })).toEqual(new Float32Array(2));
  expect(init.xavierNormal([2, 2], { gain: 0 }).every((v) => v === 0)).toBe(true);
  expect(init.kaimingNormal([2, 2], { gain: 0 }).every((v) => v === 0)).toBe(true);
  expect(init.kaimingNormal([2, 2], { nonlinearity: 'leakyRelu', slope: 0, seed: 0 })).toEqual(
    init.kaimingNormal([2, 2], { seed: 0 }),
  );
  expect(init.varianceScaling([2, 2], { scale: 0 }).every((v) => v === 0)).toBe(true);
  expect(init.orthogonal([2, 2], { gain: 0 }).every((v) => v === 0)).toBe(true);
  expect(init.sparse([2, 2], { sparsity: 0, std: 0 }).every((v) => v === 0)).toBe(true);
  expect(init.normal([3], { seed: 0 })).toEqual(random.philox(0).normal(3));
  expect(nn.sgd({ lr: 0, momentum: 0, weightDecay: 0 }).lr).toBe(0);
});

test('a schedule that returns no number is an error: of fit for the first step, else of the step', async () => {
  const wrong = /nn\.fit: the learning rate of schedule is .*; pass a number/;
  for (const value of [Number.NaN, -1, undefined, '0.1']) {
    expect(() => nn.fit(model, data, { optimizer, schedule: () => value as Any })).toThrow(wrong);
    const steps = nn.fit(model, data, { optimizer, epochs: 2, schedule: (at) => (at === 0 ? 0.1 : value) as Any });
    const run = async () => {
      for await (const _ of steps);
    };
    await expect(run()).rejects.toThrow(wrong);
  }
});

test('options are read once, own or inherited', () => {
  let reads = 0;
  const once = {
    get columns() {
      reads++;
      return 3;
    },
  };
  expect(softmax.forward(x, once)).toEqual(softmax.forward(x, { columns: 3 }));
  expect(reads).toBe(1);
  expect(random.philox(0).normal(3, Object.create({ std: 0 }))).toEqual(new Float32Array(3));
});

test('an array of a class that redefines subarray can be passed', () => {
  class Subclass extends Float32Array {
    override subarray(): Float32Array<ArrayBuffer> {
      throw new Error('not to be called');
    }
  }
  expect(Array.from(random.torch(0).normal({ out: new Subclass(40) }))).toEqual(Array.from(random.torch(0).normal(40)));
  expect(model.forward(new Subclass(4))).toEqual(model.forward(new Float32Array(4)));
});

test('an option that is undefined has its default', () => {
  expect(random.philox(0).normal(3, { mean: undefined, std: undefined })).toEqual(random.philox(0).normal(3));
  expect(init.kaimingNormal([2, 2], { seed: 0, gain: undefined, mode: undefined })).toEqual(
    init.kaimingNormal([2, 2], { seed: 0 }),
  );
});

test('empty arrays can be passed everywhere', () => {
  const none = new Float32Array(0);
  expect(random.philox(0).normal(0)).toEqual(none);
  expect(random.torch(0).normal(0)).toEqual(none);
  expect(random.philox(0).uniform({ out: none })).toBe(none);
  expect(init.normal([0])).toEqual(none);
  expect(init.xavierNormal(tensor([0, 3])).data).toEqual(none);
  expect(activation.tanh.forward(none)).toEqual(none);
  expect(activation.tanh.backward({ y: none, dy: none, out: none })).toBe(none);
  expect(softmax.backward({ y: none, dy: none, columns: 4 })).toEqual(none);
  expect(loss.crossEntropy.backward({ logits: none, labels: [], columns: 4 })).toEqual(none);
});
