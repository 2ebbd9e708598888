// Losses with wrong arguments, by themselves and in a training: each wrong value of each option, from the rows, and all else by
// hand.

import { loss, nn } from '../../../src/index.js';
import { type LossRow, losses, type PointwiseLoss } from '../../../src/nn/losses/pointwise.js';
import {
  type Any,
  type Case,
  data,
  float64,
  model,
  optimizer,
  overlapping,
  six,
  testCases,
  x,
} from '../../check/case.js';
import { wrongOptions } from '../../check/options.js';

/** A loss of targets, by itself and in a training. */
function casesOf(name: PointwiseLoss): Case[] {
  const { from, parameters, shares }: LossRow = losses[name];
  const { forward, backward } = loss[name] as Any;
  const [other] = ['outputs', 'logits'].filter((word) => word !== from);
  const fit = (targets: Any, options: Any = {}) =>
    nn.fit(model, { x: new Float32Array(2), targets }, { loss: [name, options] as Any, optimizer });
  const three = new Float32Array(3);
  const [f, b] = [`loss.${name}.forward`, `loss.${name}.backward`];
  return [
    ...wrongOptions(f, parameters, (o) => forward({ [from]: x, targets: x, ...o })),
    ...wrongOptions(b, parameters, (o) => backward({ [from]: x, targets: x, ...o })),
    ...wrongOptions(`nn.fit: ${name}`, parameters, (o) => fit(three, o)),
    [`${f} of nothing`, () => forward(), TypeError, new RegExp(`${from} is undefined`)],
    [`${f} of float64`, () => forward({ [from]: float64, targets: x }), TypeError, /is a Float64Array of 3/],
    [`${f} of ${other}`, () => forward({ [other]: x, targets: x }), TypeError, new RegExp(`unknown option ${other}`)],
    [`${f} with a target too many`, () => forward({ [from]: x, targets: six }), RangeError, /targets has 6 values/],
    [`${f} without targets`, () => forward({ [from]: x }), TypeError, /targets is undefined/],
    [`${f} reduced to max`, () => forward({ [from]: x, targets: x, reduction: 'max' }), RangeError, /mean, sum, none/],
    [`${b} with dy of a mean`, () => backward({ [from]: x, targets: x, dy: x }), TypeError, /dy goes with reduction/],
    [
      `${b} without dy`,
      () => backward({ [from]: x, targets: x, reduction: 'none' }),
      TypeError,
      /dy is undefined; pass a Float32Array/,
    ],
    [
      `${b} into an overlap`,
      () => backward({ [from]: overlapping.subarray(0, 3), targets: x, out: overlapping.subarray(1, 4) }),
      RangeError,
      new RegExp(`out overlaps ${from}`),
    ],
    [`a training on ${name} and labels`, () => nn.fit(model, data, { loss: name, optimizer }), TypeError, /not labels/],
    [`a training on ${name} and too few targets`, () => fit(new Float32Array(2)), RangeError, /targets has 2 values/],
    ...(shares
      ? [
          [
            `a training on ${name} of 2`,
            () => fit(three.fill(2)),
            RangeError,
            /targets\[0\] is 2; .* from 0 to 1/,
          ] as Case,
        ]
      : []),
  ];
}

testCases((Object.keys(losses) as PointwiseLoss[]).flatMap(casesOf));

testCases([
  [
    'a training on targets that are no shares',
    () =>
      nn.fit(
        model,
        { x: new Float32Array(2), targets: Float32Array.of(0, 1, 2) },
        { loss: 'binaryCrossEntropy', optimizer },
      ),
    RangeError,
    /targets\[2\] is 2; binaryCrossEntropy has shares, pass numbers from 0 to 1/,
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
]);
