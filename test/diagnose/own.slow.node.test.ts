// Theory of functions of one's own: that of every named activation, on every scale.

import { describe, test } from 'vitest';
import { type Activation, activations } from '../../src/activation/table.js';
import { expectSameTheory, expectScales, formulaOf, type Variances } from './own.js';

const all: Variances[] = [
  [0.5, 0],
  [1, 0],
  [2, 0.1],
  [4, 0],
  [1.2, 0.05],
];

describe.each(Object.keys(activations) as Activation[])('%s', (name) => {
  test('a formula has the theory of its name', () => {
    for (const variances of all) expectSameTheory(name, variances);
  });
  test('f(a x) with V / a² is f with V', () => {
    for (const a of [1e-3, 0.07, 30, 1e3])
      for (const variances of all) expectScales(formulaOf(name), a, variances, name);
  });
});
