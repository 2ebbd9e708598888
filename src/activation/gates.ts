// Activations that multiply x by a gate between 0 and 1, a row each. The kernels of the same names are in
// assembly/activation/gates.ts. At -infinity functions and slopes are 0, their limits (PyTorch returns NaN).

import { scalar } from '../wasm/kernels.js';
import { activationModule } from '../wasm/module.js';
import type { Row } from './row.js';

/** The normal distribution function, with full relative accuracy in its left tail, and the density. */
const phi = (x: number) => scalar(activationModule, 'normalCdf', x);
const density = (x: number) => scalar(activationModule, 'normalDensity', x);
const logistic = (x: number) => (x > 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/** x gate(x), and its limit 0 where x is -infinity. */
const gated = (x: number, gate: (x: number) => number) => (x === -Infinity ? 0 : x * gate(x));
/** A slope, and its limits 0 and 1 where x is infinite. */
const withLimits = (x: number, slope: (x: number) => number) => (Math.abs(x) === Infinity ? Number(x > 0) : slope(x));

/** 2u = sqrt(8 / pi) (x + 0.044715 x^3) of gelu's tanh form, and its slope. */
const doubled = (x: number) => 1.5957691216057308 * (x + 0.044715 * x ** 3);
const doubledSlope = (x: number) => 1.5957691216057308 * (1 + 3 * 0.044715 * x * x);

/** tanh(ln(1 + e^x)), computed without the logarithm, and its slope. */
function mishGate(x: number): number {
  const e = Math.exp(Math.min(x, 300));
  return (e * (e + 2)) / (e * (e + 2) + 2);
}
function mishGateSlope(x: number): number {
  const e = Math.exp(Math.min(x, 100));
  return (4 * e * (1 + e)) / (e * (e + 2) + 2) ** 2;
}

export const gates = {
  /** x Phi(x), Phi the normal distribution function (Hendrycks and Gimpel 2016); with 'tanh' x (1 + tanh u) / 2 */
  gelu: {
    formula: (x, approximate) => gated(x, approximate ? (t) => logistic(doubled(t)) : phi),
    derivative: (x, approximate) =>
      withLimits(x, (t) => {
        if (!approximate) return phi(t) + t * density(t);
        const s = logistic(doubled(t));
        return s + t * s * logistic(-doubled(t)) * doubledSlope(t);
      }),
    keeps: 'x',
    parameters: { approximate: { value: 'none', choices: { none: 0, tanh: 1 } } },
    ulp: { forward: 2, backward: 1 },
    crosses: true,
  },
  /** x / (1 + e^-x), also called swish (Elfwing et al. 2017, Ramachandran et al. 2017) */
  silu: {
    formula: (x) => gated(x, logistic),
    derivative: (x) => withLimits(x, (t) => logistic(t) * (1 + t * logistic(-t))),
    keeps: 'x',
    parameters: {},
    ulp: { forward: 2, backward: 4 },
    crosses: true,
  },
  /** x tanh(ln(1 + e^x)) (Misra 2019) */
  mish: {
    formula: (x) => gated(x, mishGate),
    derivative: (x) => withLimits(x, (t) => mishGate(t) + t * mishGateSlope(t)),
    keeps: 'x',
    parameters: {},
    ulp: { forward: 2, backward: 1 },
    crosses: true,
  },
  /** x min(max(x + 3, 0), 6) / 6 (Howard et al. 2019); its slope is 0 at -3 and 1 at 3 */
  hardSwish: {
    formula: (x) => gated(x, (t) => (t <= -3 ? 0 : Math.min(t + 3, 6) / 6)),
    derivative: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5),
    keeps: 'x',
    parameters: {},
    ulp: { forward: 2, backward: 2 },
    crosses: true,
  },
} satisfies Record<string, Row>;
