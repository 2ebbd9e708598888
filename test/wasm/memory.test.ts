// Workspaces: their arrays, their limits, and calls on them.

import { expect, test } from 'vitest';
import { activation, random, softmax, workspace } from '../../src/index.js';
import { type DistributionName, distributions } from '../../src/random/distributions.js';
import type { Draws } from '../../src/random/generator.js';
import { type Any, numeric, testCases } from '../check/case.js';
import { hash, noise } from '../oracle.js';

test('arrays of a workspace are zeros, aligned and apart', () => {
  const ws = workspace({ bytes: 1000 });
  const arrays = [ws.float32(3), ws.uint32(5), ws.float32(0), ws.float32(16)];
  for (const array of arrays) expect(array.every((v) => v === 0)).toBe(true);
  arrays.forEach((array, i) => array.fill(i + 1));
  arrays.forEach((array, i) => expect(array.every((v) => v === i + 1)).toBe(true));
  expect(arrays.every(({ byteOffset }) => byteOffset % 16 === 0)).toBe(true);
});

test('two workspaces share no memory', () => {
  const [a, b] = [workspace({ bytes: 64 }), workspace({ bytes: 64 })];
  const [x, y] = [a.float32(16), b.float32(16)];
  x.fill(1);
  expect(x.buffer).not.toBe(y.buffer);
  expect(y.every((v) => v === 0)).toBe(true);
});

test('a full workspace is an error, and its arrays are unchanged', () => {
  const ws = workspace({ bytes: 100 });
  expect(ws.bytes).toBe(112); // rounded up to 16
  const x = ws.float32(28);
  expect(() => ws.float32(1)).toThrow(/workspace\.float32: 4 bytes asked and 0 left; make the workspace larger/);
  expect(() => ws.uint32(1)).toThrow(RangeError);
  expect(ws.float32(0).length).toBe(0);
  x.fill(2);
  expect(x.reduce((a, b) => a + b)).toBe(56);
  expect(() => workspace({ bytes: 0 }).float32(1)).toThrow(RangeError);
});

test('sizes beyond memory are errors, and the next call works', () => {
  expect(() => workspace({ bytes: 2 ** 32 })).toThrow(/4 GiB/);
  expect(() => workspace({ bytes: 2 ** 53 })).toThrow(RangeError);
  const huge = new Float32Array(2 ** 10);
  Object.defineProperty(huge, 'length', { value: 2 ** 30 });
  expect(() => softmax.forward(huge, { columns: 2 ** 30 })).toThrow(RangeError);
  expect(softmax.forward(new Float32Array(200_000), { columns: 200_000 }).length).toBe(200_000);
  expect(() => random.philox(0).uniform(2 ** 45)).toThrow(/do not fit into memory/);
});

test('a draw into a workspace has the bits of a new array, and nothing else is written', () => {
  const n = 40_001;
  const ws = workspace({ bytes: 4 * (n + 8) });
  const around = ws.float32(n + 8).fill(7);
  const out = around.subarray(3, 3 + n);
  for (const make of [() => random.philox(1), () => random.torch(1)]) {
    for (const name of Object.keys(distributions) as DistributionName[]) {
      const [into, anew] = [make()[name] as Draws<object>, make()[name] as Draws<object>];
      expect(into({ out })).toBe(out);
      expect(hash(out), name).toBe(hash(anew(n)));
      expect([around[2], around[n + 3]]).toEqual([7, 7]);
    }
  }
});

test('arrays of two workspaces in one call are copied', () => {
  const [a, b] = [workspace({ bytes: 4096 }), workspace({ bytes: 4096 })];
  const [x, out] = [a.float32(100), b.float32(100)];
  x.set(noise(1, 100));
  activation.tanh.forward(x, { out });
  expect(Array.from(out)).toEqual(Array.from(activation.tanh.forward(x.slice())));
});

test('an array of a workspace stays valid: its memory never grows', () => {
  const ws = workspace({ bytes: 4096 });
  const x = ws.float32(10).fill(3);
  for (let i = 0; i < 100; i++) random.philox(i).normal(50_000);
  workspace({ bytes: 10_000_000 });
  expect(x.every((v) => v === 3)).toBe(true);
});

testCases([
  ...numeric('workspace', 'bytes', (v) => workspace({ bytes: v }), [-1, 1.5, Number.NaN, '9', undefined]),
  ['workspace of nothing', () => (workspace as Any)(), TypeError, /bytes is undefined/],
  ['an array of length -1', () => workspace({ bytes: 64 }).float32(-1), RangeError, /length/],
]);
