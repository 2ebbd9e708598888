// Workspaces with random arrays.

import fc from 'fast-check';
import { expect } from 'vitest';
import { activation, random, workspace } from '../../src/index.js';
import { bits, property } from './arbitraries.js';

property(
  'arrays of a workspace do not overlap, up to its last byte',
  20,
  fc.record({
    sizes: fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 12 }),
    spare: fc.nat(40),
    words: fc.boolean(),
  }),
  ({ sizes, spare, words }) => {
    const bytes = sizes.reduce((sum, n) => sum + 16 * Math.ceil(n / 4), 0);
    const [ws, other] = [workspace({ bytes: bytes + spare }), workspace({ bytes: 4096 })];
    const beside = other.float32(1024).fill(-1);
    const arrays = sizes.map((n) => (words ? ws.uint32(n) : ws.float32(n)));
    arrays.forEach((a, i) => a.fill(i + 1));
    arrays.forEach((a, i) => expect(a.every((v) => v === i + 1)).toBe(true));
    expect(() => ws.float32((spare >> 2) + 8)).toThrow(/^workspace\.float32: \d+ bytes asked and \d+ left; make/);
    if (!words) {
      const floats = arrays as Float32Array[];
      floats.forEach((a) => void activation.relu.forward(a, { out: a }));
      floats.forEach((a) => void random.philox(1).normal({ out: a }));
      floats.forEach((a) => expect(bits(a)).toBe(bits(random.philox(1).normal(a.length))));
    }
    expect(beside.every((v) => v === -1)).toBe(true);
  },
);
