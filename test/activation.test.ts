import { describe, expect, test } from 'vitest';
import { compile } from '#wasm';
import { type Activation, activation, activations, parametersOf } from '../src/activation.js';
import { workspace } from '../src/index.js';
import type { Row } from '../src/pointwise.js';
import { noise, sweep, ulps } from './oracle.js';

const names = Object.keys(activations) as Activation[];
const x = sweep();
const specials = Float32Array.of(0, -0, Number.NaN, Infinity, -Infinity, 1e-45, -1e-45, 1e-39, -1e-39, 3.4e38, -3.4e38);

/** Every row at its defaults, and at each of its choices. */
const variants = names.flatMap((name): [string, Activation, Record<string, string>][] => {
  const choices = Object.entries((activations[name] as Row).parameters).flatMap(([parameter, { value, ...rest }]) =>
    'choices' in rest
      ? Object.keys(rest.choices)
          .filter((word) => word !== value)
          .map((word) => ({ [parameter]: word }))
      : [],
  );
  return [
    [name, name, {}],
    ...choices.map((o): [string, Activation, Record<string, string>] => [`${name} ${Object.values(o)}`, name, o]),
  ];
});

describe.each(variants)('%s', (_, name, chosen) => {
  const row: Row = activations[name];
  const [a, b] = parametersOf(name, row, chosen).map(Math.fround);
  const forward = (input: Float32Array, o?: object) =>
    (activation[name] as (typeof activation)['tanh']).forward(input, { ...chosen, ...o });
  const backward = (kept: Float32Array, dy: Float32Array, o?: object) =>
    activation[name].backward({ [row.keeps]: kept, dy, ...chosen, ...o } as never);
  const kept = row.keeps === 'x' ? x : forward(x);

  test(`forward within ${row.ulp.forward} ulp at every magnitude`, () => {
    const y = forward(x);
    let worst = { error: 0, x: 0 };
    x.forEach((v, i) => {
      const error = ulps(y[i], row.formula(v, a, b));
      if (!(error <= worst.error)) worst = { error, x: v };
    });
    expect(worst.error, `at ${worst.x}`).toBeLessThanOrEqual(row.ulp.forward);
  });

  test(`backward within ${row.ulp.backward} ulp of the derivative`, () => {
    const ones = new Float32Array(kept.length).fill(1);
    const dx = backward(kept, ones);
    let worst = { error: 0, kept: 0 };
    kept.forEach((v, i) => {
      const exact = row.derivative(v, a, b);
      const near = row.crosses ? Math.abs(dx[i] - exact) * 2 ** 24 : Infinity;
      const error = Math.min(ulps(dx[i], exact), near);
      if (!(error <= worst.error)) worst = { error, kept: v };
    });
    expect(worst.error, `at ${row.keeps} = ${worst.kept}`).toBeLessThanOrEqual(row.ulp.backward);
  });

  test('backward is linear in dy: powers of two scale exactly', () => {
    const one = backward(kept, new Float32Array(kept.length).fill(1));
    const two = backward(kept, new Float32Array(kept.length).fill(-2));
    one.forEach((v, i) => {
      if (Math.abs(v) > 1e-30 && Math.abs(v) < 1e30) expect(two[i]).toBe(-2 * v);
    });
  });

  test('the derivative is the slope of the formula', () => {
    for (const v of [-8, -3.1, -1.2, -0.3, -1e-3, 1e-3, 0.2, 0.9, 2, 5.5, 8]) {
      const f = (t: number) => row.formula(t, a, b);
      const h = 1e-4 * Math.max(Math.abs(v), 0.1);
      const slope = (8 * (f(v + h) - f(v - h)) - (f(v + 2 * h) - f(v - 2 * h))) / (12 * h);
      expect(Math.abs(row.derivative(row.keeps === 'x' ? v : f(v), a, b) - slope)).toBeLessThan(1e-8);
    }
  });

  test('specials: NaN stays NaN, forward and backward; infinities and extremes as the formula has them', () => {
    const y = forward(specials);
    specials.forEach((v, i) => {
      const exact = row.formula(v, a, b);
      expect(ulps(y[i], exact), `f(${v}) = ${y[i]}`).toBeLessThanOrEqual(row.ulp.forward);
    });
    const dx = backward(Float32Array.of(Number.NaN), Float32Array.of(1));
    expect(dx[0]).toBeNaN();
  });

  test('a value does not depend on its place, nor on where the arrays live', () => {
    const n = 37;
    const input = noise(1, n, 6);
    const dy = noise(2, n);
    const whole = forward(input);
    const slope = backward(row.keeps === 'x' ? input : whole, dy);
    const ws = workspace({ bytes: 4096 });
    for (let length = 0; length <= n; length++) {
      const part = input.slice(0, length);
      expect(forward(part)).toEqual(whole.slice(0, length));
      const keptPart = (row.keeps === 'x' ? input : whole).slice(0, length);
      expect(backward(keptPart, dy.slice(0, length))).toEqual(slope.slice(0, length));
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

  test('unaligned parts of a workspace', () => {
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

  test('arrays longer than a staging tile', () => {
    const long = noise(4, 16384 * 2 + 5, 4);
    const y = forward(long);
    for (const at of [0, 16383, 16384, 16385, long.length - 1]) {
      expect(y[at]).toBe(forward(long.slice(at, at + 1))[0]);
    }
  });
});

test('a closed gate is a mask: an infinite gradient behind it is zero', () => {
  const dx = activation.relu.backward({
    y: Float32Array.of(0, 0, 1),
    dy: Float32Array.of(Infinity, -Infinity, Infinity),
  });
  expect([...dx]).toEqual([0, 0, Infinity]);
});

test('kinks: relu 0 at 0, leakyRelu its slope', () => {
  expect(activation.relu.backward({ y: Float32Array.of(0), dy: Float32Array.of(3) })[0]).toBe(0);
  expect(activation.leakyRelu.backward({ y: Float32Array.of(0), dy: Float32Array.of(2), slope: 0.25 })[0]).toBe(0.5);
});

test('a slope of 0 is a slope', () => {
  expect([...activation.leakyRelu.forward(Float32Array.of(-2, 3), { slope: 0 })]).toEqual([-0, 3]);
});

test('every kernel has its row and every row its kernels', () => {
  const layers = ['softmax', 'logSoftmax', 'linear', 'crossEntropy'];
  const kernels = WebAssembly.Module.exports(compile())
    .filter(({ name, kind }) => kind === 'function' && /Forward$/.test(name))
    .map(({ name }) => name.slice(0, -'Forward'.length))
    .filter((name) => !layers.includes(name));
  expect(kernels.sort()).toEqual([...names].sort());
});
