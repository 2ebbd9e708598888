// What is written: slices of a matrix of 2^32 values (17 GB). No process holds more of it than its part of one shard.

import { createHash } from 'node:crypto';
import { init, random } from 'fanwise';

export const shape = [65_536, 65_536];
export const SIZE = 2 ** 32;

export interface Plan {
  seed: number;
  /** Files that the matrix is split into; their borders are not at the ends of rows. */
  shards: number;
  /** How many slices are written, and how many values each has. */
  slices: number;
  length: number;
}
export type Range = readonly [from: number, to: number];

/** Any slice of the matrix, without the rest: a value depends on the seed, the fork and its index alone. */
export const make = ({ seed }: Plan, slice: Range): Float32Array =>
  init.xavierNormal(shape, { rng: random.philox(seed).fork('weight'), slice });

/** The slices, at equal distances from the first value to the last. */
export const slicesOf = ({ slices, length }: Plan): Range[] =>
  Array.from({ length: slices }, (_, i) => {
    const from = Math.round((i / (slices - 1)) * (SIZE - length));
    return [from, from + length];
  });

const border = ({ shards }: Plan, k: number) => Math.round((k / shards) * SIZE);

/** The parts of the slices in one shard: a slice that crosses a border is in two shards. */
export function piecesOf(plan: Plan, shard: number): Range[] {
  const [start, end] = [border(plan, shard), border(plan, shard + 1)];
  return slicesOf(plan)
    .map(([from, to]): Range => [Math.max(from, start), Math.min(to, end)])
    .filter(([from, to]) => from < to);
}

const digits = (n: number, length: number) => String(n).padStart(length, '0');
export const INDEX = 'model.safetensors.index.json';
export const fileOf = ({ shards }: Plan, shard: number) =>
  `model-${digits(shard + 1, 5)}-of-${digits(shards, 5)}.safetensors`;
/** Names in alphabetical order are in the order of the values. */
export const nameOf = ([from, to]: Range) => `weight.${digits(from, 10)}-${digits(to, 10)}`;
/** A file's metadata, by which a file of another plan is recognised. */
export const metadataOf = ({ seed }: Plan) => ({
  format: 'pt',
  initialiser: 'xavierNormal',
  shape: JSON.stringify(shape),
  seed: String(seed),
  fork: 'weight',
});

/** The hash of values, however they are split. */
export function hashOf(parts: Iterable<Float32Array>): string {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of parts) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}
