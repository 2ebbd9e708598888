// Activations, softmax, losses and workspaces with wrong arguments.

import { activation, gain, loss, nn, softmax, tensor, workspace } from '../../src/index.js';
import {
  type Any,
  type Case,
  detached,
  float64,
  model,
  notFinite,
  numeric,
  optimizer,
  overlapping,
  shared,
  six,
  x,
} from './case.js';

export const ofActivation: Case[] = [
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
  ['the gain of such', () => gain('hardtanh', { low: 2, high: -2 }), RangeError, /high is -2; pass/],
  ['a layer of such', () => nn.activation('hardtanh', { low: 2, high: -2 }), RangeError, /high is -2; pass/],
  [
    'a training on targets that are no shares',
    () =>
      nn.fit(
        model,
        { x: new Float32Array(2), targets: Float32Array.of(0, 1, 2) },
        {
          ...{ loss: 'binaryCrossEntropy', optimizer },
        },
      ),
    RangeError,
    /targets\[2\] is 2; binaryCrossEntropy has shares, pass numbers from 0 to 1/,
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
  ...numeric('activation.leakyRelu.forward', 'slope', (v) => activation.leakyRelu.forward(x, { slope: v }), [
    ...notFinite,
    -0.1,
  ]),
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
  [
    'cross-entropy without labels',
    () => loss.crossEntropy.forward({ logits: x, columns: 3 } as Any),
    TypeError,
    /labels is undefined/,
  ],
  [
    'cross-entropy of float64',
    () => loss.crossEntropy.backward({ logits: float64, labels: [0], columns: 3 }),
    TypeError,
    /logits is a Float64Array/,
  ],
  ...numeric('workspace', 'bytes', (v) => workspace({ bytes: v }), [-1, 1.5, Number.NaN, '9', undefined]),
  ['workspace of nothing', () => (workspace as Any)(), TypeError, /bytes is undefined/],
  ['an array of length -1', () => workspace({ bytes: 64 }).float32(-1), RangeError, /length/],
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
