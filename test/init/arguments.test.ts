// Initialisers with wrong arguments: each wrong value of each option, from the rows, and all else by hand.

import { expect, test } from 'vitest';
import { init, random, tensor } from '../../src/index.js';
import { type Initialising, initialisers } from '../../src/init/table.js';
import type { Options } from '../../src/options.js';
import { type Any, type Case, notFinite, numeric, overlapping, testCases, x } from '../check/case.js';
import { wrongOptions } from '../check/options.js';

const cases: Case[] = [
  [
    'a shape that is a number',
    () => init.zeros(3 as Any),
    TypeError,
    /init\.zeros: the shape is 3; pass an array of lengths/,
  ],
  ['a negative length', () => init.zeros([2, -1]), RangeError, /shape\[1\] is -1/],
  ['half a length', () => init.zeros([2.5]), RangeError, /shape\[0\] is 2\.5/],
  ['a shape past all memory', () => init.zeros([2 ** 30, 2 ** 30]), RangeError, /2\^53/],
  [
    'rank 1 has no fans',
    () => init.xavierUniform([10]),
    RangeError,
    /shape \[10\] has no fans; pass \{ fanIn, fanOut \}/,
  ],
  ['rank 0 has no fans', () => init.lecunNormal([]), RangeError, /has no fans/],
  ...numeric('init.kaimingNormal', 'fanIn', (v) => init.kaimingNormal([2, 2], { fanIn: v }), [...notFinite, 0, -1]),
  ...numeric('init.orthogonal', 'gain', (v) => init.orthogonal([2, 2], { gain: v }), notFinite),
  ...numeric('init.sparse', 'sparsity', (v) => init.sparse([2, 2], { sparsity: v }), [
    -0.1,
    1.1,
    Number.NaN,
    undefined,
  ]),
  ['a gain past binary32', () => init.xavierNormal([2, 2], { gain: 1e300 }), RangeError, /beyond binary32/],
  [
    'an unknown mode',
    () => init.kaimingNormal([2, 2], { mode: 'fan_in' as Any }),
    RangeError,
    /mode is the string "fan_in"; pass one of fanIn, fanOut/,
  ],
  [
    'an unknown nonlinearity',
    () => init.kaimingNormal([2, 2], { nonlinearity: 'swish' as Any }),
    RangeError,
    /nonlinearity is .*pass one of/,
  ],
  [
    'an unknown layout',
    () => init.kaimingNormal([2, 2], { layout: 'hwio' as Any }),
    RangeError,
    /layout .* pass one of oi, io/,
  ],
  [
    'an unknown distribution',
    () => init.varianceScaling([2, 2], { distribution: 'cauchy' as Any }),
    RangeError,
    /distribution/,
  ],
  [
    'rng that is a function',
    () => init.normal([2], { rng: Math.random as Any }),
    TypeError,
    /rng is a function; pass a generator of this copy of fanwise, such as random\.philox\(seed\)/,
  ],
  ['both rng and seed', () => init.normal([2], { rng: random.philox(0), seed: 0 }), TypeError, /both rng and seed/],
  ['a tensor with a slice', () => init.normal(tensor([2]), { slice: [0, 1] } as Any), TypeError, /not with a tensor/],
  ['out of another length', () => init.normal([2, 2], { out: x }), RangeError, /out has 3 values and the draw 4/],
  ['an unknown initialiser', () => init.describe('xavier' as Any, [2, 2]), RangeError, /name is the string "xavier"/],
  ['sparse of three axes', () => init.sparse([2, 2, 2], { sparsity: 0.5 }), RangeError, /two axes/],
  [
    'torchLinear with a bias of another length',
    () => init.torchLinear(tensor([2, 2]), { bias: tensor([3]) }),
    RangeError,
    /bias has 3 values/,
  ],
  ['torchLinear of a tensor without a bias', () => init.torchLinear(tensor([2, 2]), {} as Any), TypeError, /bias/],
  ['a fan that is 0 in binary32', () => init.torchLinear([2, 2], { fanIn: 1e-100 }), RangeError, /greater than 0/],
  ['a uniform wider than binary32', () => init.kaimingUniform([2, 2], { gain: 2e38 }), RangeError, /beyond binary32/],
  [
    'a constant past binary32',
    () => init.constant([2], { value: 1e39 }),
    RangeError,
    /value is 1e\+39, beyond binary32/,
  ],
  ['a shape with a hole', () => init.zeros(Array(2) as Any), TypeError, /shape\[0\] is undefined/],
  ['an empty shape with a wrong option', () => init.normal([0], { std: -1 }), RangeError, /std is -1/],
  ['an empty shape with a wrong mode', () => init.kaimingNormal([0, 3], { mode: 'x' as Any }), RangeError, /mode/],
  ['an orthogonal matrix past memory', () => init.orthogonal([19000, 19000]), RangeError, /init\.orthogonal: .*4 GiB/],
  [
    'a bias inside the weight',
    () =>
      init.torchLinear(tensor([2, 2], overlapping.subarray(0, 4)), { bias: tensor([2], overlapping.subarray(2, 4)) }),
    RangeError,
    /bias overlaps the weight/,
  ],
];

testCases(cases);

const untouched = new Float32Array(6).fill(7);
const fromRows: Case[] = (Object.keys(initialisers) as Initialising[]).flatMap((name) =>
  wrongOptions(`init.${name}`, initialisers[name].options as Options, (options) => {
    const out = untouched.slice();
    try {
      (init[name] as Any)([2, 3], { seed: 0, out, ...options });
    } finally {
      expect(out).toEqual(untouched);
    }
  }),
);
testCases(fromRows);

test.each(fromRows)('described: %s', (title, _, error, says) => {
  const [, name] = /^init\.(\w+)/.exec(title)!;
  const [, option] = / with (\w+):/.exec(title)!;
  const value = numberIn(title);
  if (value === undefined) return;
  const call = () => init.describe(name as Initialising, [2, 3], { [option]: value });
  expect(call).toThrow(error);
  expect(call).toThrow(says);
});

/** The wrong value that ends a title, if it is one of these numbers. */
const numberIn = (title: string) => [Number.NaN, Infinity, -Infinity, -1].find((v) => title.endsWith(`: ${v}`));
