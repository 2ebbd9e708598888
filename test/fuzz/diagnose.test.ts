// The theory of random networks.

import fc from 'fast-check';
import { expect } from 'vitest';
import { diagnose } from '../../src/index.js';
import type { Any } from '../check/case.js';
import { functions, property } from './arbitraries.js';

/** Expects finite numbers, and nothing that JSON drops. */
function expectJson(value: unknown, path = ''): void {
  if (typeof value === 'number') expect(Number.isFinite(value), path).toBe(true);
  else if (typeof value === 'object' && value !== null)
    for (const [key, part] of Object.entries(value)) expectJson(part, `${path}.${key}`);
  else expect(['string', 'boolean', 'object'], path).toContain(typeof value);
}

property(
  'theory of any network is finite and survives JSON',
  20,
  fc.record({
    widths: fc.array(fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 100_000 })), {
      minLength: 2,
      maxLength: 30,
    }),
    f: functions,
    variance: fc.oneof(fc.double({ min: 0, max: 8, noNaN: true }), fc.constantFrom(0, 1e-30, 1e30)),
    bias: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 4, noNaN: true })),
    data: fc.oneof(fc.constant(1), fc.constantFrom(0, 1e-30, 1e30), fc.double({ min: 0, max: 100, noNaN: true })),
    initialiser: fc.option(fc.constantFrom('xavierNormal', 'kaimingUniform', 'lecunNormal', 'zeros', 'kerasHeNormal')),
  }),
  ({ widths, f: { name, options }, variance, bias, data, initialiser }) => {
    const weights = initialiser ? { initialiser } : { weightVariance: variance };
    let theory: unknown;
    try {
      theory = diagnose.theory({
        widths,
        activation: [name, options] as Any,
        biasVariance: bias,
        meanSquare: data,
        ...weights,
      });
    } catch (error) {
      // Some parameters make a function that is too rough, or 0 everywhere.
      expect(error).toBeInstanceOf(RangeError);
      expect((error as Error).message).toMatch(/^[\w.]+: .*; /);
      return;
    }
    expectJson(theory);
    expect(JSON.parse(JSON.stringify(theory))).toEqual(theory);
  },
);
