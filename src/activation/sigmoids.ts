// Sigmoids and related functions, a row each. The kernels of the same names are in assembly/activation/sigmoids.ts.

import type { Row } from './row.js';

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** The slope of hardSigmoid. A number by itself: esbuild keeps an object that has a division in it, used or not. */
const SIXTH = 1 / 6;
/** Whether a slope means 1 / 6. Kernels are passed the binary32 next to it. */
const isSixth = (slope: number) => Math.fround(slope) === Math.fround(SIXTH);

/** x - tanh x, by its series where that is a difference of near equals. */
function tanhshrink(x: number): number {
  if (Math.abs(x) > 0.25) return x - Math.tanh(x);
  const z = x * x;
  // Its Taylor series, x^3 / 3 - 2 x^5 / 15 + 17 x^7 / 315 - ...
  const series = [
    1 / 3,
    -2 / 15,
    17 / 315,
    -62 / 2835,
    1382 / 155925,
    -21844 / 6081075,
    929569 / 638512875,
    -6404582 / 10854718875,
  ];
  return x * z * series.reduceRight((sum, c) => sum * z + c, 443861162 / 1856156927625);
}

export const sigmoids = {
  /** 1 / (1 + e^-x) */
  sigmoid: {
    formula: (x) => (x > 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
    derivative: (y) => y * (1 - y),
    keeps: 'y',
    parameters: {},
    ulp: { forward: 2, backward: 2 },
  },
  /** tanh x */
  tanh: {
    formula: (x) => Math.tanh(x),
    derivative: (y) => (1 - y) * (1 + y),
    keeps: 'y',
    parameters: {},
    ulp: { forward: 2, backward: 2 },
  },
  /**
   * min(max(slope x + shift, 0), 1), by default min(max(x + 3, 0), 6) / 6 as PyTorch's; slope 0.2 makes TensorFlow.js' and that
   * of Keras 2. Its derivative is 0 at both ends.
   */
  hardSigmoid: {
    formula: (x, slope, shift) =>
      isSixth(slope) && shift === 0.5
        ? Math.min(Math.max(x + 3, 0), 6) / 6
        : Math.min(Math.max((isSixth(slope) ? 1 / 6 : slope) * x + shift, 0), 1),
    derivative: (y, slope) => (Number.isNaN(y) ? y : y > 0 && y < 1 ? (isSixth(slope) ? 1 / 6 : slope) : 0),
    keeps: 'y',
    parameters: { slope: { value: SIXTH, least: 0, open: true }, shift: { value: 0.5 } },
    ulp: { forward: 2, backward: 0.5 },
  },
  /**
   * ln(1 + e^(beta x)) / beta. From beta x = threshold on it is x, which from 20 on is the same binary32. A threshold below 20,
   * which PyTorch takes, would make a step in the function; it is an error.
   */
  softplus: {
    formula: (x, beta, threshold) => (x * beta > threshold ? x : softplus(beta * x) / beta),
    derivative: (y, beta) => -Math.expm1(-beta * y),
    keeps: 'y',
    parameters: { beta: { value: 1, least: 0, open: true }, threshold: { value: 20, least: 20 } },
    ulp: { forward: 2, backward: 2 },
  },
  /** -ln(1 + e^-x) */
  logSigmoid: {
    formula: (x) => -softplus(-x),
    derivative: (y) => -Math.expm1(y),
    keeps: 'y',
    parameters: {},
    ulp: { forward: 2, backward: 2 },
  },
  /** x / (1 + |x|) */
  softsign: {
    formula: (x) => (Math.abs(x) === Infinity ? Math.sign(x) : x / (1 + Math.abs(x))),
    derivative: (y) => (1 - Math.abs(y)) ** 2,
    keeps: 'y',
    parameters: {},
    ulp: { forward: 2, backward: 2 },
  },
  /** x - tanh x */
  tanhshrink: {
    formula: tanhshrink,
    derivative: (x) => Math.tanh(x) ** 2,
    keeps: 'x',
    parameters: {},
    ulp: { forward: 1, backward: 1 },
  },
  /** (x + sqrt(x^2 + b)) / 2, softplus without an exponential (Barron 2021) */
  squareplus: {
    formula: (x, b) => (x > 0 ? (x + Math.sqrt(x * x + b)) / 2 : b / 2 / (Math.sqrt(x * x + b) - x)),
    derivative: (y, b) => 1 / (1 + b / 4 / (y * y)),
    keeps: 'y',
    parameters: { b: { value: 4, least: 0, open: true } },
    ulp: { forward: 1, backward: 1 },
  },
} satisfies Record<string, Row>;
