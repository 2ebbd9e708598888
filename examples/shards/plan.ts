// What is written: parts of a matrix of 2^32 values, 17 GB, of which no process ever holds more than a shard's share.

import { createHash } from 'node:crypto';
import { init, random } from 'fanwise';

export const shape = [65_536, 65_536];
export const SIZE = 2 ** 32;

export interface Plan {
  seed: number;
  /** Files that the whole is cut into; their borders are at no round places. */
  shards: number;
  /** Slices that are written, of so many values each: all of them would be the whole. */
  slices: number;
  length: number;
}
export type Range = readonly [from: number, to: number];

/** Any part of the matrix, made on the spot: a value depends on the seed, the name and its place alone. */
export const make = ({ seed }: Plan, slice: Range): Float32Array =>
  init.xavierNormal(shape, { rng: random.philox(seed).fork('weight'), slice });

/** From the first value to the last one, at equal distances. */
export const slicesOf = ({ slices, length }: Plan): Range[] =>
  Array.from({ length: slices }, (_, i) => {
    const from = Math.round((i / (slices - 1)) * (SIZE - length));
    return [from, from + length];
  });

const border = ({ shards }: Plan, k: number) => Math.round((k / shards) * SIZE);

/** What of the slices is in one shard: a slice that crosses its border is in two. */
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
/** Names in the order of the alphabet are places in order. */
export const nameOf = ([from, to]: Range) => `weight.${digits(from, 10)}-${digits(to, 10)}`;
/** What a file says of itself, so that one of another plan is not taken for one of this. */
export const metadataOf = ({ seed }: Plan) => ({
  ...{ format: 'pt', initialiser: 'xavierNormal', shape: JSON.stringify(shape), seed: String(seed), fork: 'weight' },
});

/** The hash of values, whatever parts they come in. */
export function hashOf(parts: Iterable<Float32Array>): string {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of parts) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}
