// Signals and gradients through many layers, measured on random networks of this package's kernels.

import { type Activation, activation, type Generator, nn, random } from 'fanwise';
import { square } from './claim.js';

/** Fills the weights of a layer. */
export type Initialise = (weight: Float32Array, n: number, rng: Generator) => void;

/** Independent normals of variance scaled / n (1: LeCun, Xavier; 2: He). */
export const gaussian =
  (scaled: number): Initialise =>
  (weight, n, rng) =>
    void rng.normal({ out: weight, std: Math.sqrt(scaled / n) });

export interface Signals {
  /** The mean square of the pre-activations, layer by layer. */
  q: number[];
  /** The mean square of the gradient by the pre-activations. */
  gradient: number[];
  /** The share of |activations| above 0.99. */
  saturated: number[];
}

/** A square matrix that multiplies rows, forward or (transposed) backward. */
function multiplier(n: number): (weight: Float32Array, x: Float32Array) => Float32Array {
  const layer = nn.linear(n, n, { seed: 0, bias: false });
  const model = nn.sequential([layer]);
  return (weight, x) => {
    layer.weight.data.set(weight);
    return model.forward(x);
  };
}

function transposed(w: Float32Array, n: number): Float32Array {
  const t = new Float32Array(w.length);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) t[j * n + i] = w[i * n + j];
  return t;
}

/** One random network: rows of standard normals forward, standard normal gradients back. */
export function propagate(
  name: Activation,
  layers: number,
  n: number,
  initialise: Initialise,
  rng: Generator,
  rows = 32,
): Signals {
  const multiply = multiplier(n);
  const f = activation[name] as (typeof activation)['tanh'];
  const weights: Float32Array[] = [];
  const outputs: Float32Array[] = [];
  const result: Signals = { q: [], gradient: [], saturated: [] };
  let x = rng.fork('input').normal(rows * n);
  for (let l = 0; l < layers; l++) {
    const weight = new Float32Array(n * n);
    initialise(weight, n, rng.fork(`layer ${l}`));
    const h = multiply(weight, x);
    result.q.push(square(h));
    x = f.forward(h);
    weights.push(weight);
    outputs.push(x);
    result.saturated.push(x.filter((v) => Math.abs(v) > 0.99).length / x.length);
  }
  let dy: Float32Array = rng.fork('gradient').normal(rows * n);
  for (let l = layers - 1; l >= 0; l--) {
    const dh = f.backward({ y: outputs[l], dy });
    result.gradient[l] = square(dh);
    dy = multiply(transposed(weights[l], n), dh);
  }
  return result;
}

/**
 * One input through ReLU layers of N units with weights of any symmetric distribution and no biases: how many layers have an
 * output that is not 0 everywhere.
 */
export function reach(f: 'relu' | 'leakyRelu', width: number, layers: number, weights: Float32Array): number {
  let x: Float32Array = new Float32Array(width).fill(1);
  for (let l = 0; l < layers; l++) {
    const at = l * width * width;
    const h = Float32Array.from({ length: width }, (_, i) =>
      x.reduce((sum, v, j) => sum + v * weights[at + i * width + j], 0),
    );
    x = activation[f].forward(h);
    if (x.every((v) => v === 0)) return l;
  }
  return layers;
}

/** The mean over several networks, each with a seed of its own, and its standard error. */
export function average(networks: number, one: (rng: Generator) => number): { mean: number; error: number } {
  const values = Array.from({ length: networks }, (_, i) => one(random.philox(i)));
  const mean = values.reduce((a, b) => a + b, 0) / networks;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, networks - 1);
  return { mean, error: Math.sqrt(variance / networks) };
}
