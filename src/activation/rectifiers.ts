// Rectifiers and other functions of straight pieces, a row each. The kernels of the same names are in
// assembly/activation/rectifiers.ts. At a kink next to a flat piece the slope is 0: at 0 for relu, at both ends for relu6 and
// hardtanh. At 0 leakyRelu has `slope`. PyTorch, TensorFlow and JAX do the same.

import type { Row } from './row.js';

const nan = Number.NaN;

/** `inside` where the condition holds, else `outside`; NaN where x is NaN. */
const select = (x: number, condition: boolean, inside: number, outside = 0) =>
  Number.isNaN(x) ? nan : condition ? inside : outside;

const ALPHA = 1.6732632423543772;
const LAMBDA = 1.0507009873554805;

export const rectifiers = {
  /** max(x, 0) */
  relu: {
    formula: (x) => select(x, x > 0, x),
    derivative: (y) => select(y, y > 0, 1),
    keeps: 'y',
    parameters: {},
    ulp: { forward: 0, backward: 0 },
  },
  /** x, or slope x below 0 (Maas et al. 2013) */
  leakyRelu: {
    formula: (x, slope) => (x > 0 ? x : slope * x),
    derivative: (y, slope) => select(y, y > 0, 1, slope),
    keeps: 'y', // y has the sign of x, because the slope is not negative
    parameters: { slope: { value: 0.01, least: 0 } },
    ulp: { forward: 0.5, backward: 0.5 },
  },
  /** min(max(x, 0), 6) */
  relu6: {
    formula: (x) => Math.min(Math.max(x, 0), 6),
    derivative: (y) => select(y, y > 0 && y < 6, 1),
    keeps: 'y',
    parameters: {},
    ulp: { forward: 0, backward: 0 },
  },
  /** x between low and high */
  hardtanh: {
    formula: (x, low, high) => Math.min(Math.max(x, low), high),
    derivative: (y, low, high) => select(y, y > low && y < high, 1),
    keeps: 'y',
    parameters: { low: { value: -1 }, high: { value: 1, from: 'low' } },
    ulp: { forward: 0, backward: 0 },
  },
  /** x, or alpha (e^x - 1) below 0 (Clevert et al. 2015) */
  elu: {
    formula: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
    derivative: (y, alpha) => (y > 0 ? 1 : y + alpha),
    keeps: 'y',
    parameters: { alpha: { value: 1, least: 0 } },
    ulp: { forward: 2, backward: 1 },
  },
  /** x, or alpha (e^(x / alpha) - 1) below 0 (Barron 2017) */
  celu: {
    formula: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x / alpha)),
    derivative: (y, alpha) => (y > 0 ? 1 : (y + alpha) / alpha),
    keeps: 'y',
    parameters: { alpha: { value: 1, least: 0, open: true } },
    ulp: { forward: 2, backward: 2 },
  },
  /** lambda x, or lambda alpha (e^x - 1) below 0: mean 0 and variance 1 are preserved (Klambauer et al. 2017) */
  selu: {
    formula: (x) => LAMBDA * (x > 0 ? x : ALPHA * Math.expm1(x)),
    derivative: (y) => (y > 0 ? LAMBDA : y + LAMBDA * ALPHA),
    keeps: 'y',
    parameters: {},
    ulp: { forward: 2, backward: 2 },
  },
  /** x minus its value clamped to [-lambda, lambda] */
  softshrink: {
    formula: (x, lambda) => x - Math.min(Math.max(x, -lambda), lambda),
    derivative: (x, lambda) => select(x, Math.abs(x) > lambda, 1),
    keeps: 'x',
    parameters: { lambda: { value: 0.5, least: 0 } },
    ulp: { forward: 0.5, backward: 0 },
  },
  /** x where |x| > lambda, else 0 */
  hardshrink: {
    formula: (x, lambda) => select(x, Math.abs(x) > lambda, x),
    derivative: (x, lambda) => select(x, Math.abs(x) > lambda, 1),
    keeps: 'x',
    parameters: { lambda: { value: 0.5, least: 0 } },
    ulp: { forward: 0, backward: 0 },
  },
  /** x where x > threshold, else value */
  threshold: {
    formula: (x, threshold, value) => (x <= threshold ? value : x),
    derivative: (x, threshold) => select(x, x > threshold, 1),
    keeps: 'x',
    parameters: { threshold: { value: 0 }, value: { value: 0 } },
    ulp: { forward: 0, backward: 0 },
  },
} satisfies Record<string, Row>;
