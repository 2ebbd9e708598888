// Fans: read from a shape in either layout, or passed.

import { describe, expect, test } from 'vitest';
import { init } from '../../src/index.js';

describe('the fans of a shape', () => {
  test.each([
    ['oi', [64, 3, 7, 7], 3 * 49, 64 * 49],
    ['io', [7, 7, 3, 64], 3 * 49, 64 * 49],
    ['oi', [100, 784], 784, 100],
    ['io', [784, 100], 784, 100],
    ['oi', [8, 4, 3], 12, 24],
    ['io', [3, 4, 8], 12, 24],
    ['oi', [2, 3, 4, 5, 6], 360, 240],
    ['io', [4, 5, 6, 3, 2], 360, 240],
  ] as const)('%s %o', (layout, shape, expectedIn, expectedOut) => {
    const { fanIn, fanOut } = init.describe('xavierNormal', shape, { layout });
    expect([fanIn, fanOut]).toEqual([expectedIn, expectedOut]);
  });

  test('fans that are passed replace those of the shape', () => {
    expect(init.describe('lecunNormal', [10], { fanIn: 25 }).std).toBe(0.2);
    expect(init.xavierNormal([10], { fanIn: 8, fanOut: 8, seed: 0 }).length).toBe(10);
    expect(() => init.kaimingNormal([10])).toThrow(RangeError);
    expect(() => init.kaimingNormal([10])).toThrow(
      'init.kaimingNormal: shape [10] has no fans; pass { fanIn, fanOut }',
    );
    expect(() => init.xavierNormal([10], { fanIn: 8 })).toThrow(/no fans/);
  });

  test('an empty shape needs no fans', () => {
    expect(init.kaimingNormal([0, 5]).length).toBe(0);
    expect(init.kaimingNormal([5, 0]).length).toBe(0);
    expect(init.orthogonal([0, 5]).length).toBe(0);
    expect(init.kaimingNormal([3, 4], { seed: 1, slice: [5, 5] }).length).toBe(0);
    expect(() => init.describe('kaimingNormal', [5, 0])).toThrow(/fanIn of shape \[5,0\] is 0/);
  });
});
