// What errors advise: the advice, followed, gives what was meant.

import { describe, expect, test } from 'vitest';
import { activation, gain, init, loss, nn, random, softmax } from '../../src/index.js';
import { type Any, data, model } from './case.js';

const messageOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('no error was thrown');
};
const relu = (x: unknown) => messageOf(() => activation.relu.forward(x as Any));
const start = 'activation.relu.forward: x is';

describe('how a Float32Array is made of something else', () => {
  const rows = [
    [1, 2],
    [3, 4],
  ];
  test.each<[string, unknown, string, string]>([
    ['numbers', [1, 2, 3, 4], 'the array [1, 2, 3, 4]', 'Float32Array.from(x)'],
    ['whole numbers', Int32Array.of(1, 2, 3, 4), 'an Int32Array of 4', 'Float32Array.from(x)'],
    ['bytes', Uint8Array.of(1, 2, 3, 4), 'a Uint8Array of 4', 'Float32Array.from(x)'],
    ['rows', rows, 'the array [[…], […]]', 'Float32Array.from(x.flat())'],
    [
      'rows that are typed arrays',
      rows.map((row) => Float32Array.from(row)),
      'the array [object, object]',
      'Float32Array.from(x.flatMap((row) => [...row]))',
    ],
  ])('%s', (_, x, what, advice) => {
    expect(relu(x)).toBe(`${start} ${what}; pass a Float32Array; ${advice} makes one`);
    const made = new Function('x', `return ${advice}`)(x);
    expect(Array.from(activation.relu.forward(made))).toEqual([1, 2, 3, 4]);
  });

  test.each<[string, unknown, string]>([
    ['a buffer', new ArrayBuffer(8), 'an ArrayBuffer'],
    ['a view of bytes', new DataView(new ArrayBuffer(8)), 'a DataView of 8'],
    ['large numbers', BigInt64Array.of(1n), 'a BigInt64Array of 1'],
    ['texts', ['1', '2'], 'the array [string, string]'],
    ['objects', [{}, null], 'the array [object, object]'],
    ['a date', new Date(), 'a Date'],
    ['an object of no class', new (class {})(), 'an object'],
    ['a class that is no name', { constructor: { name: 3 } }, 'a 3'],
  ])('nothing is advised for %s', (_, x, what) => {
    expect(relu(x)).toBe(`${start} ${what}; pass a Float32Array`);
  });
});

test('a long array is cut, and says so', () => {
  const values = (n: number) => Array.from({ length: n }, (_, i) => i);
  expect(relu(values(8))).toContain('the array [0, 1, 2, 3, 4, 5, 6, 7]; pass');
  expect(relu(values(9))).toContain('the array [0, 1, 2, 3, 4, 5, 6, 7, …] of 9; pass');
});

describe('did you mean', () => {
  const sgd = (o: object) => messageOf(() => nn.sgd({ lr: 0.1, ...o } as Any));
  const fit = (o: object) => messageOf(() => nn.fit(model, data, { optimizer: nn.sgd({ lr: 0.1 }), ...o } as Any));
  const layer = (name: string) => messageOf(() => nn.activation(name as Any));
  const normal = (o: object) => messageOf(() => random.philox(0).normal(1, o as Any));
  test.each<[string, string]>([
    [sgd({ learningRate: 1 }), 'lr'],
    [sgd({ learning_rate: 1 }), 'lr'],
    [sgd({ weight_decay: 1 }), 'weightDecay'],
    [sgd({ momentun: 1 }), 'momentum'],
    [messageOf(() => nn.adam({ eps: 1e-8 } as Any)), 'epsilon'],
    [fit({ batch_size: 1 }), 'batchSize'],
    [fit({ batch: 1 }), 'batchSize'],
    [fit({ epoch: 1 }), 'epochs'],
    [fit({ loss: 'mse' }), 'meanSquaredError'],
    [fit({ loss: 'MAE' }), 'meanAbsoluteError'],
    [fit({ loss: 'cross_entropy' }), 'crossEntropy'],
    [fit({ loss: 'bce' }), 'binaryCrossEntropy'],
    [layer('leaky_relu'), 'leakyRelu'],
    [layer('lrelu'), 'leakyRelu'],
    [layer('swish'), 'silu'],
    [layer('ReLU'), 'relu'],
    [layer('sigmiod'), 'sigmoid'],
    [layer('hardswish'), 'hardSwish'],
    [messageOf(() => gain('Tanh' as Any)), 'tanh'],
    [normal({ sdt: 1 }), 'std'],
    [normal({ stddev: 1 }), 'std'],
    [normal({ Mean: 1 }), 'mean'],
    [messageOf(() => init.kaimingNormal([2, 2], { mode: 'fan_out' } as Any)), 'fanOut'],
    [messageOf(() => loss.huber.forward({ outputs: new Float32Array(1), target: 1 } as Any)), 'targets'],
    [messageOf(() => softmax.forward(new Float32Array(2), { column: 2 } as Any)), 'columns'],
  ])('%s', (message, meant) => {
    expect(message).toMatch(new RegExp(`(there are|pass one of) .*; did you mean ${meant}\\?$`));
  });

  test.each([
    sgd({ foo: 1 }),
    sgd({ 学习率: 1 }),
    sgd({ x: 1 }),
    normal({ constructor: 1 }),
    layer('maxout'),
    layer(''),
    layer('x'.repeat(100_000)),
    fit({ loss: 'toString' }),
  ])('%s', (message) => {
    expect(message).toMatch(/there are|pass one of/);
    expect(message).not.toMatch(/did you mean/);
  });
});
