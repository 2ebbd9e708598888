import { expect, test } from 'vitest';
import { nn, workspace } from '../../src/index.js';
import { bind } from '../../src/wasm/memory.js';
import { noise } from '../oracle.js';
import vectors from '../vectors/functional.json' with { type: 'json' };
import torch from '../vectors/optimizer.json' with { type: 'json' };

test.each([
  { lr: 0.1 },
  { lr: 0.1, weightDecay: 0.01 },
  { lr: 0.1, momentum: 0.9 },
  { lr: 0.01, momentum: 0.9, nesterov: true },
  { lr: 0.01, momentum: 0.5, nesterov: true, weightDecay: 0.1 },
  { lr: 0, momentum: 0.9 },
])('sgd %o follows the formula for ten steps', (options) => {
  const n = 40;
  const ws = workspace({ bytes: 4096 });
  const [w, g] = [ws.float32(n), ws.float32(n)];
  const optimizer = nn.sgd(options);
  const state = Array.from({ length: optimizer.slots }, () => ws.float32(n));
  const step = optimizer.bind((name, ...arrays) => bind(ws, name, ...arrays), w, g, state);
  w.set(noise(1, n));
  const exact = Float64Array.from(w);
  const velocity = new Float64Array(n);
  const {
    lr,
    momentum = 0,
    nesterov = false,
    weightDecay = 0,
  } = options as { lr: number; momentum?: number; nesterov?: boolean; weightDecay?: number };
  for (let k = 0; k < 10; k++) {
    g.set(noise(k, n));
    step(lr);
    exact.forEach((value, i) => {
      const d = g[i] + weightDecay * value;
      velocity[i] = momentum * velocity[i] + d;
      exact[i] = value - lr * (nesterov ? d + momentum * velocity[i] : velocity[i]);
    });
  }
  exact.forEach((value, i) => expect(Math.abs(w[i] - value)).toBeLessThan(1e-6));
});

test('step decay multiplies as PyTorch StepLR does', () => {
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

test.each(torch.cases)('$name $options makes PyTorch’s steps', ({ name, options, weights }) => {
  const n = weights.length;
  const ws = workspace({ bytes: 4096 });
  const [w, g] = [ws.float32(n), ws.float32(n)];
  const optimizer = (nn[name as 'sgd'] as (o: object) => ReturnType<typeof nn.sgd>)(options);
  const state = Array.from({ length: optimizer.slots }, () => ws.float32(n));
  const step = optimizer.bind((kernel, ...arrays) => bind(ws, kernel, ...arrays), w, g, state);
  for (let i = 0; i < n; i++) w[i] = (i - 5) / 4;
  for (let k = 0; k < 10; k++) {
    for (let i = 0; i < n; i++) g[i] = (((7 * i + 13 * k) % 11) - 5) / 8;
    step(optimizer.lr);
  }
  weights.forEach((value, i) => expect(Math.abs(w[i] - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value))));
});

test('adamW takes the decay by the rate of the step, not the first', () => {
  const ws = workspace({ bytes: 4096 });
  const [w, g, m, v] = [0, 1, 2, 3].map(() => ws.float32(4));
  w.fill(2);
  const step = nn
    .adamW({ lr: 0.1, weightDecay: 0.5 })
    .bind((name, ...arrays) => bind(ws, name, ...arrays), w, g, [m, v]);
  let exact = 2;
  for (const rate of [0.1, 0.02, 0.3]) {
    step(rate); // the gradient is 0: decay alone
    exact *= 1 - rate * 0.5;
  }
  expect(Math.abs(w[0] / exact - 1)).toBeLessThan(1e-6);
});

const schedules = {
  stepDecay: nn.stepDecay({ gamma: 0.7, every: 3 }),
  cosine: nn.cosine({ over: 19, least: 0.02 }),
  warmUp: nn.warmUp({ over: 5 }),
  both: nn.warmUp({ over: 4, from: 0.1, next: nn.cosine({ over: 15 }) }),
};
test.each(Object.entries(schedules))('%s has PyTorch’s rates', (name, schedule) => {
  vectors.schedules[name as 'cosine'].forEach((rate, at) =>
    expect(Math.abs(schedule(at, 0.3) - rate)).toBeLessThan(1e-8),
  );
});

test('cosine ends where it ends, warm-up begins where it begins', () => {
  const cosine = nn.cosine({ over: 4 });
  expect([0, 2, 4, 9].map((at) => cosine(at, 2))).toEqual([2, 1, 0, 0].map((v) => expect.closeTo(v, 12)));
  expect([cosine(0, 2), cosine(4, 2)]).toEqual([2, 0]);
  expect(nn.warmUp({ over: 2, from: 0 })(0, 1)).toBe(0);
  expect(() => nn.cosine({ over: 0 })).toThrow(/over is 0/);
  expect(() => nn.warmUp({ over: 2, from: 2 })).toThrow(/from is 2/);
  expect(() => nn.warmUp({ over: 2, next: 3 as never })).toThrow(/next is 3; pass a schedule/);
});

test.each(vectors.clip)('gradients clipped to $most as PyTorch clips them', ({ most, norm, gradient }) => {
  const ws = workspace({ bytes: 64 });
  const g = ws.float32(12);
  for (let i = 0; i < 12; i++) g[i] = (((7 * i) % 11) - 5) / 3;
  expect(Math.abs(bind(ws, 'clip', g)(12, most) / norm - 1)).toBeLessThan(1e-6);
  gradient.forEach((value, i) => expect(Math.abs(g[i] - value)).toBeLessThan(2e-7));
});
