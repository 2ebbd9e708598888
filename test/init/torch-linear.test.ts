// What PyTorch's layers start from.

import { expect, test } from 'vitest';
import { init, tensor } from '../../src/index.js';
import { variance } from '../oracle.js';

test('fanIn times the variance is 1/3, a third of LeCun’s', () => {
  const { weight, bias } = init.torchLinear([500, 400], { seed: 1 });
  expect(Math.abs(400 * variance(weight, 0) - 1 / 3)).toBeLessThan((5 * Math.sqrt(0.8 / weight.length)) / 3);
  expect(bias.length).toBe(500);
  expect(Math.max(...bias.map(Math.abs))).toBeLessThanOrEqual(0.05);
  expect(init.torchLinear([5, 4], { bias: false }).bias).toBe(null);
  const [w, b] = [tensor([5, 4]), tensor([5])];
  expect(init.torchLinear(w, { bias: b, seed: 2 })).toEqual({ weight: w, bias: b });
  expect(w.data).toEqual(init.torchLinear([5, 4], { seed: 2 }).weight);
  expect(init.torchLinear([4, 5], { seed: 2, layout: 'io' }).weight).toEqual(w.data);
});
