// Every activation of the table: against its formula, multi-precision values and PyTorch, at every magnitude and in any memory.

import { describe, expect, test } from 'vitest';
import type { Row } from '../../src/activation/row.js';
import { type Activation, activation, activations, parametersOf } from '../../src/activation/table.js';
import { workspace } from '../../src/index.js';
import type { Options } from '../../src/options.js';
import { activationModule } from '../../src/wasm/module.js';
import { extremes } from '../check/options.js';
import { noise, sweep, ulps } from '../oracle.js';
import vectors from '../vectors/activation.json' with { type: 'json' };
import { compare, directions, run, variants } from './accuracy.js';

const names = Object.keys(activations) as Activation[];
const x = sweep(64);
const few = sweep(8);
const specials = Float32Array.of(0, -0, Number.NaN, Infinity, -Infinity, 1e-45, -1e-45, 1e-39, -1e-39, 3.4e38, -3.4e38);

/**
 * Inputs at which PyTorch 1.13 has another value or slope. Of NaN all of ours give NaN, forward and backward (PyTorch's masks
 * let the gradient through, and its softshrink gives 0).
 */
const exceptions: Record<string, Record<string, [value: number, slope: number]>> = {
  // The limits; PyTorch has NaN.
  softsign: { inf: [1, 0], '-inf': [-1, 0] },
  gelu: { inf: [Infinity, 1], '-inf': [0, 0] },
  silu: { inf: [Infinity, 1], '-inf': [0, 0] },
  mish: { inf: [Infinity, 1], '-inf': [0, 0] },
  // The slopes of the flat and of the straight piece; PyTorch has those of the parabola.
  hardSwish: { '-inf': [0, 0], '-3': [0, 0], '3': [3, 1] },
};

describe.each(variants)('$name', (variant) => {
  const { activation: name, row, chosen, numbers } = variant;
  const [a, b] = numbers;
  const forward = (input: Float32Array, o?: object) =>
    (activation[name] as (typeof activation)['tanh']).forward(input, { ...chosen, ...o });
  const backward = (kept: Float32Array, dy: Float32Array, o?: object) =>
    activation[name].backward({ [row.keeps]: kept, dy, ...chosen, ...o } as never);
  const kept = row.keeps === 'x' ? x : forward(x);

  test.each(directions)('%s is within its promised error at every magnitude', (direction) => {
    const inputs = direction === 'forward' ? x : kept;
    const got = new Float32Array(inputs.length);
    run(variant, direction, inputs, new Float32Array(inputs.length).fill(1), got);
    const { error, at } = compare(variant, direction, inputs, got, { error: 0, at: 0 });
    expect(error, `at ${at}`).toBeLessThanOrEqual(row.ulp[direction]);
  });

  test('backward is linear in dy: powers of two scale exactly', () => {
    const one = backward(kept, new Float32Array(kept.length).fill(1));
    const two = backward(kept, new Float32Array(kept.length).fill(-2));
    const isInRange = (v: number) => Math.abs(v) > 1e-30 && Math.abs(v) < 1e30;
    expect(one.findIndex((v, i) => isInRange(v) && two[i] !== -2 * v)).toBe(-1);
  });

  test('the derivative is the slope of the formula', () => {
    for (const v of [-8, -3.1, -1.2, -0.3, -1e-3, 1e-3, 0.2, 0.9, 2, 5.5, 8]) {
      const f = (t: number) => row.formula(t, a, b);
      const h = 1e-4 * Math.max(Math.abs(v), 0.1);
      const slope = (8 * (f(v + h) - f(v - h)) - (f(v + 2 * h) - f(v - 2 * h))) / (12 * h);
      expect(Math.abs(row.derivative(row.keeps === 'x' ? v : f(v), a, b) - slope)).toBeLessThan(1e-8);
    }
  });

  test('NaN stays NaN, forward and backward; infinities, zeros and extremes are as in the formula', () => {
    const y = forward(specials);
    specials.forEach((v, i) => {
      const exact = row.formula(v, a, b);
      expect(ulps(y[i], exact), `f(${v}) = ${y[i]}`).toBeLessThanOrEqual(row.ulp.forward);
    });
    const dx = backward(Float32Array.of(Number.NaN), Float32Array.of(1));
    expect(dx[0]).toBeNaN();
  });

  test('a value does not depend on its index, nor on the memory of the arrays', () => {
    const n = 37;
    const input = noise(1, n, 6);
    const dy = noise(2, n);
    const whole = forward(input);
    const slope = backward(row.keeps === 'x' ? input : whole, dy);
    const ws = workspace({ bytes: 4096 });
    for (let length = 0; length <= n; length++) {
      const part = input.slice(0, length);
      expect(forward(part)).toEqual(whole.slice(0, length));
      const savedPart = (row.keeps === 'x' ? input : whole).slice(0, length);
      expect(backward(savedPart, dy.slice(0, length))).toEqual(slope.slice(0, length));
    }
    const [wx, wdy, wout] = [ws.float32(n), ws.float32(n), ws.float32(n)];
    wx.set(input);
    wdy.set(dy);
    forward(wx, { out: wout });
    expect(wout).toEqual(new Float32Array(whole));
    expect(forward(wx)).toEqual(whole);
    const inPlace = backward(row.keeps === 'x' ? wx : wout, wdy, { out: wdy });
    expect(inPlace).toBe(wdy);
    expect(Array.from(wdy)).toEqual(Array.from(slope));
    if (row.keeps === 'y') {
      forward(wx, { out: wx });
      expect(Array.from(wx)).toEqual(Array.from(whole));
    }
  });

  test('unaligned slices of a workspace', () => {
    const ws = workspace({ bytes: 4096 });
    const input = noise(3, 101, 5);
    const [from, to] = [ws.float32(110), ws.float32(110)];
    for (const at of [1, 2, 3]) {
      const [part, out] = [from.subarray(at, at + 101), to.subarray(at, at + 101)];
      part.set(input);
      to.fill(7);
      forward(part, { out });
      expect(Array.from(out)).toEqual(Array.from(forward(input)));
      expect([to[at - 1], to[at + 101]]).toEqual([7, 7]);
    }
  });

  test('arrays longer than the tile in which they are copied', () => {
    const long = noise(4, 16384 * 2 + 5, 4);
    const y = forward(long);
    for (const at of [0, 16383, 16384, 16385, long.length - 1]) {
      expect(y[at]).toBe(forward(long.slice(at, at + 1))[0]);
    }
  });
});

test('where relu is 0, an infinite gradient becomes 0', () => {
  const dx = activation.relu.backward({
    y: Float32Array.of(0, 0, 1),
    dy: Float32Array.of(Infinity, -Infinity, Infinity),
  });
  expect([...dx]).toEqual([0, 0, Infinity]);
});

test('at 0 relu has the slope 0, leakyRelu its own', () => {
  expect(activation.relu.backward({ y: Float32Array.of(0), dy: Float32Array.of(3) })[0]).toBe(0);
  expect(activation.leakyRelu.backward({ y: Float32Array.of(0), dy: Float32Array.of(2), slope: 0.25 })[0]).toBe(0.5);
});

test('leakyRelu with a slope of 0', () => {
  expect([...activation.leakyRelu.forward(Float32Array.of(-2, 3), { slope: 0 })]).toEqual([-0, 3]);
});

test('every kernel has a row and every row has kernels', () => {
  const others = ['softmax', 'logSoftmax', 'logSumExp', 'glu'];
  const kernels = WebAssembly.Module.exports(activationModule.compile(false))
    .filter(({ name, kind }) => kind === 'function' && /Forward$/.test(name))
    .map(({ name }) => name.slice(0, -'Forward'.length))
    .filter((name) => !others.includes(name));
  expect(kernels.sort()).toEqual([...names].sort());
});

/** Whether a function with parameters is as its formula, at all of some inputs and at what is kept of them. */
function isWithin(name: Activation, options: object, inputs: Float32Array) {
  const row: Row = activations[name];
  const chosen = options as Record<string, string>;
  const numbers = parametersOf(name, row, chosen).map(Math.fround) as [number, number];
  const variant = { name, activation: name, row, chosen, numbers };
  for (const direction of directions) {
    const from =
      direction === 'backward' && row.keeps === 'y' ? activation[name].forward(inputs, options as never) : inputs;
    const got = new Float32Array(from.length);
    run(variant, direction, from, new Float32Array(from.length).fill(1), got);
    const { error, at } = compare(variant, direction, from, got, { error: 0, at: 0 });
    expect(error, `${direction} with ${JSON.stringify(options)} at ${at}`).toBeLessThanOrEqual(row.ulp[direction]);
  }
}

test.each([
  ['leakyRelu', { slope: 0.3 }],
  ['leakyRelu', { slope: 7 }],
  ['hardtanh', { low: -0.3, high: 5 }],
  ['elu', { alpha: 0.3 }],
  ['elu', { alpha: 9 }],
  ['celu', { alpha: 0.3 }],
  ['celu', { alpha: 9 }],
  ['softshrink', { lambda: 3 }],
  ['hardshrink', { lambda: 0 }],
  ['threshold', { threshold: -1, value: 20 }],
  ['hardSigmoid', { slope: 0.2 }],
  ['hardSigmoid', { slope: 7, shift: -3 }],
  ['hardSigmoid', { shift: 0.25 }],
  ['softplus', { beta: 0.1 }],
  ['softplus', { beta: 9, threshold: 25 }],
] as const)('%s with %o is within the same promised errors', (name, options) => {
  isWithin(name, options, x);
});

const withNumbers = names.filter((name) => extremes((activations[name] as Row).parameters as Options).length > 1);
test.each(withNumbers)('%s is within the same promised errors at the least and largest parameters', (name) => {
  const row: Row = activations[name];
  for (const options of extremes(row.parameters as Options)) {
    try {
      parametersOf(name, row, options);
    } catch {
      continue; // low above high
    }
    isWithin(name, options, few);
  }
});

describe.each(vectors.cases)('$name $options against multi-precision and PyTorch', ({ name, options, ...known }) => {
  const row: Row = activations[name as Activation];
  const [a, b] = parametersOf(name, row, options).map(Math.fround);
  const x = Float32Array.from(vectors.x);
  const ones = new Float32Array(x.length).fill(1);
  const { forward, backward } = activation[name as 'tanh'];
  const y = forward(x, options);
  const dx = backward({ [row.keeps]: row.keeps === 'x' ? x : y, dy: ones, ...options } as never);

  test('the formula and its derivative are right to 1e-12', () => {
    known.y.forEach((exact, i) =>
      expect(Math.abs(row.formula(x[i], a, b) - exact)).toBeLessThanOrEqual(1e-12 * Math.abs(exact)),
    );
    known.slope.forEach((exact, i) => {
      const slope = row.derivative(row.keeps === 'x' ? x[i] : row.formula(x[i], a, b), a, b);
      // From a saturated y the derivative has the error of y's last place in binary64.
      expect(Math.abs(slope - exact), `at ${x[i]}`).toBeLessThanOrEqual(1e-12 * Math.abs(exact) + 4e-16);
    });
  });

  test('the kernel is within its promised error', () => {
    known.y.forEach((exact, i) => expect(ulps(y[i], exact), `at ${x[i]}`).toBeLessThanOrEqual(row.ulp.forward));
  });

  test('the kernel agrees with PyTorch to 1e-6', () => {
    const near = (got: number, theirs: unknown, i: number) => {
      // Its gelu gives NaN where x^2 overflows.
      if (theirs !== 'nan')
        expect(Math.abs(got - Number(theirs)), `at ${x[i]}`).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(got)));
    };
    known.torch.y.forEach((theirs, i) => near(y[i], theirs, i));
    known.torch.dx.forEach((theirs, i) => near(dx[i], theirs, i));
  });

  test('at kinks, zeros, NaN and infinities it agrees with PyTorch, except as listed', () => {
    for (const [at, value, slope] of known.special) {
      const number = (v: unknown) => Number(String(v).replace('inf', 'Infinity'));
      const one = Float32Array.of(number(at));
      const f = forward(one, options);
      const df = backward({ [row.keeps]: row.keeps === 'x' ? one : f, dy: Float32Array.of(1), ...options } as never);
      const [expected, expectedSlope] =
        exceptions[name]?.[String(at)] ?? (at === 'nan' ? [Number.NaN, Number.NaN] : [number(value), number(slope)]);
      const same = (got: number, theirs: number) =>
        expect(
          Number.isNaN(theirs) ? Number.isNaN(got) : Math.abs(got - theirs) <= 3e-7 || got === theirs,
          `${name} at ${at}: ${got}, not ${theirs}`,
        ).toBe(true);
      same(f[0], expected);
      same(df[0], expectedSlope);
    }
  });
});
