// Theory of functions of one's own: right where their slopes, scales, kinks or jumps are unusual.

import { expect, test } from 'vitest';
import { diagnose } from '../../src/index.js';
import { near } from './networks.js';
import { expectSameTheory, expectScales, formulaOf } from './own.js';

type Own = (x: number) => number;
const deep = (activation: Own | 'tanh', weightVariance: number, biasVariance = 0) =>
  diagnose.theory({ widths: [100, 100, 100, 100], activation, weightVariance, biasVariance });

test('a named activation has the theory of its formula, and that scales', () => {
  for (const name of ['tanh', 'relu', 'hardshrink', 'sigmoid'] as const) {
    expectSameTheory(name, [1, 0]);
    expectSameTheory(name, [1.5, 0.1]);
    expectScales(formulaOf(name), 30, [0.5, 0], name);
  }
});

test('the limit of q to 0 has the slope at 0, whatever the scale and however f is written', () => {
  const written: Record<string, Own> = {
    tanh: Math.tanh,
    softsign: (x) => x / (1 + Math.abs(x)),
    'differences of near equals': (x) => 2 / (1 + Math.exp(-2 * x)) - 1,
    'e^x - 1': (x) => (x > 0 ? x : Math.exp(x) - 1),
  };
  for (const [name, f] of Object.entries(written))
    for (const a of [1e-3, 1, 30, 1e3]) {
      const ordered = deep((x) => f(a * x), 0.5 / (a * a));
      expect(ordered, `${name} of ${a} x`).toMatchObject({ fixedPoint: 0, phase: 'ordered', correlation: 1 });
      near(ordered.chi, 0.5, 1e-9);
      expect(deep((x) => f(a * x), 1 / (a * a))).toMatchObject({ fixedPoint: 0, phase: 'critical' });
    }
  // Without a slope at 0, and with one that has no bound there.
  for (const f of [(x: number) => x - Math.tanh(x), (x: number) => Math.abs(0.01 * x) ** 1.5])
    expect(deep(f, 0.5)).toMatchObject({ fixedPoint: 0, chi: 0, phase: 'ordered', depthScale: { correlation: null } });
  // |x|^p: q has its fixed point where V E f^2 = q, and chi is E f'^2 / E f^2 of N(0, 1) there.
  const power = deep((x) => Math.abs(x) ** 0.6, 1);
  near(power.chi, 1.46438826550171 / 0.81354903638984, 1e-8);
  near(power.slope, 0.6, 1e-9);
});

test('a value at 0 that is small beside the slope, at a small mean square', () => {
  const f = (x: number) => Math.tanh(1e-3 * (x + 0.1));
  const { layers } = diagnose.theory({ widths: [1, 1, 1], activation: f, weightVariance: 1, meanSquare: 1e-9 });
  // f goes as its argument, and (x + 0.1)^2 has the expectation q + 0.01.
  near(layers[0].activation, 1e-6 * 0.010000001, 1e-8);
  near(layers[1].activation, 1e-6 * (0.01 + layers[1].preactivation), 1e-8);
});

test('functions that overflow, oscillate or jump', () => {
  // Softplus overflows beyond 709: q grows until then, as without an overflow.
  const grows = deep((x) => Math.log(1 + Math.exp(x)), 4);
  expect(grows).toMatchObject({ fixedPoint: null, chi: null, phase: null });
  near(
    grows.layers[2].activation,
    diagnose.theory({ widths: [1, 1, 1, 1], activation: 'softplus', weightVariance: 4 }).layers[2].activation,
    1e-9,
  );
  const wavy = deep((x) => x + Math.sin(x) ** 2, 0.5);
  expect(wavy).toMatchObject({ fixedPoint: 0, chi: 0.5, phase: 'ordered' });
  // E (x + sin^2 x)^2 = q + E sin^4 x, and E sin^4 x = 3/8 - e^(-2 q) / 2 + e^(-8 q) / 8.
  const q = 0.5;
  near(wavy.layers[0].activation, q + 3 / 8 - Math.exp(-2 * q) / 2 + Math.exp(-8 * q) / 8, 1e-10);
  // A step has two values at 0, of which one is not 0: E f^2 is 1/2.
  for (const f of [(x: number) => Number(x > 0), (x: number) => Number(x >= 0), (x: number) => Number(x < 0)])
    expect(deep(f, 0.5)).toMatchObject({ fixedPoint: 0.25, chi: 0, phase: 'chaotic' });
  const floor = deep(Math.floor, 0.3);
  expect(floor.phase).toBe('chaotic');
  // hardshrink: d E f^2 / dq has a part from the jumps, 2 (1/2) λ^2 λ φ(λ / σ) / σ^3.
  const hardshrink = deep('hardshrink' as never, 1).layers[0];
  const density = Math.exp(-0.125) / Math.sqrt(2 * Math.PI);
  const inside = 1 - 2 * 0.3085375387259869;
  near(hardshrink.chi, 1 - inside, 1e-9);
  near(hardshrink.slope, 1 - inside + density + 0.125 * density, 1e-9);
});

test('an unbounded slope is an error', () => {
  expect(() => deep(Math.cbrt, 1)).toThrow(/E f'\(z\)\^2 is infinite; pass a function whose slope is bounded/);
  expect(() => deep((x) => Math.sqrt(Math.abs(x - 0.3)), 1)).toThrow(/E f'\(z\)\^2 is infinite/);
});

test('of ten thousand layers each counts, and more are an error', () => {
  const widths = new Array(10_001).fill(100);
  const { layers } = diagnose.theory({ widths, activation: Math.tanh, weightVariance: 1 });
  // At the edge of chaos q falls as 1 / (2 l + c ln l).
  const q = layers.map(({ preactivation }) => preactivation);
  for (const l of [10, 100, 1000, 9998]) {
    const { layers: two } = diagnose.theory({
      widths: [1, 1, 1],
      activation: 'tanh',
      weightVariance: 1,
      meanSquare: q[l],
    });
    near(two[0].activation, q[l + 1], 1e-10);
    near(two[0].chi, layers[l].chi, 1e-10);
  }
  near(q[9999], 1 / (2 * 9999), 5e-3);
  const call = () => diagnose.theory({ widths: [...widths, 1], activation: 'tanh', weightVariance: 1 });
  expect(call).toThrow(/widths has a length of 10002; pass at most 10001/);
});
