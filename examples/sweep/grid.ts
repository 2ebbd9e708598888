// The study's grid: how well a network learns, by initialiser, activation, depth and seed.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { digits } from '../service/digits.js';
import { type fills, layersOf } from '../study/train.js';
import { type Activation, nn, random } from './fanwise.js';

export interface Cell {
  initialiser: keyof typeof fills;
  activation: Activation;
  /** Hidden layers, of 100 units each. */
  depth: number;
  seed: number;
  /** Digits for training, and passes over them. */
  rows: number;
  epochs: number;
}
export interface Result {
  cell: Cell;
  /** On a thousand test digits; null if the weights have become NaN or infinite. */
  loss: number | null;
  /** The share of them that is classified rightly. */
  accuracy: number;
  /** SHA-256 of all parameters, or null. It is the same on every machine. */
  parameters: string | null;
}

const axes = {
  full: {
    initialisers: ['he', 'xavier', 'default', 'unit'],
    depths: [1, 10, 30],
    seeds: [0, 1],
    rows: 8000,
    epochs: 5,
  },
  quick: { initialisers: ['he', 'xavier'], depths: [2, 10], seeds: [0, 1], rows: 2000, epochs: 2 },
} as const;

export function grid(size: keyof typeof axes): Cell[] {
  const { initialisers, depths, seeds, rows, epochs } = axes[size];
  return initialisers.flatMap((initialiser) =>
    (['relu', 'tanh'] as const).flatMap((activation) =>
      depths.flatMap((depth) => seeds.map((seed): Cell => ({ initialiser, activation, depth, seed, rows, epochs }))),
    ),
  );
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The name of a job: the same for the same cell, on any machine. Another version may give other bits, and has other names. */
export function idOf({ initialiser, activation, depth, seed, rows, epochs }: Cell): string {
  const all = JSON.stringify([version, initialiser, activation, depth, seed, rows, epochs]);
  return `cell-${createHash('sha256').update(all).digest('hex').slice(0, 24)}`;
}

export const nameOf = ({ initialiser, activation, depth, seed }: Cell) =>
  `${initialiser} + ${activation}, ${depth} deep, seed ${seed}`;

let data: { train: ReturnType<typeof digits>; test: ReturnType<typeof digits> } | undefined;

/** Does one job. The result depends on the cell alone. */
export async function train(cell: Cell): Promise<Result> {
  const { initialiser, activation, depth, seed, rows, epochs } = cell;
  data ??= { train: digits('train', 8000), test: digits('t10k', 1000) };
  const linears = layersOf(depth, initialiser, seed);
  const model = nn.sequential(linears.flatMap((one, l) => (l < depth ? [one, nn.activation(activation)] : [one])));
  const optimizer = nn.sgd({ lr: 0.01, momentum: 0.9, nesterov: true });
  const training = { x: data.train.x.subarray(0, 784 * rows), labels: data.train.labels.subarray(0, rows) };
  const rng = random.philox(seed);
  await nn.fit(model, training, { epochs, batchSize: 100, rng, optimizer, onNonFinite: 'ignore' });
  const { loss, accuracy } = nn.evaluate(model, data.test);
  const finite = Number.isFinite(loss);
  // JSON has no NaN, and the bits of NaNs differ between processors.
  return {
    cell,
    loss: finite ? loss : null,
    accuracy,
    parameters: finite ? createHash('sha256').update(nn.save(model)).digest('hex') : null,
  };
}
