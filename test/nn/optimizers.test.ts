// Every optimizer of the table against its step in double precision and against PyTorch's.

import { describe, expect, test } from 'vitest';
import { nn, type Optimizer, workspace } from '../../src/index.js';
import { specOf } from '../../src/nn/layer.js';
import { optimizerRow } from '../../src/nn/optimizer.js';
import * as optimizers from '../../src/nn/optimizers.js';
import { readOptions } from '../../src/options.js';
import { bind } from '../../src/wasm/memory.js';
import type { Any } from '../check/case.js';
import { extremes, required, variants } from '../check/options.js';
import { noise } from '../oracle.js';
import vectors from '../vectors/functional.json' with { type: 'json' };
import torch from '../vectors/optimizer.json' with { type: 'json' };

/** Binds an optimizer to n weights, which begin at `start`, in a workspace. */
function bound(optimizer: Optimizer, start: Float32Array, steps = 0) {
  const n = start.length;
  const ws = workspace({ bytes: 4096 });
  const [w, g] = [ws.float32(n), ws.float32(n)];
  const state = Array.from({ length: optimizer.slots }, () => ws.float32(n));
  w.set(start);
  return { w, g, state, step: optimizer.bind((name, ...arrays) => bind(ws, name, ...arrays), w, g, state, steps) };
}

describe.each(Object.entries(optimizers) as [string, (o: Any) => Optimizer][])('%s', (name, make) => {
  const row = optimizerRow(make);
  const isValid = (o: Any) => {
    try {
      make(o);
      return true;
    } catch {
      return false;
    }
  };
  const several = variants(row.options).filter(isValid);

  test('each option is tested, except where the row says that it needs another', () => {
    expect(several.length).toBeGreaterThan(Object.keys(row.options).length);
  });

  test.each(several)('with %o its steps are those of its formula', (options) => {
    const n = 40;
    const { w, g, step } = bound(make(options), noise(1, n));
    const o = readOptions(name, row.options, options);
    const exact = Float64Array.from(w);
    const states = Array.from({ length: n }, () => row.slots(o).map(() => 0));
    for (let k = 0; k < 10; k++) {
      g.set(noise(k + 2, n));
      const lr = 0.1 / (k + 1);
      step(lr);
      exact.forEach((value, i) => {
        exact[i] = row.formula(o, value, g[i], states[i], lr, k + 1);
      });
    }
    exact.forEach((value, i) =>
      expect(Math.abs(w[i] - value), `${i}`).toBeLessThan(2e-6 * Math.max(1, Math.abs(value))),
    );
  });

  test.each(several)('with %o it goes on from a step as if it had made those before', (options) => {
    const optimizer = make(options);
    const all = bound(optimizer, noise(1, 8));
    all.g.set(noise(2, 8));
    for (let k = 0; k < 3; k++) all.step(0.1);
    const later = bound(optimizer, all.w, 3);
    all.state.forEach((values, i) => void later.state[i].set(values));
    later.g.set(all.g);
    all.step(0.1);
    later.step(0.1);
    expect(later.w).toEqual(all.w);
  });

  const cases = torch.cases.filter((c) => c.name === name);
  test('has vectors of PyTorch, with its defaults and with each option', () => {
    expect(cases.some(({ options }) => Object.keys(options).length === Object.keys(required(row.options)).length)).toBe(
      true,
    );
    const seen = new Set(cases.flatMap(({ options }) => Object.keys(options)));
    expect([...seen].sort()).toEqual(Object.keys(row.options).sort());
  });

  test.each(cases)('with $options its steps are PyTorch’s', ({ options, weights }) => {
    const optimizer = make(options);
    const { w, g, step } = bound(
      optimizer,
      Float32Array.from(weights, (_, i) => (i - 5) / 4),
    );
    for (let k = 0; k < 20; k++) {
      for (let i = 0; i < w.length; i++) g[i] = (((7 * i + 13 * k) % 11) - 5) / 8;
      step(optimizer.lr);
    }
    weights.forEach((value, i) => expect(Math.abs(w[i] - value)).toBeLessThan(2e-6 * Math.max(1, Math.abs(value))));
  });

  test('nn has it by its name, and a thread makes the same again from its spec', () => {
    expect((nn as Any)[name]).toBe(make);
    for (const options of several) {
      const [word, ...args] = structuredClone(specOf('test', name, make(options)));
      expect(word).toBe(name);
      expect(specOf('test', name, (make as Any)(...args))).toEqual([name, ...args]);
    }
  });

  test('too few arrays of state are an error', () => {
    const ws = workspace({ bytes: 4096 });
    for (const options of several) {
      const optimizer = make(options);
      const begin = () =>
        optimizer.bind((kernel, ...arrays) => bind(ws, kernel, ...arrays), ws.float32(4), ws.float32(4), []);
      if (optimizer.slots > 0) expect(begin).toThrow(`nn.${name}: state has 0 arrays; pass as many as slots says`);
      else expect(begin).not.toThrow();
    }
  });
});

describe.each(Object.entries(optimizers) as [string, (o: Any) => Optimizer][])('%s', (name, make) => {
  const row = optimizerRow(make);
  test('leaves a weight without gradient as it is, whatever its options', () => {
    for (const options of extremes(row.options).filter((o) => !o.weightDecay && o.lr !== 0)) {
      let optimizer: Optimizer;
      try {
        optimizer = make({ lr: 0.1, ...options, ...(name === 'adamW' && { weightDecay: 0 }) });
      } catch (error) {
        expect(String(error)).toMatch(/RangeError: nn\.\w+: /);
        continue;
      }
      const start = Float32Array.of(1, -2, 0, 1e-45, 3e38, 0, 7, -1e-30);
      const { w, step } = bound(optimizer, start);
      for (let k = 0; k < 3; k++) step(optimizer.lr);
      expect(w, JSON.stringify(options)).toEqual(start);
    }
  });
});

test('what would be 0 / 0, or grow by itself, is an error', () => {
  for (const make of [nn.adam, nn.adamW, nn.rmsprop] as Any[]) {
    for (const epsilon of [0, 1e-46])
      expect(() => make({ epsilon })).toThrow(`epsilon is ${epsilon}; pass a number greater than 0`);
    expect(() => make({ epsilon: 1e-45 })).not.toThrow();
  }
  expect(() => nn.sgd({ lr: 0.1, momentum: 2 })).toThrow(
    'nn.sgd: momentum is 2; pass a number at least 0 and at most 1',
  );
  expect(() => nn.rmsprop({ momentum: 1.5 })).toThrow('nn.rmsprop: momentum is 1.5; pass');
  expect(nn.sgd({ lr: 0.1, momentum: 1 }).slots).toBe(1);
  expect(() => nn.adam({ lr: 3e38 })).toThrow(
    'nn.adam: lr is 3e+38, with which the first step has numbers beyond binary32; pass a smaller one',
  );
  expect(() => nn.adamW({ lr: 1e30, weightDecay: 1e30 })).toThrow(/nn\.adamW: lr is 1e\+30/);
  expect(nn.sgd({ lr: 3e38 }).lr).toBe(3e38);
  expect(() => nn.adam({ betas: [0.9, 1 - 1e-12] })).toThrow(/betas\[1\] is 0\.999999999999, 1 in binary32/);
  expect(() => nn.sgd({ lr: 1, momentum: 1e-46, nesterov: true })).toThrow(/along the momentum, which is 1e-46/);
});

test('dampening: not in the first step, not without momentum, not with nesterov', () => {
  const { w, g, step } = bound(nn.sgd({ lr: 1, momentum: 0.5, dampening: 0.75 }), new Float32Array(4));
  g.fill(-1);
  const positions: number[] = [];
  for (let k = 0; k < 3; k++) {
    step(1);
    positions.push(w[0]);
  }
  // Velocities 1, 0.5 + 0.25, 0.375 + 0.25.
  expect(positions).toEqual([1, 1.75, 2.375]);
  const plain = bound(nn.sgd({ lr: 1, dampening: 0.75 }), new Float32Array(4));
  plain.g.fill(-1);
  plain.step(1);
  plain.step(1);
  expect(plain.w[0]).toBe(2);
  expect(() => nn.sgd({ lr: 0.1, momentum: 0.9, nesterov: true, dampening: 0.1 })).toThrow(
    'nn.sgd: dampening is 0.1, with nesterov; pass 0, or nesterov: false',
  );
  expect(nn.sgd({ lr: 0.1, momentum: 0.9, nesterov: true, dampening: 0 }).slots).toBe(1);
});

test('every vector is of an optimizer of the table', () => {
  for (const { name } of torch.cases) expect(Object.keys(optimizers)).toContain(name);
});

test('adamW multiplies the decay by the learning rate of the step, not of the first', () => {
  const { w, step } = bound(nn.adamW({ lr: 0.1, weightDecay: 0.5 }), new Float32Array(4).fill(2));
  let exact = 2;
  for (const rate of [0.1, 0.02, 0.3]) {
    step(rate); // the gradient is 0: there is only the decay
    exact *= 1 - rate * 0.5;
  }
  expect(Math.abs(w[0] / exact - 1)).toBeLessThan(1e-6);
});

test('centered rmsprop of a constant gradient takes no root of a negative number', () => {
  const { w, g, step } = bound(nn.rmsprop({ alpha: 0.9, centered: true }), new Float32Array(64));
  g.set(noise(1, 64));
  for (let k = 0; k < 1000; k++) step(1e-9);
  expect(w.every(Number.isFinite)).toBe(true);
});

test.each(vectors.clip)('gradients are clipped to $most as in PyTorch', ({ most, norm, gradient }) => {
  const ws = workspace({ bytes: 64 });
  const g = ws.float32(12);
  for (let i = 0; i < 12; i++) g[i] = (((7 * i) % 11) - 5) / 3;
  expect(Math.abs(bind(ws, 'clip', g)(12, most) / norm - 1)).toBeLessThan(1e-6);
  gradient.forEach((value, i) => expect(Math.abs(g[i] - value)).toBeLessThan(2e-7));
});
