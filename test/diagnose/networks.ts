// What theory is compared with: values of the literature, and networks that are drawn and measured.

import { expect } from 'vitest';
import { diagnose, nn, random } from '../../src/index.js';

/** Fails unless a value is within a relative tolerance. */
export const near = (got: number | null, expected: number, tolerance: number) =>
  expect(Math.abs(got! / expected - 1), `${got} beside ${expected}`).toBeLessThan(tolerance);

// Theory for unit inputs at width 256: q_1, q_10, q_L, g_1 / g_L, and what is to be warned of.
export const named: [string, number, object, number[], string[]][] = [
  ['tanh', 50, { weightVariance: 1 }, [1, 0.05801, 0.010431, 0.014629], []],
  [
    'tanh',
    50,
    { initialiser: ['normal', { std: 0.01 }] },
    [0.0256, 1.15e-16, 2.456e-80, 9.6e-79],
    ['vanishing', 'depth', 'underflow'],
  ],
  ['tanh', 50, { initialiser: 'normal' }, [256, 242.92, 242.92, 1.26e46], ['exploding', 'depth', 'saturated']],
  ['tanh', 50, { weightVariance: 1 / 3 }, [0.3333, 8.94e-6, 7.35e-25, 2.327e-24], ['vanishing', 'depth']],
  ['relu', 30, { initialiser: 'xavierNormal' }, [1, 1.953e-3, 1.863e-9, 1.863e-9], ['vanishing', 'depth']],
  ['relu', 30, { initialiser: 'kaimingNormal' }, [2, 2, 2, 1], []],
  ['relu', 30, { weightVariance: 1 / 3 }, [0.3333, 3.31e-8, 9.05e-24, 2.71e-23], ['vanishing', 'depth']],
];

/** Each linear layer's mean squares, in a network of normal weights whose inputs and gradient are normals. */
export function measured(
  activation: 'tanh' | 'relu' | 'gelu',
  widths: number[],
  variance: number[],
  seed: number,
  rows = 64,
) {
  const rng = random.philox(seed);
  const layers = variance.flatMap((v, l) => {
    const layer = nn.linear(widths[l], widths[l + 1], { seed: 0, bias: false });
    rng.fork(`layer ${l}`).normal({ out: layer.weight.data, std: Math.sqrt(v / widths[l]) });
    return l < variance.length - 1 ? [layer, nn.activation(activation)] : [layer];
  });
  const outputs = widths[widths.length - 1];
  // A squared error against far-off targets: its gradient is a random vector that does not depend on the outputs.
  const targets = rng.fork('targets').normal(rows * outputs, { std: 1e6 });
  const { layers: statistics } = diagnose.probe(
    nn.sequential(layers),
    { x: rng.fork('x').normal(rows * widths[0]), targets },
    { trial: false, loss: 'meanSquaredError' },
  );
  const linear = statistics.filter(({ kind }) => kind === 'linear');
  return { q: linear.map((l) => l.meanSquare), gradient: linear.map((l) => l.gradient.meanSquare) };
}
