// Activations, gains and softmax with wrong arguments: each wrong value of each parameter, from the rows, and all else by hand.

import type { Row } from '../../src/activation/row.js';
import { type Activation, activations } from '../../src/activation/table.js';
import { activation, gain, nn, softmax, tensor } from '../../src/index.js';
import {
  type Any,
  type Case,
  detached,
  float64,
  numeric,
  overlapping,
  shared,
  six,
  testCases,
  x,
} from '../check/case.js';
import { wrongOptions } from '../check/options.js';

const cases: Case[] = [
  [
    'forward of a float64 array',
    () => activation.tanh.forward(float64),
    TypeError,
    /activation\.tanh\.forward: x is a Float64Array of 3; pass a Float32Array; Float32Array\.from/,
  ],
  ['forward of an array', () => activation.tanh.forward([1, 2] as Any), TypeError, /x is the array \[1, 2\]/],
  ['forward of nothing', () => (activation.tanh as Any).forward(), TypeError, /x is undefined/],
  ['forward of a tensor', () => activation.tanh.forward(tensor([2]) as Any), TypeError, /pass its data/],
  [
    'hardtanh with low above high',
    () => activation.hardtanh.forward(x, { low: 2, high: -2 }),
    RangeError,
    /high is -2; pass a number at least 2/,
  ],
  [
    'hardtanh with low above the default',
    () => activation.hardtanh.backward({ y: x, dy: x, low: 2 }),
    RangeError,
    /high is 1/,
  ],
  ['gain.torch of a name unknown', () => gain.torch('gelu' as Any), RangeError, /nonlinearity is the string "gelu"/],
  [
    'the gain of hardtanh with low above high',
    () => gain('hardtanh', { low: 2, high: -2 }),
    RangeError,
    /high is -2; pass/,
  ],
  [
    'a layer of hardtanh with low above high',
    () => nn.activation('hardtanh', { low: 2, high: -2 }),
    RangeError,
    /high is -2; pass/,
  ],
  ['forward of a detached array', () => activation.tanh.forward(detached), TypeError, /detached/],
  [
    'forward into another length',
    () => activation.tanh.forward(x, { out: six }),
    RangeError,
    /out has 6 values and x 3/,
  ],
  [
    'forward into an overlap',
    () => activation.tanh.forward(overlapping.subarray(0, 3), { out: overlapping.subarray(1, 4) }),
    RangeError,
    /out overlaps x/,
  ],
  [
    'forward with a parameter of another',
    () => activation.tanh.forward(x, { slope: 1 } as Any),
    TypeError,
    /unknown option slope/,
  ],
  [
    'backward from x where y is kept',
    () => activation.tanh.backward({ x, dy: x } as Any),
    TypeError,
    /unknown option x; there are y, dy, out/,
  ],
  ['backward without dy', () => activation.tanh.backward({ y: x } as Any), TypeError, /dy is undefined/],
  ['backward of nothing', () => (activation.tanh as Any).backward(), TypeError, /y is undefined/],
  [
    'backward with another length',
    () => activation.tanh.backward({ y: x, dy: six }),
    RangeError,
    /dy has 6 values and y 3/,
  ],
  [
    'backward into an overlap',
    () => activation.tanh.backward({ y: x, dy: overlapping.subarray(0, 3), out: overlapping.subarray(2) }),
    RangeError,
    /out overlaps dy/,
  ],
  ...numeric('softmax.forward', 'columns', (v) => softmax.forward(x, { columns: v }), [
    0,
    -1,
    1.5,
    Number.NaN,
    '3',
    undefined,
  ]),
  [
    'softmax of rows that do not divide',
    () => softmax.forward(x, { columns: 2 }),
    RangeError,
    /x has 3 values, no whole number of rows of 2/,
  ],
  ['softmax of too many rows', () => softmax.forward(x, { columns: 3, rows: 2 }), RangeError, /rows x columns 6/],
  ['softmax of a float64 array', () => softmax.forward(float64, { columns: 3 }), TypeError, /Float64Array/],
  [
    'softmax into an overlap',
    () => softmax.log.forward(overlapping.subarray(0, 3), { columns: 3, out: overlapping.subarray(1, 4) }),
    RangeError,
    /overlaps/,
  ],
  [
    'softmax backward with another length',
    () => softmax.backward({ y: x, dy: six, columns: 3 }),
    RangeError,
    /dy has 6/,
  ],
  ...(shared
    ? [
        [
          'forward on shared memory',
          () => activation.tanh.forward(shared!),
          TypeError,
          /shared memory.*slice\(\)/,
        ] satisfies Case,
      ]
    : []),
];

testCases(cases);

testCases(
  (Object.keys(activations) as Activation[]).flatMap((name) => {
    const { parameters, keeps }: Row = activations[name];
    const { forward, backward } = activation[name] as Any;
    return [
      ...wrongOptions(`activation.${name}.forward`, parameters, (o) => forward(x, o)),
      ...wrongOptions(`activation.${name}.backward`, parameters, (o) => backward({ [keeps]: x, dy: x, ...o })),
      ...wrongOptions(`nn.activation: ${name}`, parameters, (o) => nn.activation(name, o)),
      ...wrongOptions(`nn.linear: ${name}`, parameters, (o) => nn.linear(2, 2, { activation: [name, o] as Any })),
    ];
  }),
);
