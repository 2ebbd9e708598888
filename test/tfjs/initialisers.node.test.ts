// In TensorFlow.js itself, on its CPU backend.

import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { activation, init, random } from '../../src/index.js';
import { initialisers } from '../../src/init/table.js';
import * as all from '../../src/tfjs/initialisers.js';
import { hash, mean, variance } from '../oracle.js';

const fanwise = { ...all };
const kernel = (layer: tf.layers.Layer) => layer.getWeights()[0].dataSync() as Float32Array;
const dense = (kernelInitializer: ReturnType<typeof fanwise.heNormal>, inputs = 784, units = 100) => {
  const layer = tf.layers.dense({ units, kernelInitializer, inputShape: [inputs] });
  tf.sequential({ layers: [layer] });
  return layer;
};

test('every initialiser is there by its name', () => {
  expect(Object.keys(fanwise).sort()).toEqual([...Object.keys(initialisers), 'orthogonal'].sort());
});

test.each(['heNormal', 'xavierUniform', 'lecunNormal', 'kerasHeNormal', 'truncatedNormal', 'orthogonal'] as const)(
  '%s: the values are init’s in the layout of TensorFlow.js, from seed 0 too',
  (name) => {
    for (const seed of [0, 'text', 2 ** 40]) {
      const values = kernel(dense(fanwise[name]({ seed })));
      const expected = init[name as 'heNormal']([784, 100], { rng: random.philox(seed), layout: 'io' });
      expect(hash(values)).toBe(hash(expected));
    }
  },
);

test('the standard deviation is what is claimed; that of TensorFlow.js’ heNormal is 0.88 of it', () => {
  const std = Math.sqrt(2 / 784);
  const error = 5 * Math.sqrt(1 / (2 * 78_400));
  const ours = kernel(dense(fanwise.heNormal({ seed: 0 })));
  expect(Math.abs(Math.sqrt(variance(ours)) / std - 1)).toBeLessThan(error);
  expect(Math.abs(mean(ours))).toBeLessThan((5 * std) / 280);
  const theirs = kernel(dense(tf.initializers.heNormal({ seed: 1 }) as never));
  expect(Math.abs(Math.sqrt(variance(theirs)) / std - 0.8796)).toBeLessThan(error);
});

test('convolutions: [height, width, in, out] has fanIn height x width x in', () => {
  const layer = tf.layers.conv2d({
    filters: 64,
    kernelSize: 3,
    inputShape: [8, 8, 32],
    kernelInitializer: fanwise.heNormal({ seed: 1 }),
  });
  tf.sequential({ layers: [layer] });
  const values = kernel(layer);
  expect(Math.abs(Math.sqrt(variance(values) / (2 / 288)) - 1)).toBeLessThan(5 * Math.sqrt(1 / (2 * values.length)));
});

/** n times the variance. */
const scaled = (layer: { getWeights(): tf.Tensor[] }, inputShape: number[], n: number) => {
  tf.sequential({ layers: [tf.layers.inputLayer({ inputShape }), layer as tf.layers.Layer] });
  const values = kernel(layer as tf.layers.Layer);
  return { scaled: n * variance(values, 0), error: 5 * Math.sqrt(2 / values.length) };
};

test('a depthwise kernel, [height, width, in, multiplier], has fanIn height x width', () => {
  for (const [depthMultiplier, inputs] of [
    [1, 640],
    [3, 200],
  ]) {
    const made = (o: object) =>
      tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier, ...o } as never) as tf.layers.Layer;
    const forward = fanwise.lecunNormal({ seed: 1, depthwise: true });
    const one = scaled(made({ depthwiseInitializer: forward }), [8, 8, inputs], 9);
    expect(Math.abs(one.scaled - 1)).toBeLessThan(one.error);
    const out = fanwise.kaimingNormal({ seed: 1, depthwise: true, mode: 'fanOut', gain: 1 });
    const other = scaled(made({ depthwiseInitializer: out }), [8, 8, inputs], 9 * depthMultiplier);
    expect(Math.abs(other.scaled - 1)).toBeLessThan(other.error);
    // The shape alone is a convolution's, here as in TensorFlow.js.
    const alone = scaled(made({ depthwiseInitializer: fanwise.lecunNormal({ seed: 1 }) }), [8, 8, inputs], 9 * inputs);
    expect(Math.abs(alone.scaled - 1)).toBeLessThan(alone.error);
  }
  // Each input has a group of its own: a kernel of length 1.
  const values = fanwise.orthogonal({ seed: 1, depthwise: true }).apply([3, 3, 5, 1]).dataSync();
  for (let input = 0; input < 5; input++) {
    let square = 0;
    for (let place = 0; place < 9; place++) square += values[5 * place + input] ** 2;
    expect(Math.abs(square - 1)).toBeLessThan(1e-5);
  }
});

test('a transposed kernel, [height, width, out, in], has fanIn height x width x in', () => {
  const made = (kernelInitializer: unknown) =>
    tf.layers.conv2dTranspose({ kernelSize: 3, filters: 8, kernelInitializer } as never) as tf.layers.Layer;
  const one = scaled(made(fanwise.lecunNormal({ seed: 1, transposed: true })), [8, 8, 128], 9 * 128);
  expect(Math.abs(one.scaled - 1)).toBeLessThan(one.error);
  const alone = scaled(made(fanwise.lecunNormal({ seed: 1 })), [8, 8, 128], 9 * 8);
  expect(Math.abs(alone.scaled - 1)).toBeLessThan(alone.error);
});

test.each([[[10_000]], [[2, 5, 10, 4, 5, 5]]])(
  'shape %o: both fans are the root of 10,000, as in TensorFlow.js',
  (shape) => {
    const of = (initializer: { apply(shape: number[]): tf.Tensor }) =>
      100 * variance(initializer.apply(shape).dataSync() as Float32Array, 0);
    const error = 5 * Math.sqrt(2 / 10_000);
    expect(Math.abs(of(fanwise.lecunNormal({ seed: 1 })) - 1)).toBeLessThan(error);
    expect(Math.abs(of(fanwise.glorotUniform({ seed: 1 })) - 1)).toBeLessThan(error);
    expect(Math.abs(of(tf.initializers.leCunUniform({ seed: 1 }) as never) - 1)).toBeLessThan(error);
    expect(Math.abs(of(fanwise.lecunNormal({ seed: 1, fanIn: 200 })) - 0.5)).toBeLessThan(error);
  },
);

test('a bias of a dense layer', () => {
  const layer = tf.layers.dense({ units: 100, inputShape: [4], biasInitializer: fanwise.heNormal({ seed: 1 }) });
  tf.sequential({ layers: [layer] });
  expect(Math.abs(5 * variance(layer.getWeights()[1].dataSync() as Float32Array, 0) - 1)).toBeLessThan(0.7);
  expect(fanwise.heNormal({ seed: 1 }).apply([0]).shape).toEqual([0]);
});

test('options go through; two layers of one initialiser differ; rng is drawn from', () => {
  const wide = kernel(dense(fanwise.xavierNormal({ seed: 1, gain: 3 })));
  const plain = kernel(dense(fanwise.xavierNormal({ seed: 1 })));
  expect(Math.abs(wide[5] / plain[5] - 3)).toBeLessThan(1e-6);
  const shared = fanwise.heNormal({ seed: 1 });
  expect(kernel(dense(shared))[0]).not.toBe(kernel(dense(shared))[0]);
  const rng = random.philox(9);
  kernel(dense(fanwise.heNormal({ rng }), 4, 4));
  expect(rng.state()).not.toEqual(random.philox(9).state());
});

describe('a model', () => {
  const make = () =>
    tf.sequential({
      layers: [
        tf.layers.dense({
          units: 16,
          activation: 'tanh',
          inputShape: [2],
          kernelInitializer: fanwise.xavierNormal({ seed: 4 }),
        }),
        tf.layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: fanwise.xavierNormal({ seed: 5 }) }),
      ],
    });

  test('learns XOR', async () => {
    const model = make();
    model.compile({ optimizer: tf.train.adam(0.1), loss: 'binaryCrossentropy' });
    const [x, y] = [tf.tensor2d([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]), tf.tensor2d([0, 1, 1, 0], [4, 1])];
    await model.fit(x, y, { epochs: 100, verbose: 0 });
    expect(Array.from((model.predict(x) as tf.Tensor).dataSync(), Math.round)).toEqual([0, 1, 1, 0]);
  });

  test('says in JSON which kernel its initialisers are for', () => {
    const config = fanwise.heNormal({ seed: 4, depthwise: true }).getConfig();
    expect(config).toEqual({ seed: 4, depthwise: true });
  });

  test('goes through JSON with its initialisers', async () => {
    const json = make().toJSON(null, false);
    const again = await tf.models.modelFromJSON({ modelTopology: json } as never);
    // modelFromJSON draws the weights anew, from the seeds in the file.
    expect(again.getWeights().map((w) => hash(w.dataSync()))).toEqual(
      make()
        .getWeights()
        .map((w) => hash(w.dataSync())),
    );
  });
});

test('hardSigmoid with a slope of 0.2 is TensorFlow.js’', () => {
  const x = Float32Array.from({ length: 800 }, (_, i) => (i - 400) / 100);
  const theirs = (tf.layers.activation({ activation: 'hardSigmoid' }).apply(tf.tensor1d(x)) as tf.Tensor).dataSync();
  const ours = activation.hardSigmoid.forward(x, { slope: 0.2 });
  ours.forEach((v, i) => expect(Math.abs(v - theirs[i])).toBeLessThan(1e-7));
  expect(Math.abs(activation.hardSigmoid.forward(x)[200] - theirs[200])).toBeGreaterThan(0.06);
});

test('errors', () => {
  expect(() => fanwise.heNormal({ depthwise: 1 as never })).toThrow(/heNormal: depthwise is 1; pass true or false/);
  expect(() => fanwise.heNormal({ depthwise: true, transposed: true })).toThrow(/both depthwise and transposed/);
  expect(() => fanwise.heNormal({ groups: 2 } as never)).toThrow(/unknown option groups/);
  for (const [o, word] of [
    [{ depthwise: true }, 'depthwise'],
    [{ transposed: true }, 'transposed'],
  ] as const)
    expect(() => fanwise.heNormal(o).apply([4, 4])).toThrow(
      `fanwise/tfjs: heNormal: shape [4,4] is no ${word} convolution's; pass this initialiser for the kernel of one`,
    );
  expect(() => fanwise.heNormal({ sed: 1 } as never)).toThrow(/fanwise\/tfjs: heNormal: unknown option sed/);
  expect(() => fanwise.heNormal({ seed: 1, rng: random.philox(1) })).toThrow(/both rng and seed/);
  expect(() => fanwise.heNormal({ seed: 1n as never })).toThrow(/seed is 1n, which JSON has not/);
  expect(() => fanwise.heNormal({ seed: 1 }).apply([2, 2], 'int32')).toThrow(
    /the type of the layer is the string "int32"/,
  );
});
