// A model: its forward pass, its parameters, and the gradients of any order of layers.

import { expect, test, vi } from 'vitest';
import { activation, init, loss, nn } from '../../src/index.js';
import { hash, noise } from '../oracle.js';
import { network, train, xor } from './xor.js';

/** Networks whose layers share memory in every way: in place, not in place, and behind an output that backward reads. */
const orders: Record<string, () => ReturnType<typeof nn.sequential>> = {
  'linear, tanh, linear': () => network('tanh', 3),
  'linear, relu, sigmoid, linear': () =>
    nn.sequential([
      nn.linear(2, 6, { seed: 1 }),
      nn.activation('relu'),
      nn.activation('sigmoid'),
      nn.linear(6, 2, { seed: 2 }),
    ]),
  'tanh, gelu, linear, silu, tanh, tanh, linear, sigmoid': () =>
    nn.sequential([
      nn.activation('tanh'),
      nn.activation('gelu'),
      nn.linear(2, 5, { seed: 1 }),
      nn.activation('silu'),
      nn.activation('tanh'),
      nn.activation('tanh'),
      nn.linear(5, 2, { seed: 2, bias: false }),
      nn.activation('sigmoid'),
    ]),
  'linear with gelu, linear with tanh, tanh, linear': () =>
    nn.sequential([
      nn.linear(2, 5, { seed: 1, activation: 'gelu' }),
      nn.linear(5, 4, { seed: 2, activation: 'tanh' }),
      nn.activation('tanh'),
      nn.linear(4, 2, { seed: 3, activation: ['leakyRelu', { slope: 0.3 }] }),
    ]),
  'linear, prelu, swiglu, linear, prelu of channels, glu': () =>
    nn.sequential([
      nn.linear(2, 6, { seed: 4 }),
      nn.prelu(),
      nn.swiglu(3),
      nn.linear(3, 4, { seed: 5 }),
      nn.prelu(4),
      nn.glu(2, { gate: 'first' }),
    ]),
};

test.each(Object.entries(orders))('the gradient of a step equals the numerical one: %s', async (_, make) => {
  // One plain step of lr 1 subtracts the gradient from every parameter.
  const quiet = vi.spyOn(console, 'warn').mockImplementation(() => {}); // it says that a last sigmoid bounds the logits
  const model = make();
  const probe = make();
  const before = Object.values(make().parameters).map(({ data }) => Float64Array.from(data));
  await train(model, { epochs: 1, optimizer: nn.sgd({ lr: 1 }), shuffle: false });
  quiet.mockRestore();
  const value = () => loss.crossEntropy.forward({ logits: probe.forward(xor.x), labels: xor.labels, columns: 2 });
  Object.values(probe.parameters).forEach(({ data }, k) => {
    for (let i = 0; i < data.length; i++) {
      const h = 4e-3;
      const weight = data[i];
      const lossAt = (t: number) => {
        data[i] = t;
        return value();
      };
      const slope =
        (8 * (lossAt(weight + h) - lossAt(weight - h)) - (lossAt(weight + 2 * h) - lossAt(weight - 2 * h))) / (12 * h);
      data[i] = weight;
      const step = before[k][i] - Object.values(model.parameters)[k].data[i];
      expect(Math.abs(step - slope), `parameter ${k}, value ${i}`).toBeLessThan(6e-5);
    }
  });
});

test('forward applies the layers one after the other', () => {
  const model = network('relu');
  const x = noise(1, 2 * 300); // more than two batches
  const [w0, b0, w1, b1] = Object.values(model.parameters).map(({ data }) => data);
  const logits = model.forward(x);
  for (let r = 0; r < 300; r += 37) {
    const hidden = Float32Array.from(
      { length: 16 },
      (_, j) => w0[2 * j] * x[2 * r] + w0[2 * j + 1] * x[2 * r + 1] + b0[j],
    );
    const y = activation.relu.forward(hidden);
    for (let k = 0; k < 2; k++) {
      const exact = y.reduce((sum, v, j) => sum + v * w1[16 * k + j], b1[k]);
      expect(Math.abs(logits[2 * r + k] - exact)).toBeLessThan(1e-6);
    }
  }
});

test('parameters have the names of a state_dict; their tensors can be read and written', async () => {
  const model = network();
  expect(Object.keys(model.parameters)).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
  const linear = model.layers[0] as ReturnType<typeof nn.linear>;
  expect(model.parameters['0.weight']).toBe(linear.weight);
  const old = linear.weight.data;
  await train(model, { epochs: 1, batchSize: 4 });
  init.zeros(linear.weight);
  init.zeros(linear.bias!);
  const x = noise(1, 8);
  const bias = model.parameters['2.bias'].data;
  model.forward(x).forEach((v, i) => expect(v).toBe(bias[i % 2]));
  expect(old.buffer === linear.weight.data.buffer).toBe(false); // momentum needed a larger workspace
});

test('the same seed gives the same bits, whatever batches came before', async () => {
  const [a, b] = [network(), network()];
  nn.evaluate(b, { x: noise(1, 2 * 500), labels: new Uint8Array(500) });
  const [first, second] = [await train(a), await train(b)];
  expect(first).toEqual(second);
  expect(hash(a.parameters['0.weight'].data)).toBe(hash(b.parameters['0.weight'].data));
});
