// Sources: the implementation of a public generator. And seeds, from which they are made.

import { what, whole } from '../check.js';
import { systemBits, utf8 } from '../host.js';
import type { Law } from './distributions.js';

/** A safe integer, a bigint of 64 bits (signed or unsigned) or a text. 0 is a seed like any other. */
export type Seed = number | bigint | string;

/** A slice of a draw of `of` values: it begins at `from` and is as long as the output. */
export interface Slice {
  from: number;
  of: number;
}

/** Draws for a generator, which has checked the arguments. */
export interface Source {
  fill(law: Law, out: Float32Array, slice: Slice): void;
  bits(out: Uint32Array, slice: Slice): void;
  permutation(n: number): Uint32Array;
  /** The order of n rows in a data loader's next epoch. */
  order(n: number): Uint32Array;
  fork(label: string): Source;
  /** JAX's split and fold_in. */
  split?(n: number): Source[];
  foldIn?(data: number): Source;
  /** The state for `random.restore`, which JSON preserves. */
  state(): Record<string, unknown>;
  /** Sets the state to that of a source of the same seed, fork and release. The state is already checked. */
  setState(state: Record<string, unknown>): void;
  /** Why the source has no slices, and what to do; undefined if it has. */
  readonly sequential?: string;
}

/** The sources of all generators that this copy of the package made. */
export const sources = new WeakMap<object, Source>();

/** The source of a generator. TypeError for anything else. */
export function sourceOf(where: string, rng: unknown): Source {
  const source = typeof rng === 'object' && rng !== null ? sources.get(rng) : undefined;
  if (source === undefined)
    throw new TypeError(
      `${where}: rng is ${what(rng)}; pass a generator of this copy of fanwise, such as random.philox(seed)`,
    );
  return source;
}

/** TypeError where both rng and seed are given. */
export function notBoth(where: string, { rng, seed }: { rng?: unknown; seed?: unknown }): void {
  if (rng !== undefined && seed !== undefined) throw new TypeError(`${where}: both rng and seed; pass one`);
}

export const WORD = 2 ** 32;
export const low32 = (x: bigint) => Number(x & 0xffffffffn);
export const high32 = (x: bigint) => Number((x >> 32n) & 0xffffffffn);

/** RangeError for a text with half of a surrogate pair: UTF-8 has the same bytes for each such half. */
export function wellFormed(where: string, name: string, text: string): void {
  if (/\p{Surrogate}/u.test(text))
    throw new RangeError(`${where}: ${name} is ${what(text)}, with half of a surrogate pair; pass a well-formed text`);
}

/** The 64 bits of a seed; without a seed, random bits of the system. */
export function bitsOfSeed(where: string, seed: unknown): bigint {
  if (seed === undefined) {
    const [low, high] = systemBits(where);
    return (BigInt(high) << 32n) | BigInt(low);
  }
  if (typeof seed === 'string') {
    wellFormed(where, 'seed', seed);
    return digest(0n, seed);
  }
  if (typeof seed !== 'bigint') {
    if (typeof seed !== 'number')
      throw new TypeError(`${where}: seed is ${what(seed)}; pass a whole number, a bigint or a text`);
    if (Number.isInteger(seed) && !Number.isSafeInteger(seed))
      throw new RangeError(`${where}: seed is ${seed}, beyond what a number tells exactly; pass it as a bigint`);
    seed = BigInt(whole(where, 'seed', seed, { least: Number.MIN_SAFE_INTEGER }));
  }
  const value = seed as bigint;
  if (value < -(2n ** 63n) || value >= 2n ** 64n)
    throw new RangeError(`${where}: seed is ${value}n; pass one of 64 bits`);
  return BigInt.asUintN(64, value);
}

/** The high 32 bits of the product of two words, computed from products of 16 bits, which are exact. */
function highProduct(a: number, b: number): number {
  const [a0, a1, b0, b1] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  return (a1 * b1 + Math.floor((a0 * b1 + (middle & 0xffff)) / 65536) + Math.floor(middle / 65536)) >>> 0;
}

/**
 * The first two words of Philox4x32-10 for one counter (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). It is
 * in JavaScript, so that a seed needs no WebAssembly module. assembly/random/philox.ts computes many counters.
 */
function philoxBlock(key: [number, number], counter: [number, number, number, number]): [number, number] {
  let [k0, k1] = key;
  let [a, b, c, d] = counter;
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = [highProduct(a, 0xd2511f53), Math.imul(a, 0xd2511f53) >>> 0];
    const [high1, low1] = [highProduct(c, 0xcd9e8d57), Math.imul(c, 0xcd9e8d57) >>> 0];
    [a, b, c, d] = [(high1 ^ b ^ k0) >>> 0, low1, (high0 ^ d ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [a, b];
}

/** 64 bits from a text: Philox encrypts 16 bytes at a time, with the last result as its key. */
export function digest(start: bigint, text: string): bigint {
  const bytes = utf8(text);
  // The text is padded by a one bit, zeros and its length, so that two texts never become the same bytes.
  const view = new DataView(new ArrayBuffer(16 * Math.ceil((bytes.length + 5) / 16)));
  bytes.forEach((byte, i) => view.setUint8(i, byte));
  view.setUint8(bytes.length, 0x80);
  view.setUint32(view.byteLength - 4, bytes.length, true);
  let key: [number, number] = [low32(start), high32(start)];
  for (let at = 0; at < view.byteLength; at += 16) {
    const word = (k: number) => view.getUint32(at + k, true);
    // The counter's block is its words 0 and 1, the stream its words 2 and 3.
    key = philoxBlock(key, [word(8), word(12), word(0), word(4)]);
  }
  return (BigInt(key[1]) << 32n) | BigInt(key[0]);
}
