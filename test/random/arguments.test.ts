// Generators with wrong arguments: each wrong value of each option of a distribution, from the rows, and all else by hand.

import { describe, expect } from 'vitest';
import { random } from '../../src/index.js';
import { type DistributionName, distributions } from '../../src/random/distributions.js';
import { type Any, type Case, detached, float64, numeric, rng, shared, testCases, x } from '../check/case.js';
import { wrongOptions } from '../check/options.js';

const cases: Case[] = [
  ...numeric('random.philox', 'seed', (v) => random.philox(v), [0.5, Number.NaN, 2 ** 53, null, {}, true]),
  ...numeric('random.torch', 'seed', (v) => random.torch(v), [0.5, Number.NaN, {}]),
  [
    'random.philox of a seed beyond 64 bits',
    () => random.philox(2n ** 64n),
    RangeError,
    /seed is 18446744073709551616n; pass one of 64 bits/,
  ],
  ['random.philox of a seed below', () => random.philox(-(2n ** 63n) - 1n), RangeError, /64 bits/],
  [
    'random.torch with a release unknown',
    () => random.torch(0, { release: '1.0' as Any }),
    RangeError,
    /release is the string "1\.0"; pass one of 2\.12, 2\.11/,
  ],
  [
    'random.torch with an unknown option',
    () => random.torch(0, { version: 2 } as Any),
    TypeError,
    /unknown option version; there are release/,
  ],
  ...numeric('random.philox.uniform', 'length', (v) => rng().uniform(v), [
    -1,
    1.5,
    Number.NaN,
    Infinity,
    '3',
    undefined,
  ]),
  ...numeric('random.philox.bits', 'length', (v) => rng().bits(v), [-1, 1.5, '3']),
  ...numeric('random.philox.permutation', 'n', (v) => rng().permutation(v), [-1, 1.5, 2 ** 31 + 1, '3']),
  ...numeric('random.philox.order', 'n', (v) => rng().order(v), [-1, '3']),
  [
    'uniform with low above high',
    () => rng().uniform(3, { low: 2, high: 1 }),
    RangeError,
    /low is 2 and high 1; pass low <= high/,
  ],
  ['uniform wider than binary32', () => rng().uniform(3, { low: -3e38, high: 3e38 }), RangeError, /high - low/],
  ['uniform beyond binary32', () => rng().uniform(3, { high: 1e39 }), RangeError, /high is 1e\+39, beyond binary32/],
  [
    'truncatedNormal with low above high',
    () => rng().truncatedNormal(3, { low: 2, high: -2 }),
    RangeError,
    /pass low <= high/,
  ],
  [
    'truncatedNormal with nothing inside',
    () => rng().truncatedNormal(3, { low: 30, high: 31 }),
    RangeError,
    /no probability left/,
  ],
  [
    'uniform with a misspelt option',
    () => rng().uniform(3, { hi: 2 }),
    TypeError,
    /unknown option hi; there are low, high, out, slice/,
  ],
  ['uniform with options that are none', () => rng().uniform(3, 7), TypeError, /the options are 7/],
  ['uniform without length or out', () => rng().uniform({ low: 0 }), TypeError, /neither a length nor out/],
  [
    'uniform with out of another length',
    () => rng().uniform(4, { out: x }),
    RangeError,
    /out has 3 values and the draw 4/,
  ],
  [
    'uniform into float64',
    () => rng().uniform({ out: float64 }),
    TypeError,
    /out is a Float64Array of 3; pass a Float32Array/,
  ],
  ['uniform into an array', () => rng().uniform({ out: [1, 2] }), TypeError, /pass a Float32Array/],
  [
    'random.philox of a number that is not exact',
    () => random.philox(2 ** 53),
    RangeError,
    /seed is 9007199254740992, beyond what a number tells exactly; pass it as a bigint/,
  ],
  ['normal of a length beyond 2^53', () => rng().normal(1e20), RangeError, /pass a whole number of at most 9007199/],
  ['normal with values beyond binary32', () => rng().normal(2, { std: 1e38 }), RangeError, /8\.6e\+38 in it, beyond/],
  [
    'normal about the end of binary32',
    () => rng().normal(2, { mean: -3.4e38, std: 1e36 }),
    RangeError,
    /beyond binary32/,
  ],
  ['bits of neither a length nor out', () => rng().bits({}), TypeError, /neither a length nor out; pass one/],
  ['bits into floats', () => rng().bits({ out: x }), TypeError, /out is a Float32Array of 3; pass a Uint32Array/],
  [
    'bits into an array that is no slice of itself',
    () => rng().bits({ out: new Uint32Array(3), slice: [0, 1] }),
    RangeError,
    /out has 3 values and the draw 1/,
  ],
  ['uniform into a detached array', () => rng().uniform({ out: detached }), TypeError, /detached/],
  [
    'bits of a length into floats',
    () => rng().bits(3, { out: x }),
    TypeError,
    /out is a Float32Array of 3; pass a Uint32Array/,
  ],
  ['a slice that is none', () => rng().normal(3, { slice: 2 }), TypeError, /slice is 2; pass \[from, to\]/],
  [
    'a slice beyond the end',
    () => rng().normal(3, { slice: [0, 4] }),
    RangeError,
    /end of slice is 4; pass a whole number from 0 to 3/,
  ],
  ['a slice turned round', () => rng().normal(3, { slice: [2, 1] }), RangeError, /start of slice is 2/],
  ['a slice of half numbers', () => rng().normal(3, { slice: [0.5, 2] }), RangeError, /slice/],
  ['fork by an object', () => rng().fork({}), TypeError, /label is an object; pass a text or a whole number/],
  ['restore of nothing', () => random.restore(null as Any), TypeError, /restore/],
  ['restore of another thing', () => random.restore({ generator: 'x' }), TypeError, /generator is the string "x"/],
  [
    'restore with a word missing',
    () => random.restore({ ...random.torch(0).state(), words: [1] } as Any),
    TypeError,
    /words/,
  ],
  [
    'restore with a word too large',
    () => random.restore({ ...random.torch(0).state(), words: new Array(624).fill(2 ** 32) } as Any),
    TypeError,
    /words\[0\]/,
  ],
  [
    'restore with a seed too large',
    () => random.restore({ ...random.philox(0).state(), seed: '99999999999999999999' } as Any),
    TypeError,
    /seed/,
  ],
  [
    'restore with a block below 0',
    () => random.restore({ ...random.philox(0).state(), block: -1 } as Any),
    TypeError,
    /block/,
  ],
  [
    'a truncated normal at infinity',
    () => rng().truncatedNormal(3, { low: Infinity, high: Infinity }),
    RangeError,
    /no probability/,
  ],
  [
    'a truncated normal past binary32',
    () => rng().truncatedNormal(3, { mean: 3e38, std: 1e38, high: 3 }),
    RangeError,
    /beyond binary32/,
  ],
  [
    'truncatedNormal of torch that would never end',
    () => random.torch(0).truncatedNormal(4, { low: 1, high: 1e9, absolute: true }),
    RangeError,
    /keep one in \d+/,
  ],
  ...[4, 40].flatMap((n): Case[] => [
    [
      `${n} truncated normals of torch whose mean and bounds binary32 puts apart`,
      () => random.torch(0).truncatedNormal(n, { mean: 1e8 + 3.9999, std: 0.01, low: 0.5, high: 10 }),
      RangeError,
      /std is 0\.01, and binary32 has steps of 8 at 100000008; pass a larger std, or use random\.philox/,
    ],
    [
      `${n} truncated normals of torch in a tail that binary32 puts away from the mean`,
      () => random.torch(0).truncatedNormal(n, { mean: 1e8 + 3.99, std: 0.01, low: 3, high: 4 }),
      RangeError,
      /binary32 has steps of 8/,
    ],
    [
      `${n} truncated normals of torch on an interval wider than binary32`,
      () => random.torch(0).truncatedNormal(n, { mean: 1e38, std: 2.6e37, low: -3e38, high: 5e37, absolute: true }),
      RangeError,
      /high - low in binary32 is Infinity/,
    ],
  ]),
  [
    'the end of a stream',
    () => random.restore({ ...random.philox(0).state(), block: 2 ** 53 - 1 } as Any).bits(1),
    RangeError,
    /go on with a fork/,
  ],
  [
    'restore of words that are all zero',
    () => random.restore({ ...random.torch(0).state(), words: new Array(624).fill(0) } as Any),
    TypeError,
    /words/,
  ],
  ...(shared
    ? [['uniform into shared memory', () => rng().uniform({ out: shared! }), TypeError, /shared memory/] satisfies Case]
    : []),
];

testCases(cases);

const generators = { philox: random.philox, threefry: random.threefry, torch: random.torch };
describe.each(Object.entries(generators))('%s, and nothing is written', (generator, make) => {
  const untouched = new Float32Array(3).fill(7);
  testCases(
    (Object.keys(distributions) as DistributionName[]).flatMap((name) =>
      wrongOptions(`random.${generator}.${name}`, distributions[name].options, (options) => {
        const out = untouched.slice();
        try {
          (make(2026)[name] as Any)({ out, ...options });
        } finally {
          expect(out).toEqual(untouched);
        }
      }),
    ),
  );
});
