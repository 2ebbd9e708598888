// Gated linear units as layers.

import { expect, test } from 'vitest';
import { activation, nn } from '../../../src/index.js';
import { noise } from '../../oracle.js';

test.each(['glu', 'swiglu', 'geglu'] as const)('a layer of %s has the bits of the function', (name) => {
  const x = noise(1, 9 * 14, 6);
  expect(nn.sequential([nn[name](7)]).forward(x)).toEqual(activation[name].forward(x, { columns: 14 }));
  expect(() => nn[name](0)).toThrow(/outputs is 0/);
});
