// Every schedule of the table against PyTorch's learning rates.

import { expect, test } from 'vitest';
import { nn } from '../../src/index.js';

import { repeatedProduct } from '../../src/nn/repeated-product.js';
import * as schedules from '../../src/nn/schedules.js';
import type { Any } from '../check/case.js';
import vectors from '../vectors/schedule.json' with { type: 'json' };

type Described = { name: string; options: Record<string, Any>; rates: number[] };
/** The schedule that a vector describes; `next` describes the one that follows on it. */
function scheduleOf({
  name,
  options: { next, ...options },
}: Omit<Described, 'rates'>): (at: number, lr: number) => number {
  return (nn as Any)[name]({ ...options, ...(next && { next: scheduleOf(next) }) });
}

test.each(vectors.cases as Described[])('$name with $options has PyTorch’s learning rates', (c) => {
  expect(c.rates.length).toBe(200);
  const schedule = scheduleOf(c);
  c.rates.forEach((rate, at) => expect(Math.abs(schedule(at, vectors.lr) - rate), `${at}`).toBeLessThan(1e-8));
});

test('each schedule has vectors, and nn has it by its name', () => {
  expect(Object.keys(schedules).sort()).toEqual([...new Set(vectors.cases.map(({ name }) => name))].sort());
  for (const [name, maker] of Object.entries(schedules)) {
    expect((nn as Any)[name]).toBe(maker);
    expect(() => (maker as Any)({ none: 1 })).toThrow(`nn.${name}: unknown option none`);
  }
});

test('stepDecay multiplies as PyTorch’s StepLR', () => {
  const decay = nn.stepDecay({ gamma: 0.96 });
  expect([0, 1, 2, 3].map((epoch) => decay(epoch, 0.1))).toEqual([
    0.1,
    0.1 * 0.96,
    0.1 * 0.96 * 0.96,
    0.1 * 0.96 * 0.96 * 0.96,
  ]);
  const slow = nn.stepDecay({ gamma: 0.5, every: 3 });
  expect([0, 2, 3, 5, 6].map((epoch) => slow(epoch, 8))).toEqual([8, 8, 4, 4, 2]);
  expect(nn.stepDecay({ gamma: 0 })(1, 1)).toBe(0);
});

test('repeatedProduct has the same bits in any order of calls, and multiplies on from the last', () => {
  const plain = (start: number, factor: number, times: number) => {
    let value = start;
    for (let i = 0; i < times; i++) value *= factor;
    return value;
  };
  for (const factor of [0.97, 1.5, 1, 0, 0.5]) {
    const power = repeatedProduct(factor);
    for (const [start, times] of [
      [0.3, 5],
      [0.3, 9],
      [0.3, 2],
      [0.7, 2],
      [0.3, 900],
      [0.3, 0],
      [0.3, 901],
      [0.3, 5000],
      [0.7, 3000],
      [0.3, 1024],
      [0.3, 1023],
      [0.3, 4097],
      [0.7, 2048],
      [0.3, 5001],
    ] as const)
      expect(power(start, times), `${factor}, ${start}, ${times}`).toBe(plain(start, factor, times));
  }
  // It stops where the product no longer changes: at 0 or infinity.
  expect(repeatedProduct(0.9)(1, 2 ** 53)).toBe(plain(1, 0.9, 10_000));
  expect(repeatedProduct(2)(1, Infinity)).toBe(Infinity);
  const decay = nn.stepDecay({ gamma: 0.9999 });
  let sum = 0;
  for (let at = 0; at < 1_000_000; at++) sum += decay(at, 1);
  expect(sum).toBeCloseTo(10_000, 6);
});

test('repeatedProduct multiplies each product of a start once, and at most 1023 again for a call before the latest', () => {
  let products = 0;
  const counted = {
    valueOf() {
      products++;
      return 0.9999;
    },
  };
  const power = repeatedProduct(counted as Any);
  const cost = (start: number, times: number) => {
    const before = products;
    power(start, times);
    return products - before;
  };
  expect(cost(1, 50_000)).toBe(50_000);
  for (let at = 50_000; at >= 0; at -= 317) expect(cost(1, at), `${at}`).toBeLessThan(1024);
  // Two trainings with a schedule, or a schedule of two rates: each goes on from its own latest.
  expect(cost(2, 50_000)).toBe(50_000);
  expect([cost(1, 49_000), cost(1, 49_001), cost(2, 50_001), cost(1, 49_002)].map((n) => n < 1024)).toEqual(
    Array(4).fill(true),
  );
  expect([cost(1, 49_003), cost(2, 50_002), cost(1, 49_004)]).toEqual([1, 1, 1]);
  // The number of starts that are kept is bounded.
  for (let start = 3; start < 203; start++) cost(start, 1);
  expect(cost(1, 10)).toBe(10);
});

test('the ends of cosine and warmUp, and their wrong options', () => {
  const cosine = nn.cosine({ over: 4 });
  expect([0, 2, 4, 9].map((at) => cosine(at, 2))).toEqual([2, 1, 0, 0].map((v) => expect.closeTo(v, 12)));
  expect([cosine(0, 2), cosine(4, 2)]).toEqual([2, 0]);
  expect(nn.warmUp({ over: 2, from: 0 })(0, 1)).toBe(0);
  expect(() => nn.cosine({ over: 0 })).toThrow(/over is 0/);
  expect(() => nn.warmUp({ over: 2, from: 2 })).toThrow(/from is 2/);
  expect(() => nn.warmUp({ over: 2, next: 3 as never })).toThrow(/next is 3; pass a schedule/);
});
