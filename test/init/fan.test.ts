// Fans: read from a shape in either layout, of grouped and of transposed convolutions too, or passed.

import { describe, expect, test } from 'vitest';
import { init, random, tensor } from '../../src/index.js';
import { type Initialising, initialisers } from '../../src/init/table.js';

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

/**
 * The fans of a convolution of stride 1, counted: over 7 places of one axis an input in the middle meets fanOut outputs, and
 * an output in the middle fanIn inputs.
 */
function counted(inputs: number, outputs: number, kernel: number, groups: number) {
  const pairs: [input: string, output: string][] = [];
  for (let input = 0; input < inputs; input++)
    for (let output = 0; output < outputs; output++)
      for (let at = 0; at < 7; at++)
        for (let k = 0; k < kernel; k++)
          if (Math.floor((input * groups) / inputs) === Math.floor((output * groups) / outputs))
            pairs.push([`${input} ${at}`, `${output} ${at + k - (kernel >> 1)}`]);
  return {
    fanIn: pairs.filter(([, output]) => output === '0 3').length,
    fanOut: pairs.filter(([input]) => input === '0 3').length,
  };
}

describe.each([1, 2, 3, 6])('convolutions of %i groups', (groups) => {
  const [inputs, outputs, kernel] = [6, 12, 3];
  const expected = counted(inputs, outputs, kernel, groups);
  test.each([
    ['oi', false, [outputs, inputs / groups, kernel]],
    ['io', false, [kernel, inputs / groups, outputs]],
    ['oi', true, [inputs, outputs / groups, kernel]],
    ['io', true, [kernel, outputs / groups, inputs]],
  ] as const)('%s, transposed: %s, shape %o', (layout, transposed, shape) => {
    const o = { layout, groups, transposed };
    expect(init.describe('xavierNormal', shape, o)).toMatchObject(expected);
    expect(init.describe('kaimingNormal', shape, { ...o, gain: 1 }).std).toBe(1 / Math.sqrt(expected.fanIn));
    expect(init.describe('kaimingNormal', shape, { ...o, gain: 1, mode: 'fanOut' }).std).toBe(
      1 / Math.sqrt(expected.fanOut),
    );
    const { weight, bias } = init.torchLinear(shape, { ...o, seed: 1 });
    expect(bias.length).toBe(outputs);
    for (const values of [weight, bias]) {
      const most = Math.max(...values.map(Math.abs)) * Math.sqrt(expected.fanIn);
      expect(most).toBeLessThanOrEqual(1 + 1e-6);
      expect(most).toBeGreaterThan(0.35);
    }
  });
});

describe('groups and transposed', () => {
  test('a depthwise convolution', () => {
    const shape = [4096, 1, 3, 3];
    expect(init.describe('kaimingNormal', shape, { mode: 'fanOut', groups: 4096 })).toMatchObject({
      ...{ fanIn: 9, fanOut: 9 },
      std: Math.SQRT2 / 3,
    });
    // PyTorch's: it does not know of groups.
    expect(init.describe('kaimingNormal', shape, { mode: 'fanOut' }).fanOut).toBe(36864);
    expect(init.describe('kaimingNormal', [3, 3, 1, 4096], { layout: 'io', groups: 4096 }).fanOut).toBe(9);
  });

  test.each(Object.keys(initialisers) as Initialising[])('%s: the law of the fans that are meant', (name) => {
    const shape = [6, 4, 5];
    const o = { groups: 2, transposed: true };
    const stated = { fanIn: 15, fanOut: 20 };
    expect(init.describe(name, shape, o)).toEqual(init.describe(name, shape, stated));
    const draw = init[name] as typeof init.xavierNormal;
    expect(draw(shape, { ...o, seed: 3 })).toEqual(draw(shape, { ...stated, seed: 3 }));
    // One group, not transposed: the same as without.
    expect(draw(shape, { seed: 3, groups: 1, transposed: false })).toEqual(draw(shape, { seed: 3 }));
  });

  test.each([
    [[6, 4, 3], { groups: 4 }, '6 outputs have no 4 equal groups; pass a divisor of them as groups'],
    [[3, 4, 6], { groups: 4, layout: 'io' }, '6 outputs have no 4 equal groups'],
    [[6, 4, 3], { groups: 4, transposed: true }, '6 inputs have no 4 equal groups'],
    [[3, 4, 6], { groups: 4, transposed: true, layout: 'io' }, '6 inputs have no 4 equal groups'],
    [[6, 4], { groups: 0 }, 'groups is 0; pass a whole number at least 1'],
    [[6, 4], { groups: 1.5 }, 'groups is 1.5; pass a whole number'],
    [[6, 4], { transposed: 1 }, 'transposed is 1; pass true or false'],
  ])('shape %o with %o is an error, and nothing is written', (shape, o, message) => {
    const out = new Float32Array(shape.reduce((all, n) => all * n)).fill(7);
    const makers = { ...initialisers, orthogonal: 0, ...(shape.length > 2 && { deltaOrthogonal: 0 }) };
    for (const name of Object.keys(makers) as 'xavierNormal'[]) {
      expect(() => init[name](shape, { ...o, out, seed: 0 } as never)).toThrow(`init.${name}: ${message}`);
      expect(() => init[name](tensor(shape, out), { ...o, seed: 0 } as never)).toThrow(message);
    }
    expect(() => init.torchLinear(tensor(shape, out), { ...o, bias: false } as never)).toThrow(message);
    expect(() => init.describe('zeros', shape, o as never)).toThrow(message);
    expect(out.every((v) => v === 7)).toBe(true);
  });

  test('what has no convolution takes neither', () => {
    expect(() => init.sparse([4, 4], { sparsity: 0.5, groups: 2 } as never)).toThrow(/unknown option groups/);
    expect(() => init.eye([4, 4], { transposed: true } as never)).toThrow(/unknown option transposed/);
  });

  // torch.manual_seed(0); PyTorch 1.13's first values.
  test('PyTorch’s nn.Conv2d and nn.ConvTranspose2d of 6 and 8 channels, kernel 3 and 2 groups', () => {
    const conv = init.torchLinear([8, 3, 3, 3], { rng: random.torch(0), groups: 2 });
    expect([...conv.weight.subarray(0, 3), conv.bias[0]]).toEqual(
      [-0.0014408392598852515, 0.10323861986398697, -0.15839511156082153, -0.150535449385643].map(Math.fround),
    );
    // Its fanIn is the product of all axes but the first: that of the outputs.
    const transposed = { rng: random.torch(0), groups: 2, transposed: true, fanIn: 4 * 9 };
    const { weight, bias } = init.torchLinear([6, 4, 3, 3], transposed);
    expect([...weight.subarray(0, 3), bias[0]]).toEqual(
      [-0.0012478034477680922, 0.08940726518630981, -0.13717418909072876, -0.13036751747131348].map(Math.fround),
    );
    expect(bias.length).toBe(8);
  });
});
