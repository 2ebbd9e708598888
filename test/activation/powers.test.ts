// Powers of two and logarithms by hand.

import { expect, test } from 'vitest';
import { exponentOf, log2, powerOfTwo } from '../../src/activation/powers.js';

test('powers of two are exact, and logarithms those of Math to 1e-15', () => {
  for (let k = -1074; k < 1024; k++) {
    expect(powerOfTwo(k)).toBe(2 ** k);
    expect(exponentOf(2 ** k)).toBe(k);
  }
  for (let i = 1; i < 4000; i++) {
    const x = 1.17 ** (i - 2000);
    expect(Math.abs(log2(x) - Math.log2(x))).toBeLessThan(4e-16 * Math.max(1, Math.abs(Math.log2(x))));
    expect(exponentOf(x)).toBe(Math.ceil(Math.log2(x)) + 0);
  }
});
