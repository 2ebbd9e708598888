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

describe('how labels are made of something else', () => {
  const fit = (labels: unknown, n = 3) =>
    nn.fit(nn.sequential([nn.linear(2, n, { seed: 1 })]), { x: new Float32Array(6), labels } as Any, {
      optimizer: nn.sgd({ lr: 0.1 }),
    });
  const names = ['bird', 'cat', 'dog'];
  const classes = [2, 0, 1];
  const oneHot = classes.map((k) => names.map((_, i) => Number(i === k)));
  test.each<[string, unknown]>([
    ['one-hot rows', oneHot],
    ['one-hot rows of typed arrays', oneHot.map((row) => Float32Array.from(row))],
    [
      'one-hot rows of two classes',
      [
        [0, 0, 1],
        [1, 0, 0],
        [0, 1, 0],
      ],
    ],
    ['rows of one label', classes.map((k) => [k])],
    ['rows of one label in typed arrays', classes.map((k) => Uint8Array.of(k))],
    ['names', ['dog', 'bird', 'cat']],
    ['digits', ['2', '0', '1']],
    ['large numbers', [2n, 0n, 1n]],
    ['a Float32Array', Float32Array.from(classes)],
    ['a Float64Array', Float64Array.from(classes)],
    ['an Int8Array', Int8Array.from(classes)],
    ['a Uint8ClampedArray', Uint8ClampedArray.from(classes)],
    ['a BigInt64Array', BigInt64Array.of(2n, 0n, 1n)],
    ['a BigUint64Array', BigUint64Array.of(2n, 0n, 1n)],
  ])('%s', (_, labels) => {
    expect(() => fit(labels)).toThrow(TypeError);
    const [, advice] = messageOf(() => fit(labels)).match(/.*; (.*) makes (?:one|them)/)!;
    const made = new Function('labels', 'names', `return ${advice}`)(labels, names);
    expect(Array.from(made)).toEqual(classes);
    expect(() => fit(made).catch(() => {})).not.toThrow();
  });

  test('truths', () => {
    const message = messageOf(() => fit([true, false, true], 2));
    expect(message).toBe('nn.fit: labels[0] is true; pass whole numbers from 0 to 1; labels.map(Number) makes them');
  });

  test('one-hot rows one after the other', () => {
    expect(messageOf(() => fit(oneHot.flat()))).toBe(
      'nn.fit: labels has 9 values, as one-hot rows have; pass 3, the index of the 1 in each row',
    );
    expect(messageOf(() => fit([0, 1, 2, 0]))).toMatch(/labels has 4 values and x, in rows, 3; make them the same/);
  });

  test.each<[string, unknown, RegExp]>([
    ['a class too many', 3, /^nn.fit: labels\[1] is 3; pass whole numbers from 0 to 2, or name it as ignoreIndex$/],
    ['a negative number', -1, /pass whole numbers from 0 to 2, or name it as ignoreIndex$/],
    ['a fraction', 0.5, /pass whole numbers from 0 to 2$/],
    ['NaN', Number.NaN, /labels\[1] is NaN; pass whole numbers from 0 to 2$/],
    ['nothing', undefined, /labels\[1] is undefined; pass whole numbers from 0 to 2$/],
    ['a row of shares', [0.5, 0.25, 0.25], /pass whole numbers from 0 to 2$/],
    ['a row of several classes', [1, 1, 0], /pass whole numbers from 0 to 2$/],
  ])('%s', (_, label, message) => {
    expect(messageOf(() => fit([0, label, 2]))).toMatch(message);
  });
});

test('softmax is told from the functions of one value', () => {
  for (const name of ['softmax', 'logSoftmax', 'log_softmax', 'Softmax'])
    for (const call of [() => nn.activation(name as Any), () => nn.linear(1, 1, { activation: name as Any })])
      expect(messageOf(call)).toMatch(/: \w+ is of a row, not of a value; leave it out before crossEntropy/);
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
