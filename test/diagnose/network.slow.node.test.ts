// The theory's predictions for whole networks: trained on digits, or drawn by the thousand and counted.

import { describe, expect, test } from 'vitest';
import { mnist } from '../../examples/study/mnist.js';
import { deep } from '../../examples/study/train.js';
import { diagnose, init, nn, random } from '../../src/index.js';

const data = mnist();

test('depth 30, relu, digits: He learns, Xavier does not', { timeout: 600_000 }, async () => {
  for (let seed = 0; seed < 5; seed++) {
    expect(await deep('relu', 30, 'he', seed, data), `He, seed ${seed}`).toBeGreaterThan(50);
    expect(await deep('relu', 30, 'xavier', seed, data), `Xavier, seed ${seed}`).toBeLessThan(30);
  }
});

test('tanh from N(0, 1) stays at least five points below LeCun', { timeout: 600_000 }, async () => {
  for (let seed = 0; seed < 3; seed++) {
    const [unit, lecun] = [await deep('tanh', 1, 'unit', seed, data), await deep('tanh', 1, 'lecun', seed, data)];
    expect(lecun - unit, `seed ${seed}: ${unit} and ${lecun}`).toBeGreaterThan(5);
  }
});

/** The share of relu networks, without biases and with normal weights, that are 0 for all of the inputs. */
function deadShare(networks: number, inputs: number[], width: number, hidden: number, seed: string): number {
  const rng = random.philox(seed);
  const layers = Array.from({ length: hidden }, (_, l) =>
    nn.linear(l === 0 ? 1 : width, width, { seed: 0, bias: false, activation: 'relu' }),
  );
  const model = nn.sequential(layers);
  const x = Float32Array.from(inputs);
  let dead = 0;
  for (let i = 0; i < networks; i++) {
    for (const { weight } of layers) init.kaimingNormal(weight, { rng });
    if (model.forward(x).every((y) => y === 0)) dead++;
  }
  return dead / networks;
}
/** Within five standard errors. */
const expectShare = (share: number, p: number, n: number) =>
  expect(Math.abs(share - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n));

// 1 - (1 - 2^-N)^H for one input, H hidden layers of N units.
test.each([
  [1, 3, 0.875],
  [2, 5, 0.762695],
  [2, 10, 0.943686],
  [3, 10, 0.736924],
  [4, 20, 0.724941],
  [5, 20, 0.470051],
  [8, 50, 0.177737],
  [10, 20, 0.019351],
])('relu of width %i and %i layers is dead for one input as often as theory says', (width, hidden, p) => {
  expectShare(deadShare(4000, [1], width, hidden, `one ${width} ${hidden}`), p, 4000);
  const widths = [1, ...new Array<number>(hidden).fill(width), 1];
  const { warnings } = diagnose.theory({ widths, activation: 'relu', weightVariance: 2 });
  expect(warnings.find(({ code }) => code === 'dead')!.message).toContain(`${(100 * p).toFixed(1)} %`);
});

describe('relu is dead for all inputs', () => {
  test('width 2, two hidden layers: exactly 5 in 32', () => {
    expectShare(deadShare(40_000, [1, -1], 2, 2, 'all 2 2'), 0.15625, 40_000);
  });
  // The lower bound is a Markov chain of three states, the upper one the chance for a single input (Lu et al. 2020).
  test.each([
    [2, 4, 0.476685, 0.683594],
    [3, 9, 0.513389, 0.699342],
    [4, 9, 0.204164, 0.440575],
    [5, 19, 0.213793, 0.452956],
  ])('width %i, %i hidden layers: between its bounds', (width, hidden, lower, upper) => {
    const n = 4000;
    const share = deadShare(n, [1, -1], width, hidden, `all ${width} ${hidden}`);
    const error = 5 * Math.sqrt((share * (1 - share)) / n);
    expect(share).toBeGreaterThan(lower - error);
    expect(share).toBeLessThan(upper + error);
  });
});

describe('from zeros', () => {
  const rows = 100;
  const batch = { x: data.train.x.slice(0, 784 * rows), labels: data.train.labels.slice(0, rows) };
  const net = (f: 'tanh' | 'relu' | 'sigmoid', value: number) => {
    const layers = [nn.linear(784, 100, { seed: 1 }), nn.linear(100, 10, { seed: 2 })];
    for (const { weight, bias } of layers) {
      init.constant(weight, { value });
      init.zeros(bias!);
    }
    return nn.sequential([layers[0], nn.activation(f), layers[1]]);
  };
  test.each(['tanh', 'relu'] as const)(
    '%s: the gradients by the weights are exactly 0, only the output bias learns',
    async (f) => {
      const model = net(f, 0);
      const { layers } = diagnose.probe(model, batch, { trial: false });
      expect(layers.map(({ weight }) => weight?.gradientNorm)).toEqual([0, undefined, 0]);
      for await (const _ of nn.fit(model, batch, { optimizer: nn.sgd({ lr: 0.1 }), seed: 1 }));
      const moved = Object.entries(model.parameters).filter(([, { data: values }]) => values.some((v) => v !== 0));
      expect(moved.map(([name]) => name)).toEqual(['2.bias']);
    },
  );
  test.each([
    ['sigmoid', 0],
    ['tanh', 0.01],
    ['relu', 0.01],
  ] as const)('%s from %f: the layer learns as one unit', async (f, value) => {
    const model = net(f, value);
    for await (const _ of nn.fit(model, batch, { optimizer: nn.sgd({ lr: 0.1, momentum: 0.9 }), seed: 1, epochs: 3 }));
    const w = model.parameters['0.weight'].data;
    const first = w.slice(0, 784);
    expect(first.some((v) => v !== Math.fround(value))).toBe(true);
    for (let row = 1; row < 100; row++) expect(w.slice(784 * row, 784 * (row + 1))).toEqual(first);
    expect(diagnose.probe(model, batch, { trial: false }).verdicts[0]).toMatchObject({
      code: 'symmetric',
      level: 'error',
    });
  });
});
