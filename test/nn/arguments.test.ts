// Layers, models, optimizers, schedules and their training with wrong arguments: each wrong value of each option, from the rows,
// and all else by hand.

import { nn } from '../../src/index.js';
import { optimizerRow } from '../../src/nn/optimizer.js';
import * as optimizers from '../../src/nn/optimizers.js';
import { scheduleRow } from '../../src/nn/schedule.js';
import * as schedules from '../../src/nn/schedules.js';
import { type Any, type Case, data, layer, model, numeric, optimizer, testCases, x } from '../check/case.js';
import { wrongOptions } from '../check/options.js';

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
    /layers\[1\] has a tensor of a layer before it/,
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
