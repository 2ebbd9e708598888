// diagnoseTfjs: statistics and verdicts of TensorFlow.js' models.

import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Row } from '../../src/activation/row.js';
import { type Activation, activations } from '../../src/activation/table.js';
import { type Diagnosis, diagnose, type Model, type NetworkDiagnosis, nn } from '../../src/index.js';
import { defaultNumbers } from '../../src/nn/statistics.js';
import { diagnoseTfjs, lecunNormal, normal } from '../../src/tfjs.js';
import { noise } from '../oracle.js';

const rows = 50;
const x = noise(1, rows * 8, 2);
const labels = Uint8Array.from({ length: rows }, (_, i) => i % 3);
const batch = () => ({ x: tf.tensor2d(x, [rows, 8]), y: tf.oneHot(tf.tensor1d(Array.from(labels), 'int32'), 3) });
const crossEntropyOfHalf = (y: tf.Tensor, outputs: tf.Tensor) => crossEntropy(y, outputs.slice([0, 0], [-1, 3]));
const crossEntropy = (y: tf.Tensor, outputs: tf.Tensor) => tf.losses.softmaxCrossEntropy(y, outputs) as tf.Tensor;

// Nothing is left: neither by what is diagnosed nor by an error.
let tensors = 0;
beforeEach(() => {
  tensors = tf.memory().numTensors;
  tf.engine().startScope();
});
afterEach(() => {
  tf.engine().endScope();
  tf.disposeVariables();
  expect(tf.memory().numTensors).toBeLessThanOrEqual(tensors);
});

/** The diagnosis; no tensor is left by it, and the model makes what it made before. */
function diagnosed(...args: Parameters<typeof diagnoseTfjs>) {
  const [model, data] = args;
  const predict = () => [model.predict(data.x)].flat().map((y) => Array.from((y as tf.Tensor).dataSync()));
  const before = tf.tidy(predict);
  const { numTensors, numBytes } = tf.memory();
  try {
    return diagnoseTfjs(...args);
  } finally {
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    expect(tf.tidy(predict)).toEqual(before);
    for (const layer of model.layers) expect(Object.hasOwn(layer, 'call')).toBe(false);
  }
}

/** A model of TensorFlow.js with the weights of one of this package. */
function translated(model: Model, activation: string): tf.LayersModel {
  const linear = model.layers.filter(({ kind }) => kind === 'linear');
  const made = tf.sequential();
  linear.forEach(({ parameters: { weight, bias } }, i) => {
    const [units, inputs] = weight.shape;
    const f = i < linear.length - 1 ? { activation: activation as 'relu' } : {};
    made.add(tf.layers.dense({ units, inputShape: [inputs], ...f }));
    const kernel = tf.tensor2d(weight.data.slice(), [units, inputs]).transpose();
    made.layers[i].setWeights([kernel, tf.tensor1d(bias.data.slice())]);
  });
  return made;
}

/** Expects statistics to be alike: to 1e-4 of the largest value. */
function expectAlike(got: NetworkDiagnosis, expected: Diagnosis): void {
  const visit = (a: unknown, b: unknown, path: string, scale: number): void => {
    if (/histogram|name$/.test(path)) return;
    if (typeof b === 'number') expect(Math.abs((a as number) - b), path).toBeLessThanOrEqual(1e-4 * scale + 1e-30);
    else if (typeof b === 'object' && b !== null) {
      const { min = 0, max = 0 } = b as { min?: number; max?: number };
      const size = Math.max(Math.abs(min), Math.abs(max));
      for (const [key, part] of Object.entries(b)) {
        const isShare = /saturated|dead|nonFinite/.test(key);
        const square = /variance|meanSquare/.test(key) ? size * size : size;
        visit((a as Record<string, unknown>)[key], part, `${path}.${key}`, isShare ? 0 : square || Math.abs(+part));
      }
    } else expect(a, path).toBe(b);
  };
  visit(got.layers, expected.layers, '', 0);
  visit(got.input, expected.input, 'input', 0);
  expect(Math.abs(got.loss! - expected.loss!)).toBeLessThan(1e-4 * expected.loss!);
  expect(got.verdicts.map(({ code, level, layer, fix }) => [code, level, layer, fix.gain])).toEqual(
    expected.verdicts.map(({ code, level, layer, fix }) => [code, level, layer, fix.gain]),
  );
}

describe.each([
  ...(['elu', 'selu', 'relu', 'relu6', 'sigmoid', 'softplus', 'softsign', 'tanh', 'gelu', 'mish'] as const).map(
    (name) => [name, name] as const,
  ),
  ['swish', 'silu'],
  ['gelu_new', ['gelu', { approximate: 'tanh' }]],
  ['hardSigmoid', ['hardSigmoid', { slope: 0.2 }]],
] as const)('%s', (theirs, ours) => {
  test.each([
    ['healthy', 2, undefined],
    ['deep, with small weights', 8, 0.05],
  ] as const)('%s: the statistics and verdicts of a model of this package', (_, depth, std) => {
    const layers = Array.from({ length: depth }, (_, l) =>
      nn.linear(l ? 16 : 8, 16, { seed: l, activation: ours as 'relu' }),
    );
    const model = nn.sequential([...layers, nn.linear(16, 3, { seed: depth })]);
    if (std) for (const { weight } of layers) weight.data.set(noise(1, weight.data.length, std));
    const expected = diagnose.probe(model, { x, labels }, { trial: false, lr: 0.1 });
    if (std) expect(expected.verdicts.length).toBeGreaterThan(0);
    const got = diagnosed(translated(model, theirs), batch(), { loss: crossEntropy, lr: 0.1 });
    expectAlike(got, expected);
  });
});

/** A model of many kinds of layers, with two branches, a layer used twice and a model within. */
function many(): tf.LayersModel {
  const input = tf.input({ shape: [8, 8, 2] });
  const conv = tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', padding: 'same', name: 'conv' });
  const depthwise = tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, name: 'depthwise' });
  const transposed = tf.layers.conv2dTranspose({ filters: 3, kernelSize: 3, name: 'transposed' });
  const start = conv.apply(input) as tf.SymbolicTensor;
  const middle = depthwise.apply(start) as tf.SymbolicTensor;
  const branches = tf.layers
    .concatenate()
    .apply([
      tf.layers.flatten().apply(tf.layers.maxPooling2d({ poolSize: 2 }).apply(middle)) as tf.SymbolicTensor,
      tf.layers.flatten().apply(transposed.apply(middle)) as tf.SymbolicTensor,
    ]) as tf.SymbolicTensor;
  const shared = tf.layers.dense({ units: 8, activation: 'tanh', name: 'shared' });
  const narrow = tf.layers.dense({ units: 8, name: 'narrow' }).apply(branches);
  const twice = shared.apply(shared.apply(tf.layers.batchNormalization().apply(narrow))) as tf.SymbolicTensor;
  const within = tf.sequential({ name: 'within' });
  within.add(tf.layers.dense({ units: 6, inputShape: [8], name: 'first' }));
  within.add(tf.layers.leakyReLU({ alpha: 0.2 }));
  within.add(tf.layers.dropout({ rate: 0.5 }));
  const outputs = tf.layers.dense({ units: 3, activation: 'softmax', name: 'out' }).apply(within.apply(twice));
  const model = tf.model({ inputs: input, outputs: outputs as tf.SymbolicTensor });
  const weights = model.getWeights().map((weight, i) => {
    const { shape, rank, size } = weight;
    return rank < 2 ? weight : tf.tensor(noise(i, size, Math.sqrt((3 * shape[rank - 1]) / size)), shape);
  });
  model.setWeights(weights);
  return model;
}

test('convolutions, branches, a layer used twice and a model within: names, parts, units and gradients', () => {
  const model = many();
  model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
  const { y } = batch();
  const images = tf.tensor4d(noise(2, rows * 128), [rows, 8, 8, 2]);
  const { layers, verdicts, loss } = diagnosed(model, { x: images, y });
  const seen = layers.map(({ name, kind, units }) => `${name?.replace(/_\w+$/, '')}: ${kind} ${units}`);
  expect(seen.slice(0, 3)).toEqual(['conv: conv 4', 'conv: relu 4', 'depthwise: conv 8']);
  expect(seen.slice(-11)).toEqual([
    ...['narrow: linear 8', 'batch: batchnormalization 8'],
    ...['shared: linear 8', 'shared: tanh 8', 'shared: linear 8', 'shared: tanh 8'],
    ...['first: linear 6', 'leaky: leakyRelu 6', 'dropout: dropout 6', 'out: linear 3', 'out: softmax 3'],
  ]);
  expect(seen).toContain('transposed: conv 3');
  for (const { name, layer } of layers) {
    const top = model.layers[layer];
    expect(top.name === name || top.name === 'within', name).toBe(true);
  }
  expect(layers.every(({ gradient }) => gradient && gradient.norm > 0)).toBe(true);
  expect(verdicts).toEqual([]);

  model.optimizer.dispose(); // which has a tensor

  // The gradients are those of TensorFlow.js.
  const { value, grads } = tf.variableGrads(() => {
    const outputs = model.apply(images, { training: false }) as tf.Tensor;
    return tf.metrics.categoricalCrossentropy(y, outputs).mean() as tf.Scalar;
  });
  expect(loss).toBeCloseTo(value.dataSync()[0], 5);
  for (const name of ['conv', 'depthwise', 'transposed', 'narrow', 'shared', 'first', 'out']) {
    const of = layers.filter((layer) => layer.name === name && layer.weight);
    const kernel = Object.keys(grads).find((key) => RegExp(`\\b${name}/.*kernel`).test(key))!;
    expect(of).toHaveLength(name === 'shared' ? 2 : 1);
    for (const { weight } of of)
      expect(weight!.gradientNorm! / (grads[kernel].norm().dataSync()[0] as number), name).toBeCloseTo(1, 4);
  }
});

test.each<[tf.layers.Layer, string, boolean]>([
  [tf.layers.reLU(), 'relu', true],
  [tf.layers.reLU({ maxValue: 6 }), 'relu6', true],
  [tf.layers.reLU({ maxValue: 2 }), 'relu', false],
  [tf.layers.leakyReLU({ alpha: 0.25 }), 'leakyRelu', true],
  [tf.layers.elu(), 'elu', true],
  [tf.layers.thresholdedReLU({ theta: 0.5 }), 'threshold', true],
  [tf.layers.activation({ activation: 'swish' }), 'silu', true],
  [tf.layers.activation({ activation: 'tanh' }), 'tanh', true],
  [tf.layers.activation({ activation: 'softmax' }), 'softmax', false],
  [tf.layers.softmax(), 'softmax', false],
])('an activation as a layer: %#', (layer, kind, isKnown) => {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 16, inputShape: [8], kernelInitializer: lecunNormal({ seed: 1 }) }));
  model.add(layer);
  // TensorFlow.js has no gradient of thresholdedReLU.
  const data = kind === 'threshold' ? { x: batch().x } : batch();
  const [, { activation, numbers, saturated, ...rest }] = diagnosed(model, data, {
    loss: crossEntropyOfHalf,
  }).layers;
  expect(rest).toMatchObject({ kind, units: 16, layer: 1 });
  expect(activation).toBe(undefined);
  expect(saturated !== undefined).toBe(isKnown);
  if (!isKnown) return;
  // The function is the one that it says.
  const z = (model.layers[0].apply(batch().x) as tf.Tensor).dataSync() as Float32Array;
  const y = (layer.apply(tf.tensor1d(z)) as tf.Tensor).dataSync();
  const { formula } = activations[kind as Activation] as Row;
  const [a, b] = numbers ?? defaultNumbers(kind);
  z.forEach((value, i) => expect(Math.abs(formula(value, a, b) - y[i])).toBeLessThan(1e-5));
});

test('verdicts have the names of layers', () => {
  const model = tf.sequential();
  for (let l = 0; l < 20; l++)
    model.add(
      tf.layers.dense({
        units: l < 19 ? 30 : 3,
        ...(l === 0 ? { inputShape: [8] } : {}),
        activation: l < 19 ? 'tanh' : 'linear',
        kernelInitializer: normal({ std: 0.02, seed: l }),
        name: `dense ${l}`.replace(' ', '_'),
      }),
    );
  const [{ code, name, layer, message, fix }, ...rest] = diagnosed(model, batch(), { loss: crossEntropy }).verdicts;
  expect(rest).toEqual([]);
  expect([code, name, layer]).toEqual(['vanishing', 'dense_0', 0]);
  expect(message).toMatch(/^From layer dense_18 back to layer dense_0 the gradient's mean square falls/);
  expect(fix).toMatchObject({ initialiser: 'kaimingNormal' });
  expect(fix.apply).toBe(undefined);
  // The weights that it says heal it.
  model.layers.forEach((layer, l) => {
    const [kernel, bias] = layer.getWeights();
    const gain = (l < 19 ? fix.gain! : 1) / Math.sqrt(kernel.shape[0]);
    layer.setWeights([normal({ std: gain, seed: `new ${l}` }).apply(kernel.shape as number[]), bias]);
  });
  expect(diagnosed(model, batch(), { loss: crossEntropy }).verdicts).toEqual([]);
});

test('without labels signals alone are judged; frozen layers and numbers of words', () => {
  const model = tf.sequential();
  model.add(tf.layers.embedding({ inputDim: 20, outputDim: 4, inputLength: 5 }));
  model.add(tf.layers.dense({ units: 6, activation: 'relu', kernelInitializer: lecunNormal({ seed: 1 }) }));
  model.add(tf.layers.flatten());
  model.add(tf.layers.dense({ units: 3, kernelInitializer: lecunNormal({ seed: 2 }) }));
  const words = tf.tensor2d(
    Array.from({ length: rows * 5 }, (_, i) => (7 * i) % 20),
    [rows, 5],
    'int32',
  );
  const forward = diagnosed(model, { x: words });
  expect(forward.layers.map(({ kind, units }) => [kind, units])).toEqual([
    ...[['embedding', 4] as const, ['linear', 6] as const, ['relu', 6] as const, ['flatten', 30] as const],
    ['linear', 3],
  ]);
  expect(forward).not.toHaveProperty('loss');
  expect(forward).not.toHaveProperty('input');
  for (const layer of forward.layers) expect(layer).not.toHaveProperty('gradient');
  for (const layer of model.layers) layer.trainable = false;
  const frozen = diagnosed(model, { x: words, y: batch().y }, { loss: crossEntropy, lr: 1 });
  for (const { gradient, weight } of frozen.layers) {
    expect(gradient!.norm).toBeGreaterThan(0);
    expect(weight?.gradientNorm).toBe(undefined);
  }
});

test('recurrent and separable layers, several inputs and outputs', () => {
  const recurrent = tf.sequential();
  const cell = tf.layers.lstm({ units: 4, returnSequences: true }) as tf.RNN;
  const inner = tf.layers.dense({ units: 5, activation: 'relu' });
  recurrent.add(tf.layers.timeDistributed({ layer: inner, inputShape: [7, 3] } as never));
  recurrent.add(tf.layers.bidirectional({ layer: cell, mergeMode: 'concat' }));
  recurrent.add(tf.layers.layerNormalization());
  recurrent.add(tf.layers.gru({ units: 4 }));
  recurrent.add(tf.layers.dense({ units: 3 }));
  const sequences = tf.tensor3d(noise(4, rows * 21), [rows, 7, 3]);
  const { layers } = diagnosed(recurrent, { x: sequences, y: batch().y }, { loss: crossEntropy });
  expect(layers.map(({ kind, units, positions, layer }) => [kind, units, positions, layer])).toEqual([
    ['timedistributed', 5, 7, 0],
    ['bidirectional', 8, 7, 1],
    ['layernormalization', 8, 7, 2],
    ['gru', 4, undefined, 3],
    ['linear', 3, undefined, 4],
  ]);
  expect(layers.every(({ gradient }) => gradient && gradient.norm > 0)).toBe(true);

  const [image, numbers] = [tf.input({ shape: [6, 6, 2] }), tf.input({ shape: [4] })];
  const separable = tf.layers.separableConv2d({ filters: 3, kernelSize: 3, activation: 'relu', name: 'separable' });
  const flat = tf.layers.flatten().apply(separable.apply(image)) as tf.SymbolicTensor;
  const joined = tf.layers.concatenate().apply([flat, numbers]) as tf.SymbolicTensor;
  const outputs = [3, 1].map((units) => tf.layers.dense({ units, name: `of${units}` }).apply(joined));
  const model = tf.model({ inputs: [image, numbers], outputs: outputs as tf.SymbolicTensor[] });
  const x = [tf.tensor4d(noise(5, rows * 72), [rows, 6, 6, 2]), tf.tensor2d(noise(6, rows * 4), [rows, 4])];
  const y = [batch().y, tf.ones([rows, 1])];
  const loss = (labels: tf.Tensor, made: tf.Tensor) => tf.losses.meanSquaredError(labels, made) as tf.Tensor;
  const both = diagnosed(model, { x, y }, { loss });
  expect(both.layers.map(({ name, kind, units }) => [name?.replace(/_.*/, ''), kind, units])).toEqual([
    ['separable', 'conv', 3],
    ['separable', 'relu', 3],
    ['flatten', 'flatten', 48],
    ['concatenate', 'concatenate', 52],
    ['of3', 'linear', 3],
    ['of1', 'linear', 1],
  ]);
  expect(both).not.toHaveProperty('input');
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  expect(diagnosed(model, { x, y }).loss).toBeCloseTo(both.loss!, 5);
  expect(() => diagnosed(model, { x, y: y[0] })).toThrow(/y has 1 tensors and the model 2 losses/);
  model.optimizer.dispose();
});

test('values that are not finite have a verdict', () => {
  const model = translated(nn.sequential([nn.linear(8, 16, { seed: 1 }), nn.linear(16, 3, { seed: 2 })]), 'relu');
  const [kernel, bias] = model.layers[0].getWeights();
  const values = kernel.arraySync() as number[][];
  values[2][3] = Number.NaN;
  model.layers[0].setWeights([tf.tensor2d(values), bias]);
  const [{ code, message }] = diagnosed(model, batch(), { loss: crossEntropy }).verdicts;
  expect(code).toBe('nonFinite');
  expect(message).toMatch(/^Less than 1 %|^1 % of .*\.weight of layer \S+ are NaN/);
});

describe('errors leave the model as it was', () => {
  const model = () => translated(nn.sequential([nn.linear(8, 4, { seed: 1 }), nn.linear(4, 3, { seed: 2 })]), 'relu');
  test.each<[RegExp, () => Parameters<typeof diagnoseTfjs>]>([
    [/diagnoseTfjs: model is an object; pass a tf.LayersModel/, () => [{} as never, batch()]],
    [/diagnoseTfjs: model is undefined/, () => [undefined as never, batch()]],
    [/diagnoseTfjs: x is undefined; pass a tensor/, () => [model(), {} as never]],
    [/diagnoseTfjs: x is a Float32Array of 400; pass a tensor/, () => [model(), { x } as never]],
    [/diagnoseTfjs: y is the array \[1\]/, () => [model(), { ...batch(), y: [1] } as never]],
    [/diagnoseTfjs: unknown option labels/, () => [model(), { ...batch(), labels } as never]],
    [/diagnoseTfjs: y has 1 tensors and the model 0 losses; compile it, or pass loss/, () => [model(), batch()]],
    [/diagnoseTfjs: loss is the string "mse"; pass a function/, () => [model(), batch(), { loss: 'mse' as never }]],
    [/lr is -1/, () => [model(), batch(), { loss: crossEntropy, lr: -1 }]],
  ])('%s', (message, make) => {
    expect(() => diagnoseTfjs(...make())).toThrow(message);
  });

  test('in the loss, or in the model', () => {
    const fails = (): tf.Tensor => {
      throw new Error('of the loss');
    };
    const it = model();
    expect(() => diagnosed(it, batch(), { loss: fails })).toThrow('of the loss');
    const custom = tf.customGrad((z) => ({
      value: (z as tf.Tensor).clone(),
      gradFunc: () => fails(),
    })) as (z: tf.Tensor) => tf.Tensor;
    expect(() => diagnosed(it, batch(), { loss: (y, outputs) => crossEntropy(y, custom(outputs)) })).toThrow(
      'of the loss',
    );
    const wrong = tf.zeros([2, 9]);
    const { numTensors } = tf.memory();
    expect(() => diagnoseTfjs(it, { x: wrong })).toThrow();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(diagnosed(it, batch(), { loss: crossEntropy }).verdicts).toEqual([]);
  });
});
