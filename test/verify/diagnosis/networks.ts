// The networks on which the diagnosis is verified: drawn from fixed seeds, and trained on handwritten digits.

import { first, mnist } from '../../../examples/study/mnist.js';
import { gain, init, type Layer, type Model, nn, random } from '../../../src/index.js';

/** How many networks are drawn. */
export const NETWORKS = 300;

/** The activations that are drawn. A list of its own, so that a new activation does not change all networks. */
const ACTIVATIONS = [
  ...(['sigmoid', 'tanh', 'relu', 'leakyRelu', 'relu6', 'elu', 'selu', 'celu', 'gelu', 'silu', 'mish'] as const),
  ...(['softplus', 'softsign', 'hardSigmoid', 'hardtanh', 'hardSwish', 'logSigmoid', 'tanhshrink'] as const),
  ...(['softshrink', 'hardshrink', 'threshold', 'squareplus'] as const),
];
/** How weights are drawn. Numbers are gains of normal weights with variance gain^2 / fanIn. */
const SCHEMES = ['default', 'lecun', 'kaiming', 'orthogonal', 'zeros', 'std 0.01', 'std 1', 0.5, 3] as const;
/** The plain schemes of the grid, and its learning rates. */
export const PLAIN = ['default', 'lecun', 'kaiming', 'orthogonal', 1.4, 2.2, 4] as const;
export const RATES = [0.003, 0.01, 0.03, 0.1, 0.3];

export type Weights = (typeof SCHEMES)[number] | (typeof PLAIN)[number];

/** A network, and how it is trained. */
export interface Network {
  id: number;
  /** Hidden layers, and their units. */
  depth: number;
  width: number;
  activation: (typeof ACTIVATIONS)[number];
  /** The share of values that dropout leaves out after each activation. */
  dropout: number;
  weights: Weights;
  lr: number;
  /** What is made of standardised pixels: scale x + shift. */
  scale: number;
  shift: number;
}

const pick = <T>(u: number, list: readonly T[]) => list[Math.min(list.length - 1, Math.floor(u * list.length))];

/** The network of a number. */
export function networkOf(id: number): Network {
  const u = random.philox(`diagnosed network ${id}`).uniform(12);
  return {
    id,
    depth: Math.round(30 ** u[0]),
    width: Math.round(16 * 2 ** (3.5 * u[1])),
    activation: pick(u[2], ACTIVATIONS),
    weights: pick(u[3], SCHEMES),
    lr: Number((10 ** (4 * u[4] - 3.5)).toPrecision(3)),
    scale: u[5] < 0.7 ? 1 : Number((10 ** (4 * u[6] - 2)).toPrecision(2)),
    shift: u[7] < 0.7 ? 0 : pick(u[8], [1, 10, 100]),
    dropout: u[9] < 0.8 ? 0 : pick(u[10], [0.2, 0.5]),
  };
}

export type Examples = { x: Float32Array; labels: Uint8Array };

/** 4,000 digits to train with and 4,000 to test with, standardised by one mean and one standard deviation. */
export function digits(): { train: Examples; test: Examples } {
  const all = mnist();
  const [train, test] = [first(all.train, 4000), first(all.test, 4000)];
  const mean = train.x.reduce((sum, v) => sum + v, 0) / train.x.length;
  const std = Math.sqrt(train.x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / train.x.length);
  return { train: transformed(train, 1 / std, -mean / std), test: transformed(test, 1 / std, -mean / std) };
}

/** Examples with the inputs scale x + shift. */
export const transformed = ({ x, labels }: Examples, scale: number, shift: number): Examples => ({
  x: x.map((v) => v * scale + shift),
  labels,
});

/** The gain that keeps the signal's mean square; 1 where there is none. */
function gainOrOne(name: Network['activation']): number {
  try {
    return gain(name);
  } catch {
    return 1;
  }
}

/** A model of a network, its weights drawn by `weights`. */
export function modelOf({ depth, width, activation: name, dropout }: Network, weights: Weights, seed: string): Model {
  const layers: Layer[] = [];
  for (let l = 0; l <= depth; l++) {
    const isLast = l === depth;
    const layer = nn.linear(l === 0 ? 784 : width, isLast ? 10 : width, { seed: `${seed} ${l}` });
    const options = { seed: `${seed} weights ${l}` };
    const { weight } = layer;
    if (weights !== 'default') layer.bias!.data.fill(0);
    if (weights === 'lecun') init.lecunNormal(weight, options);
    else if (weights === 'kaiming') init.kaimingNormal(weight, { ...options, gain: isLast ? 1 : gainOrOne(name) });
    else if (weights === 'orthogonal') init.orthogonal(weight, options);
    else if (weights === 'zeros') init.zeros(weight);
    else if (weights === 'std 0.01' || weights === 'std 1')
      init.normal(weight, { ...options, std: Number(weights.slice(4)) });
    else if (typeof weights === 'number') init.kaimingNormal(weight, { ...options, gain: isLast ? 1 : weights });
    layers.push(layer);
    if (isLast) break;
    layers.push(nn.activation(name));
    if (dropout > 0) layers.push(nn.dropout({ p: dropout, seed: `${seed} dropout ${l}` }));
  }
  return nn.sequential(layers);
}

/** Trains a model for some epochs, in steps of 32 rows. Returns the share of the test that is right; a tenth if a loss was not finite. */
export async function trained(
  model: Model,
  train: Examples,
  test: Examples,
  lr: number,
  { seed, epochs = 4 }: { seed: string; epochs?: number },
): Promise<number> {
  const optimizer = nn.sgd({ lr });
  for await (const { loss } of nn.fit(model, train, { epochs, seed, optimizer, onNonFinite: 'ignore' }))
    if (!Number.isFinite(loss)) return 0.1;
  return nn.evaluate(model, test).accuracy;
}
