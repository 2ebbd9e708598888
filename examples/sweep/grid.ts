// The study's grid: what becomes of a network by its initialiser, its activation, its depth and its seed.

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
  /** Digits that it learns from, and how often. */
  rows: number;
  epochs: number;
}
export interface Result {
  cell: Cell;
  /** On a thousand digits that it has not learnt from; null where the weights are no numbers any more. */
  loss: number | null;
  /** The share of them that it reads. */
  accuracy: number;
  /** SHA-256 of all parameters, or null. Whoever has trained it: the same bits. */
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

/** What a job is called: the same cell, the same name, on any machine. With the version, for another one may train otherwise. */
export function idOf({ initialiser, activation, depth, seed, rows, epochs }: Cell): string {
  const all = JSON.stringify([version, initialiser, activation, depth, seed, rows, epochs]);
  return `cell-${createHash('sha256').update(all).digest('hex').slice(0, 24)}`;
}

export const nameOf = ({ initialiser, activation, depth, seed }: Cell) =>
  `${initialiser} + ${activation}, ${depth} deep, seed ${seed}`;

let data: { train: ReturnType<typeof digits>; test: ReturnType<typeof digits> } | undefined;

/** One job: everything that it depends on is in the cell. */
export async function train(cell: Cell): Promise<Result> {
  const { initialiser, activation, depth, seed, rows, epochs } = cell;
  data ??= { train: digits('train', 8000), test: digits('t10k', 1000) };
  const linears = layersOf(depth, initialiser, seed);
  const model = nn.sequential(linears.flatMap((one, l) => (l < depth ? [one, nn.activation(activation)] : [one])));
  const optimizer = nn.sgd({ lr: 0.01, momentum: 0.9, nesterov: true });
  const learnt = { x: data.train.x.subarray(0, 784 * rows), labels: data.train.labels.subarray(0, rows) };
  for await (const _ of nn.fit(model, learnt, { epochs, batchSize: 100, rng: random.philox(seed), optimizer }));
  const { loss, accuracy } = nn.evaluate(model, data.test);
  const sane = Number.isFinite(loss);
  // JSON has no NaN, and which of the many NaNs it is may differ between processors.
  return {
    cell,
    loss: sane ? loss : null,
    accuracy,
    parameters: sane ? createHash('sha256').update(nn.save(model)).digest('hex') : null,
  };
}
