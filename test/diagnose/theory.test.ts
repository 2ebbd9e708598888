import { describe, expect, test } from 'vitest';
import { expectation } from '../../src/activation/quadrature.js';
import { meanField } from '../../src/diagnose/mean-field.js';
import { diagnose, init } from '../../src/index.js';
import { measured, named, near } from './networks.js';

const { theory } = diagnose;
/** For the limit of many layers, which does not depend on the widths. */
const deep = (activation: Parameters<typeof theory>[0]['activation'], weightVariance: number, biasVariance = 0) =>
  theory({ widths: [1000, 1000, 1000, 1000], activation, weightVariance, biasVariance });

// tanh: sw, sb, q*, chi_1, xi_q, xi_c, c*, by quadrature with 30 digits. Where units saturate (sw 2.5 and 4) xi_c and
// c* are those of the trapezoid rule on a fine grid, which is exact for what is analytic: Gauss-Hermite quadrature
// misses sech^2(sqrt(q) z) there by 3e-5 (xi_c 5.671395 and 5.108768) and 2e-2 (3.667215, c* 8.4472e-4).
test.each([
  [0.5, 0.05, 0.003326027, 0.2483560626, 0.714541, 0.717931, 1],
  [0.9, 0.05, 0.0119749828, 0.7913726212, 3.885178, 4.273754, 1],
  [1, 0.05, 0.0371220351, 0.9340590695, 7.265871, 14.659404, 1],
  [1, 0.3, 0.2762991929, 0.7002581466, 1.337127, 2.806575, 1],
  [1.3, 0, 0.4089832257, 1.064369171, 2.172344, 33.990143, 0],
  [1.5, 0.3, 0.9608442797, 1.0609812641, 1.167499, 19.916297, 0.7667533],
  [2.5, 0, 3.9609612327, 1.60697497, 0.706553, 5.671586466, 0],
  [2.5, 0.3, 4.0791238753, 1.585224765, 0.688341, 5.108918989, 0.122103747],
  [4, 0.05, 12.5034798193, 2.3765347808, 0.493033, 3.736607441, 0.000851538898],
])('tanh with sw %f and sb %f', (sw, sb, q, chi, variance, correlation, c) => {
  const result = deep('tanh', sw * sw, sb * sb);
  expect(Math.abs(result.fixedPoint! - q)).toBeLessThan(1e-8 * Math.max(1, q));
  expect(Math.abs(result.chi! - chi)).toBeLessThan(1e-8);
  near(result.depthScale.variance, variance, 2e-6);
  near(result.depthScale.correlation, correlation, 2e-6);
  expect(Math.abs(result.correlation! - c)).toBeLessThan(1e-7);
  expect(result.phase).toBe(chi < 1 ? 'ordered' : 'chaotic');
});

// The edge of chaos of tanh: sb2, sw2, q*.
test.each([
  [0, 1, 0],
  [1e-4, 1.0860262925, 0.0457090787],
  [1e-3, 1.1891895852, 0.1072923561],
  [0.0025, 1.2600938172, 0.1536919358],
  [0.01, 1.4242052905, 0.2733009135],
  [0.05, 1.7609546396, 0.5700478816],
  [0.1, 1.9860726411, 0.8057991819],
  [0.2, 2.2851524737, 1.1644962875],
  [0.3, 2.5051271897, 1.4611694469],
  [0.5, 2.8431674597, 1.9710306134],
  [1, 3.4432109123, 3.0363963946],
])('the critical line of tanh at sb2 %f', (b, weightVariance, meanSquare) => {
  const { critical } = deep('tanh', 1, b);
  expect(Math.abs(critical!.weightVariance - weightVariance)).toBeLessThan(1e-8);
  expect(Math.abs(critical!.meanSquare - meanSquare)).toBeLessThan(1e-8);
  const there = deep('tanh', critical!.weightVariance, b);
  if (b > 0) expect(Math.abs(there.chi! - 1)).toBeLessThan(1e-8);
  expect(there.phase).toBe('critical');
});

test('sigmoid: Xavier does not hold in depth, and where chi is 1', () => {
  const xavier = deep('sigmoid', 1);
  near(xavier.fixedPoint, 0.264687, 2e-6);
  near(xavier.chi, 0.0557207, 1e-6);
  near(deep('sigmoid', 16).chi, 0.398879, 2e-6);
  expect(Math.abs(xavier.critical!.weightVariance - 103.0076)).toBeLessThan(1e-4);
  near(deep((x) => 1 / (1 + Math.exp(-x)) - 0.5, 1).critical!.weightVariance, 16, 1e-9);
});

test('relu is critical at 2 for any q, gelu nowhere at a stable q; PyTorch’s 5/3 for tanh', () => {
  expect(deep('relu', 2).critical).toEqual({ weightVariance: 2, meanSquare: 1 });
  expect(deep('relu', 2)).toMatchObject({ fixedPoint: 2, chi: 1, phase: 'critical' });
  expect(deep('relu', 1).fixedPoint).toBe(0);
  expect(deep('relu', 2.1)).toMatchObject({ fixedPoint: null, chi: null, phase: null });
  expect(deep('gelu', 2).critical).toBe(null);
  near(deep('tanh', 25 / 9).fixedPoint, 1.1784804904, 1e-9);
  near(deep('tanh', 25 / 9).chi, 1.2098313, 1e-7);
  for (const f of ['tanh', 'hardtanh', 'softsign', 'elu'] as const) expect(deep(f, 1).fixedPoint, f).toBe(0);
});

test('where f jumps, close inputs part at once, whatever chi is', () => {
  // sign: E f(u) f(v) = 2 / pi asin(c), whose only fixed point below 1 is 0 without biases.
  const sign = deep(Math.sign, 1);
  expect(sign).toMatchObject({ phase: 'chaotic', chi: 0 });
  expect(Math.abs(sign.correlation!)).toBeLessThan(1e-9);
  near(sign.depthScale.correlation, -1 / Math.log(2 / Math.PI), 1e-6);
  expect(deep(['threshold', { threshold: 0, value: 1 }], 1, 0.2).phase).toBe('chaotic');
});

test('SELU has mean 0 and variance 1, and returns to them', () => {
  const selu = meanField('test', 'selu');
  const at = selu.momentsAt(1);
  const integral = selu.quadratureAt(1);
  expect(Math.abs(expectation(integral, (y) => y))).toBeLessThan(1e-9);
  expect(Math.abs(at.square - 1)).toBeLessThan(1e-9);
  expect(Math.abs(expectation(integral, (_, slope, z) => (z * slope) / 2) - 0.0888347551)).toBeLessThan(1e-9);
  expect(Math.abs(at.growth - 0.7826478832)).toBeLessThan(1e-9);
  expect(Math.abs(at.slopeSquare - 1.0715749925)).toBeLessThan(1e-9);
});

describe.each(named)('%s x %i, %o', (activation, depth, spec, [first, tenth, last, ratio], codes) => {
  const n = 256;
  const widths = new Array<number>(depth + 1).fill(n);
  const result = theory({ widths, activation: activation as 'tanh', ...spec } as Parameters<typeof theory>[0]);
  const { layers } = result;
  test('signal and gradient are the table’s', () => {
    near(layers[0].preactivation, first, 2e-3);
    near(layers[9].preactivation, tenth, 2e-3);
    near(layers[depth - 1].preactivation, last, 2e-3);
    near(layers[0].gradient, ratio, 2e-3);
    expect(layers[depth - 1].gradient).toBe(1);
    expect(Math.abs(layers[0].log10.gradient - Math.log10(ratio))).toBeLessThan(1e-3);
    expect(result.warnings.map(({ code }) => code)).toEqual(codes);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });
});

test('the band of relu with He is the product of 1 + 5 / n, and 19 of 20 narrow networks lie in it', () => {
  const [n, depth, networks] = [32, 10, 300];
  const widths = new Array<number>(depth + 1).fill(n);
  const { layers } = theory({ widths, activation: 'relu', weightVariance: 2 });
  const spread = ([low, high]: [number, number]) => Math.expm1((Math.log(high / low) / 4) ** 2);
  layers.forEach(({ band }, l) => {
    near(1 + spread(band.preactivation), (1 + 5 / n) ** l * (1 + 2 / n), 1e-9);
    near(1 + spread(band.gradient), (1 + 5 / n) ** (depth - 1 - l), 1e-9);
  });
  const runs = Array.from({ length: networks }, (_, seed) =>
    measured('relu', widths, new Array(depth).fill(2), seed, 1),
  );
  // The mean squares of the first two layers are no log-normals yet.
  layers.slice(2).forEach(({ band: { preactivation: bounds } }, i) => {
    const inside = runs.filter(({ q }) => q[i + 2] > bounds[0] && q[i + 2] < bounds[1]).length / networks;
    expect(Math.abs(inside - 0.95), `layer ${i + 2}`).toBeLessThan(5 * Math.sqrt((0.95 * 0.05) / networks));
  });
});

test('widths that differ: fanIn forward, fanOut backward, an initialiser’s standard deviation by its shape', () => {
  const widths = [784, 100, 30, 10];
  const { layers } = theory({ widths, activation: 'linear', initialiser: ['normal', { std: 0.1 }], meanSquare: 0.5 });
  // A linear network: q_l = 0.01 fanIn q_(l-1), g_l = 0.01 fanOut g_(l+1).
  [0.5 * 7.84, 0.5 * 7.84 * 1, 0.5 * 7.84 * 1 * 0.3].forEach((q, l) => near(layers[l].preactivation, q, 1e-9));
  [0.3 * 0.1, 0.1, 1].forEach((g, l) => near(layers[l].gradient, g, 1e-9));
  expect(layers.map(({ weightVariance }) => Number(weightVariance.toFixed(9)))).toEqual([7.84, 1, 0.3]);
  // The limit is that of layers like the second.
  near(theory({ widths, activation: 'tanh', weightVariance: [9, 1.69, 4] }).chi, 1.064369171, 1e-8);
});

test('warnings: each on one side of its threshold and not on the other', () => {
  const codes = (spec: Parameters<typeof theory>[0]) =>
    theory(spec).warnings.map(({ code, level }) => `${code} ${level}`);
  const tanh = (hidden: number, weightVariance: number, biasVariance = 0) =>
    codes({
      widths: new Array(hidden + 2).fill(1000),
      activation: 'tanh',
      weightVariance,
      biasVariance,
      meanSquare: biasVariance > 0 ? 0.0117 : 1, // the activation's at the fixed point
    });
  // sw 0.9, sb 0.05: the depth scale is 4.27 layers; chi 0.79 a layer loses 10^-0.1.
  expect(tanh(25, 0.81, 0.0025)).toEqual([]);
  expect(tanh(26, 0.81, 0.0025)).toEqual(['depth warning']);
  expect(tanh(35, 0.81, 0.0025)).toEqual(['vanishing warning', 'depth warning']);
  expect(tanh(65, 0.81, 0.0025)).toEqual(['vanishing error', 'depth warning']);
  expect(tanh(1, 6.5)).toEqual([]);
  expect(tanh(1, 60)).toEqual(['saturated warning']);
  const gelu = (weightVariance: number) => codes({ widths: [500, 500, 500], activation: 'gelu', weightVariance });
  expect(gelu(2.3517)).toEqual(['unstable warning']);
  expect(gelu(1.5)).toEqual([]);
  const narrow = (hidden: number) =>
    codes({ widths: new Array(hidden + 2).fill(50), activation: 'leakyRelu', weightVariance: 1.9 });
  expect(narrow(4)).toEqual([]);
  expect(narrow(12)).toEqual(['unreliable warning']);
  const huge = codes({ widths: new Array(42).fill(1000), activation: 'relu', weightVariance: 400 });
  expect(huge).toEqual(expect.arrayContaining(['exploding error', 'underflow error']));
});

test('close to the edge of chaos the correlation of a function with kinks is right or null', () => {
  // hardtanh, Var(b) = 0.05: c* and depth scale by a one-dimensional integral of P(|u| < 1, |v| < 1).
  near(deep('hardtanh', 1.25, 0.05).depthScale.correlation, 51.6501916, 1e-7);
  for (const v of [1.17, 1.2]) {
    const { correlation, depthScale, phase } = deep('hardtanh', v, 0.05);
    expect([correlation, depthScale.correlation, phase]).toEqual([null, null, 'chaotic']);
  }
});

// Glorot and Bengio's (2010) network, five layers of 1000 tanh units, inputs of variance 1: standard deviations of the
// activations, and the gradient's mean square by each layer relative to the last.
test.each([
  ['standard', 1 / 3, [0.4603, 0.2495, 0.1412, 0.081, 0.0467], [0.00689, 0.03098, 0.10496, 0.32758, 0.99566]],
  ['normalised', 1, [0.6279, 0.4863, 0.4082, 0.3576, 0.3216], [0.13752, 0.29613, 0.46522, 0.64015, 0.8188]],
])('Glorot and Bengio, %s', (_, v, stds, gradients) => {
  const widths = [1000, 1000, 1000, 1000, 1000, 1000];
  const { layers } = theory({ widths, activation: 'tanh', weightVariance: v });
  const runs = Array.from({ length: 4 }, (_, seed) =>
    measured('tanh', [...widths, 1000], [v, v, v, v, v, 1], seed, 16),
  );
  layers.forEach(({ activation, gradient, preactivation }, l) => {
    expect(Math.abs(Math.sqrt(activation) - stds[l])).toBeLessThan(6e-5);
    expect(Math.abs(gradient / (gradients[l] / gradients[4]) - 1)).toBeLessThan(1e-4 + 5e-6 / gradients[l]);
    const mean = (g: (run: (typeof runs)[0]) => number) => runs.reduce((sum, run) => sum + g(run), 0) / runs.length;
    expect(Math.abs(mean(({ q }) => Math.sqrt(q[l] / preactivation)) - 1)).toBeLessThan(0.02);
    expect(Math.abs(mean(({ gradient: g }) => Math.sqrt(g[l] / g[4] / gradient)) - 1)).toBeLessThan(0.02);
  });
});

test('VGG with a standard deviation of 0.01: a gradient 16,729 times too small (He et al. 2015)', () => {
  const channels = [64, 128, 128, 256, 256, 512, 512, 512, 512];
  const stds = channels.map((n) => init.describe('kaimingNormal', [n, 3, 3, 3], { mode: 'fanOut' }).std);
  expect(stds.reduce((product, std) => product * (std / 0.01), 1)).toBeCloseTo(16728.76, 2);
});

describe('errors', () => {
  const good = { widths: [3, 4, 5], activation: 'tanh', weightVariance: 1 } as const;
  test.each([
    [{ ...good, widths: 3 }, TypeError, /widths is 3; pass those of the input/],
    [{ ...good, widths: [3] }, RangeError, /widths has a length of 1; pass those of the input/],
    [{ ...good, widths: [3, 0] }, RangeError, /widths\[1\] is 0/],
    // biome-ignore lint/suspicious/noSparseArray: what a hole is taken for
    [{ ...good, widths: [, 3] }, TypeError, /widths\[0\] is undefined/],
    [{ ...good, activation: (x: number) => Math.fround(Math.tanh(x)) }, RangeError, /rounded values such as float32's/],
    [{ ...good, activation: Math.floor }, RangeError, /too many kinks or steps/],
    [{ ...good, activation: 'tan' }, RangeError, /activation is the string "tan"; pass one of linear, relu/],
    [{ ...good, activation: undefined }, TypeError, /activation is undefined/],
    [{ ...good, initialiser: 'normal' }, TypeError, /both weightVariance and initialiser/],
    [{ ...good, weightVariance: undefined }, TypeError, /neither weightVariance nor initialiser/],
    [{ ...good, weightVariance: [1] }, RangeError, /weightVariance has 1 values for 2 layers/],
    [{ ...good, weightVariance: [1, -1] }, RangeError, /weightVariance\[1\] is -1/],
    [{ ...good, weightVariance: Number.NaN }, RangeError, /weightVariance is NaN/],
    [{ ...good, biasVariance: -1 }, RangeError, /biasVariance is -1/],
    [{ ...good, meanSquare: -1 }, RangeError, /meanSquare is -1/],
    [{ ...good, depth: 3 }, TypeError, /unknown option depth/],
    [{ ...good, weightVariance: undefined, initialiser: 'ones' }, RangeError, /ones has mean 1/],
    [{ ...good, activation: Math.exp, weightVariance: 1e4 }, RangeError, /is Infinity; pass a function that is finite/],
  ])('%o', (spec, kind, message) => {
    const call = () => theory(spec as never);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
  test('nothing is NaN: no weights, no data, one layer, numbers beyond float32', () => {
    for (const spec of [
      { widths: [3, 3], activation: 'tanh', weightVariance: 0 },
      { widths: [3, 3, 3], activation: 'sigmoid', weightVariance: 0, biasVariance: 0 },
      { widths: [3, 3, 3], activation: 'relu', weightVariance: 2, meanSquare: 0 },
      { widths: new Array(400).fill(100), activation: 'relu', weightVariance: 2000 },
      { widths: new Array(400).fill(100), activation: 'relu', weightVariance: 1e-3 },
      { widths: new Array(400).fill(100), activation: 'tanh', weightVariance: 1e-3 },
      { widths: [3, 3, 3], activation: ['threshold', { value: 1 }], weightVariance: 1 },
      { widths: [3, 3, 3], activation: 'softshrink', weightVariance: 1 },
      { widths: [3, 3, 3], activation: ['hardshrink', { lambda: 40 }], weightVariance: 1 },
      { widths: [1, 1, 1], activation: 'tanhshrink', weightVariance: 0 },
      { widths: [3, 3, 3], activation: (x: number) => 1e-160 * Math.tanh(x), weightVariance: 1 },
      { widths: [3, 3, 3], activation: (x: number) => Math.exp(x) - 1, weightVariance: 0.01 },
    ] as Parameters<typeof theory>[0][]) {
      const result = theory(spec);
      expect(JSON.parse(JSON.stringify(result))).toEqual(result);
      expect(JSON.stringify(result)).not.toMatch(/NaN/);
    }
  });
});
