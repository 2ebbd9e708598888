// Gains by quadrature, and PyTorch's table.

import { describe, expect, test } from 'vitest';
import { gain, random } from '../../src/index.js';

// Forward and backward gain, chi and slope, computed by quadrature with 30 digits. A row has the name of an
// activation or a function.
const table: [string, Parameters<typeof gain>[0], object, number, number, number, number][] = [
  ['identity', 'linear', {}, 1, 1, 1, 1],
  ['sigmoid', 'sigmoid', {}, 1.8462285453, 4.7226460859, 0.15282701, 0.10634107],
  ['sigmoid - 1/2', (x) => 1 / (1 + Math.exp(-x)) - 0.5, {}, 4.801313372, 4.7226460859, 1.0335924, 0.71920091],
  ['tanh', 'tanh', {}, 1.5925374197, 1.4674135916, 1.1778072, 0.46107083],
  ['LeCun’s tanh', (x) => 1.7159 * Math.tanh((2 * x) / 3), {}, 1.154369454, 1.1152568925, 1.0713708, 0.61544629],
  ['relu', 'relu', {}, Math.SQRT2, Math.SQRT2, 1, 1],
  ['leakyRelu(0.01)', 'leakyRelu', {}, 1.414142857, 1.414142857, 1, 1],
  ['leakyRelu(0.2)', 'leakyRelu', { slope: 0.2 }, 1.3867504906, 1.3867504906, 1, 1],
  ['relu6', 'relu6', {}, 1.4142135651, 1.4142135638, 1, 0.99999993],
  ['elu', 'elu', {}, 1.2451983007, 1.2234285576, 1.0359047, 0.89096797],
  ['selu', 'selu', {}, 1, 0.96602577697, 1.071575, 0.78264788],
  ['gelu', 'gelu', {}, 1.5335304412, 1.4811144127, 1.0720316, 1.1440632],
  ['gelu (tanh)', 'gelu', { approximate: 'tanh' }, 1.5335805217, 1.4811680581, 1.072024, 1.1442983],
  ['silu', 'silu', {}, 1.6765324703, 1.623320258, 1.0666342, 1.1725941],
  ['mish', 'mish', {}, 1.4868475813, 1.4447552325, 1.059118, 1.0763388],
  ['softplus', 'softplus', {}, 1.0418668355, 1.8462285453, 0.31845898, 0.49205317],
  ['softsign', 'softsign', {}, 2.3375333631, 2.0957806089, 1.2440104, 0.47671156],
  ['hardtanh', 'hardtanh', {}, 1.3920361404, 1.2102870624, 1.3228915, 0.38512693],
  [
    'hardSigmoid as a function',
    (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1),
    {},
    1.8978404247,
    6.0081158252,
    0.099779838,
    0.0971194,
  ],
  ['hardSigmoid', 'hardSigmoid', {}, 1.8978404247, 6.0081158252, 0.099779838, 0.0971194],
  ['hardSwish', 'hardSwish', {}, 1.7366572128, 1.6700763674, 1.0813233, 1.2239203],
  ['atan', Math.atan, {}, 1.4912076181, Math.SQRT2, 1.1118501, 0.56081903],
  ['sin', Math.sin, {}, 1.5208666232, 1.3272506003, 1.3130353, 0.31303529],
  ['x²', (x) => x * x, {}, 0.57735026919, 0.5, 1.3333333, 2],
  ['exp', Math.exp, {}, Math.exp(-1), Math.exp(-1), 1, 2],
];

describe.each(table)('%s', (_, f, o, forward, backward, chi, slope) => {
  test('forward and backward gain to 1e-9, chi and slope to 1e-7', () => {
    const described = gain.describe(f, o as Record<string, unknown>);
    expect(Math.abs(described.forward / forward - 1)).toBeLessThan(1e-9);
    expect(Math.abs(described.backward / backward - 1)).toBeLessThan(1e-9);
    expect(Math.abs(described.chi / chi - 1)).toBeLessThan(1e-7);
    expect(Math.abs(described.slope / slope - 1)).toBeLessThan(1e-7);
    expect(gain(f, { ...o })).toBe(described.forward);
    expect(gain(f, { ...o, direction: 'backward' })).toBe(described.backward);
  });
});

test('a function with a kink, with a step, of any scale', () => {
  // relu(x - c): E f^2 = (1 + c^2) Phi(-c) - c phi(c), E f'^2 = Phi(-c).
  const c = 0.3137;
  const phi = Math.exp((-c * c) / 2) / Math.sqrt(2 * Math.PI);
  const tail = 0.3768744503854956; // Phi(-0.3137), mpmath
  const { forward, backward } = gain.describe((x) => Math.max(x - c, 0));
  expect(Math.abs(forward * Math.sqrt((1 + c * c) * tail - c * phi) - 1)).toBeLessThan(1e-9);
  expect(Math.abs(backward * Math.sqrt(tail) - 1)).toBeLessThan(1e-9);
  expect(gain((x) => (x > 0.1234 ? 1 : -1))).toBe(1);
  for (const scale of [1e-8, 1e8])
    expect(Math.abs((gain((x) => scale * Math.tanh(x)) * scale) / gain('tanh') - 1)).toBeLessThan(1e-11);
});

test('overflow at large inputs does not count', () => {
  const overflowing = (x: number) => Math.exp(x ** 3) / (1 + Math.exp(x ** 3)); // NaN from 8.9 on
  expect(Math.abs(gain(overflowing) / gain((x) => 1 / (1 + Math.exp(-(x ** 3)))) - 1)).toBeLessThan(1e-9);
});

test('a function without a gain is an error', () => {
  expect(() => gain(() => 0)).toThrow(/E f\(z\)\^2 is 0/);
  expect(() => gain((x) => Math.exp(x * x))).toThrow(/not finite/);
  expect(() => gain((x) => Math.exp((x * x) / 4))).toThrow(/not finite/);
  expect(() => gain((x) => 1 / (x - 0.5))).toThrow(RangeError);
  expect(() => gain(Math.log)).toThrow(/f\(0\) is -Infinity/);
  expect(() => gain(Math.sqrt)).toThrow(/f\(-[\d.e-]+\) is NaN/);
  expect(() => gain('swish' as never)).toThrow(/f is the string "swish"; pass one of linear, relu/);
  expect(() => gain(3 as never)).toThrow(TypeError);
  expect(() => gain((() => '1') as never)).toThrow(/is the string "1"; pass a function of numbers/);
  expect(() => gain('tanh', { slope: 1 })).toThrow(/unknown option slope/);
  expect(() => gain('leakyRelu', { slope: -1 })).toThrow(RangeError);
  expect(() => gain('tanh', { direction: 'up' as never })).toThrow(/direction/);
});

test('a narrow spike, an unbounded slope, and what has no backward gain', () => {
  // 1 + E (25 - z^2) between 0.205 and 0.215, and p^2 2^(p - 1) Gamma(p - 1/2) / sqrt(pi) for |x|^p, by mpmath.
  const near = (got: number, expected: number, tolerance: number) =>
    expect(Math.abs(got / expected - 1), `${got} beside ${expected}`).toBeLessThan(tolerance);
  near(
    gain((x) => (x > 0.205 && x < 0.215 ? 5 : x)),
    1 / Math.sqrt(1.09738795518446),
    1e-10,
  );
  const backward = (f: (x: number) => number) => gain(f, { direction: 'backward' });
  near(
    backward((x) => Math.abs(x) ** 0.6),
    1 / Math.sqrt(1.46438826550171),
    1e-9,
  );
  near(
    backward((x) => Math.abs(x) ** 0.51),
    1 / Math.sqrt(10.3893756317554),
    1e-9,
  );
  near(
    backward((x) => Math.abs(x - 0.3) ** 0.6),
    1 / Math.sqrt(1.41276159494871),
    1e-6,
  );
  near(
    backward((x) => Math.abs(x - 1.7) ** 0.55),
    1 / Math.sqrt(0.721714898161443),
    1e-6,
  );
  // A backward pass has the slopes beside a jump.
  near(
    backward((x) => (x > 0.5 ? 3 * x : x)),
    1 / Math.sqrt(1 + 8 * 0.3085375387259869),
    1e-10,
  );
  for (const f of [
    Math.sign,
    (x: number) => (x > 0.1234 ? 1 : -1),
    () => 1,
    Math.cbrt,
    (x: number) => Math.sqrt(Math.abs(x)),
  ]) {
    expect(gain(f)).toBeGreaterThan(0);
    expect(() => backward(f)).toThrow(/E f'\(z\)\^2 is (0|infinite); there is no backward gain/);
    expect(() => gain.describe(f)).toThrow(/there is no backward gain/);
  }
  expect(() => gain((x) => Math.abs(x - 0.3) ** -0.3)).toThrow(/is not finite/);
  expect(() => gain((x) => (x === 0 ? 0 : Math.sin(1 / x)))).toThrow(/too many kinks or steps/);
});

test('parts wider than a thousandth of their distance from 0 are found, on every scale', () => {
  const rng = random.philox('narrow parts');
  for (let i = 0; i < 20; i++) {
    const [a, b, c] = rng.uniform(3);
    // From 0.03 to 3, at either side.
    const at = 0.03 * 100 ** a * (b < 0.5 ? -1 : 1);
    const width = Math.abs(at) * (0.001 + 0.002 * c);
    const spike = (x: number) => (Math.abs(x - at) < width / 2 ? 1 : 0);
    // The density in the middle, with the next term of the integral's Taylor series.
    const share =
      (width * Math.exp((-at * at) / 2) * (1 + ((at * at - 1) * width * width) / 24)) / Math.sqrt(2 * Math.PI);
    expect(Math.abs(gain(spike) * Math.sqrt(share) - 1), `${at}, ${width}`).toBeLessThan(1e-8);
    expect(gain((x) => x + 100 * spike(x))).toBeLessThan(0.999);
  }
});

test('gain.torch is PyTorch’s table', () => {
  const table = {
    linear: 1,
    sigmoid: 1,
    tanh: 5 / 3,
    relu: Math.SQRT2,
    selu: 0.75,
    leakyRelu: Math.sqrt(2 / (1 + 0.01 ** 2)),
  };
  for (const [name, value] of Object.entries(table)) expect(gain.torch(name as 'relu')).toBe(value);
  expect(gain.torch('leakyRelu', { slope: 0 })).toBe(Math.SQRT2);
  expect(gain.torch('leakyRelu', { slope: 0.2 })).toBe(1.3867504905630728);
});
