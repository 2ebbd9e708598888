// Layers, models, optimizers, schedules and their training with wrong arguments: each wrong value of each option, from the rows,
// and all else by hand.

import { expect, test } from 'vitest';
import { nn } from '../../src/index.js';
import { optimizerRow } from '../../src/nn/optimizer.js';
import * as optimizers from '../../src/nn/optimizers.js';
import { scheduleRow } from '../../src/nn/schedule.js';
import * as schedules from '../../src/nn/schedules.js';
import { type Any, type Case, data, layer, model, numeric, optimizer, testCases, x } from '../check/case.js';
import { wrongOptions } from '../check/options.js';

/** A layer of one's own that is changed in something. */
const own = (change: object) => () => {
  const whole = { kind: 'own', inputs: 2, outputs: 2, parameters: {}, scratch: 0, inPlace: false, keepsOutput: false };
  const passes = { forward() {}, backward() {} };
  return nn.sequential([nn.linear(2, 2), { ...whole, bind: () => passes, ...change } as Any]);
};
const ownLayers: Case[] = [
  ['a layer without bind', own({ bind: undefined }), TypeError, /layers\[1\] is an object; pass a layer/],
  [
    'without parameters',
    own({ parameters: undefined }),
    TypeError,
    /parameters of layers\[1\] is undefined; pass tensors/,
  ],
  ['with null for parameters', own({ parameters: null }), TypeError, /parameters of layers\[1\] is null/],
  [
    'with an array as a parameter',
    own({ parameters: { w: x } }),
    TypeError,
    /w of layers\[1\] is a Float32Array of 3; pass a/,
  ],
  [
    'with half a tensor',
    own({ parameters: { w: { shape: [2], data: x } } }),
    RangeError,
    /the data has 3 values and shape/,
  ],
  [
    'without scratch',
    own({ scratch: undefined }),
    TypeError,
    /scratch of layers\[1\] is undefined; pass a whole number/,
  ],
  ['with half a value of scratch', own({ scratch: 0.5 }), RangeError, /scratch of layers\[1\] is 0.5/],
  ['with inputs in a text', own({ inputs: '2' }), TypeError, /inputs of layers\[1\] is the string "2"/],
  ['with no inputs', own({ inputs: 0 }), RangeError, /inputs of layers\[1\] is 0/],
  [
    'with negative outputs',
    own({ outputs: -1 }),
    RangeError,
    /outputs of layers\[1\] is -1; pass a whole number at least 1/,
  ],
  ['that binds to nothing', own({ bind() {} }), TypeError, /bind of layers\[1\] returns undefined; return both passes/],
  [
    'without backward',
    own({ bind: () => ({ forward() {} }) }),
    TypeError,
    /returns an object without backward; return both/,
  ],
  [
    'without forward',
    own({ bind: () => ({ backward() {} }) }),
    TypeError,
    /returns an object without forward; return both/,
  ],
  ['that binds later', own({ bind: async () => ({}) }), TypeError, /returns a Promise without forward; return both/],
];

const ownOptimizer = (change: object) => () =>
  nn.fit(model, data, { optimizer: { lr: 0.1, slots: 0, bind: () => () => {}, ...change } as Any });
const ownOptimizers: Case[] = [
  [
    'an optimizer without lr',
    ownOptimizer({ lr: undefined }),
    TypeError,
    /nn.fit: lr of optimizer is undefined; pass a number/,
  ],
  [
    'with a negative lr',
    ownOptimizer({ lr: -1 }),
    RangeError,
    /nn.fit: lr of optimizer is -1; pass a number at least 0/,
  ],
  [
    'without slots',
    ownOptimizer({ slots: undefined }),
    TypeError,
    /nn.fit: slots of optimizer is undefined; pass a whole number/,
  ],
  ['without bind', ownOptimizer({ bind: undefined }), TypeError, /nn.fit: optimizer is an object; pass one/],
];

const cases: Case[] = [
  ...numeric('nn.linear', 'inputs', (v) => nn.linear(v, 2), [0, -1, 1.5, '3']),
  ...numeric('nn.linear', 'outputs', (v) => nn.linear(2, v), [0, Number.NaN, '3']),
  ['linear with bias: 1', () => nn.linear(2, 2, { bias: 1 as Any }), TypeError, /bias is 1; pass true or false/],
  [
    'an unknown activation',
    () => nn.activation('swish9' as Any),
    RangeError,
    /nn\.activation: activation is the string "swish9"; pass one of relu/,
  ],
  [
    'an activation with a parameter of another',
    () => nn.activation('tanh', { slope: 1 } as Any),
    TypeError,
    /unknown option slope/,
  ],
  ['sequential of no array', () => nn.sequential(layer as Any), TypeError, /layers is an object; pass an array/],
  ['sequential of no layers', () => nn.sequential([]), RangeError, /begin with nn\.linear/],
  ['sequential of a function', () => nn.sequential([Math.tanh as Any]), TypeError, /layers\[0\] is a function/],
  [
    'sequential with a layer twice',
    () => nn.sequential([layer, layer]),
    RangeError,
    /layers\[1\] has a tensor of this layer or one before it/,
  ],
  [
    'sequential of a layer of another model',
    () => nn.sequential([model.layers[0]]),
    RangeError,
    /layers\[0\] has a tensor of another model/,
  ],
  [
    'sequential of layers that do not fit',
    () => nn.sequential([nn.linear(2, 3), nn.linear(4, 1)]),
    RangeError,
    /layers\[1\] takes 4 values and gets 3/,
  ],
  ['model.forward of half a row', () => model.forward(x), RangeError, /x has 3 values, no whole number of rows of 2/],
  [
    'evaluate of something else',
    () => nn.evaluate({} as Any, data),
    TypeError,
    /model is an object; pass one made by nn\.sequential/,
  ],
  [
    'evaluate with a label too many',
    () => nn.evaluate(model, { ...data, labels: [0, 1, 2] }),
    RangeError,
    /labels has 3 values/,
  ],
  [
    'evaluate with a label out of range',
    () => nn.evaluate(model, { ...data, labels: [0, 3] }),
    RangeError,
    /labels\[1\] is 3/,
  ],
  [
    'fit without an optimizer',
    () => nn.fit(model, data, {} as Any),
    TypeError,
    /optimizer is undefined; pass one, such as nn\.sgd/,
  ],
  ['fit without options', () => (nn.fit as Any)(model, data), TypeError, /optimizer/],
  ...numeric('nn.fit', 'epochs', (v) => nn.fit(model, data, { optimizer, epochs: v }), [-1, 1.5, '3']),
  ...numeric('nn.fit', 'batchSize', (v) => nn.fit(model, data, { optimizer, batchSize: v }), [0, -1, 1.5, '3']),
  [
    'fit with a schedule that is a number',
    () => nn.fit(model, data, { optimizer, schedule: 0.5 as Any }),
    TypeError,
    /schedule is 0\.5/,
  ],
  ['fit with a signal that is none', () => nn.fit(model, data, { optimizer, signal: {} as Any }), TypeError, /signal/],
  ...ownLayers,
  ...ownOptimizers,
  ...Object.entries(optimizers).flatMap(([name, make]) => wrongOptions(`nn.${name}`, optimizerRow(make).options, make)),
  ...Object.entries(schedules).flatMap(([name, make]) => wrongOptions(`nn.${name}`, scheduleRow(make).options, make)),
  ...numeric('nn.adam', 'betas', (v) => nn.adam({ betas: [v, 0.9] }), [1]),
  [
    'adam with one beta',
    () => nn.adam({ betas: [0.9] as Any }),
    TypeError,
    /betas is the array \[0\.9\]; pass two numbers/,
  ],
  ['nesterov without momentum', () => nn.sgd({ lr: 1, nesterov: true }), RangeError, /pass a momentum/],
];

testCases(cases);

test('an optimizer of one’s own that binds to nothing is an error when the training begins, and the model stays usable', async () => {
  const [before, run] = [nn.save(model), ownOptimizer({ bind() {} })];
  await expect(run()).rejects.toThrow(/^nn.fit: bind of optimizer returns undefined; return a function of lr$/);
  expect(nn.save(model)).toEqual(before);
  expect(() => nn.save(model, { training: true })).toThrow(/not being trained/);
  expect((await ownOptimizer({})()).steps).toBe(1);
  expect(own({})().outputs).toBe(2);
});
