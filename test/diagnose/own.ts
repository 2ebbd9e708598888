// Theory of functions of one's own beside that of the named activations, and on other scales.

import { expect } from 'vitest';
import type { Row } from '../../src/activation/row.js';
import { type Activation, activations, parametersOf } from '../../src/activation/table.js';
import { diagnose } from '../../src/index.js';

type Theory = ReturnType<typeof diagnose.theory>;

/** weightVariance and biasVariance. */
export type Variances = readonly [weight: number, bias: number];

/** Fails unless two results have the same words, and numbers that differ by less than 1e-8. */
function expectNear(got: unknown, expected: unknown, path: string): void {
  if (typeof got === 'number' && typeof expected === 'number') {
    const error = Math.abs(got - expected) / Math.max(1, Math.abs(expected));
    expect(error, `${path}: ${got} beside ${expected}`).toBeLessThan(1e-8);
  } else if (typeof got === 'object' && got !== null && typeof expected === 'object' && expected !== null) {
    expect(Object.keys(got), path).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(got)) expectNear(value, (expected as never)[key], `${path}.${key}`);
  } else expect(got, path).toEqual(expected);
}

/** The formula of an activation, as a function of one's own. */
export function formulaOf(name: Activation): (x: number) => number {
  const row: Row = activations[name];
  const [a, b] = parametersOf(name, row, {});
  return (x) => row.formula(x, a, b);
}

const theoryOf = (
  activation: Activation | ((x: number) => number),
  [weightVariance, biasVariance]: Variances,
): Theory => diagnose.theory({ widths: [90, 90, 90, 90], activation, weightVariance, biasVariance });

/** Fails unless the theory of an activation is that of its formula. */
export const expectSameTheory = (name: Activation, variances: Variances) =>
  expectNear(theoryOf(formulaOf(name), variances), theoryOf(name, variances), `${name} at ${variances}`);

/** What does not depend on the scale of f's argument, and what is an argument's square, times a square. */
function scaleFree({ layers, fixedPoint, critical, warnings: _, ...rest }: Theory, square: number) {
  // A function such as relu is critical at every q, of which 1 is given.
  const meanSquare = critical && (critical.meanSquare === 1 ? 1 : critical.meanSquare * square);
  return {
    ...rest,
    fixedPoint: fixedPoint === null ? null : fixedPoint * square,
    critical: critical && { weightVariance: critical.weightVariance * square, meanSquare },
    layers: layers.map(({ preactivation, activation, chi, slope, gradient, band }) => {
      return { preactivation: preactivation * square, activation, chi, slope, gradient, band: band.gradient };
    }),
  };
}

/** Fails unless f(a x) with V / a^2 has the theory of f with V. */
export function expectScales(f: (x: number) => number, a: number, variances: Variances, path: string): void {
  const scaled: Variances = [variances[0] / (a * a), variances[1] / (a * a)];
  const got = scaleFree(
    theoryOf((x) => f(a * x), scaled),
    a * a,
  );
  expectNear(got, scaleFree(theoryOf(f, variances), 1), `${path}(${a} x) at ${variances}`);
}
