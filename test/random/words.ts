// Generators whose next words are given. Philox and Threefry are bijections of the counter for a key, so for any word there is a
// block that gives it; the state of MT19937 is its next words, tempered.

import { random } from '../../src/index.js';
import type { GeneratorState } from '../../src/random/generator.js';
import type { Key } from '../../src/random/threefry.js';

/** The high word of a product of two words. */
function high(a: number, b: number): number {
  const low = (a & 0xffff) * b;
  return Math.floor(((a >>> 16) * b + Math.floor(low / 65536)) / 65536) >>> 0;
}

/** x with x * odd = 1 modulo 2^32, by Newton's iteration. */
function inverse(odd: number): number {
  let x = odd;
  for (let i = 0; i < 5; i++) x = Math.imul(x, 2 - Math.imul(odd, x));
  return x;
}
const [M0, M1] = [0xd2511f53, 0xcd9e8d57];
const [INVERSE0, INVERSE1] = [inverse(M0), inverse(M1)];

type Four = [number, number, number, number];

/** The counter that Philox4x32-10 with key 0 encrypts to four words. */
function philoxCounter(words: Four): Four {
  let [a, b, c, d] = words;
  for (let round = 9; round >= 0; round--) {
    const [k0, k1] = [Math.imul(round, 0x9e3779b9), Math.imul(round, 0xbb67ae85)];
    const third = Math.imul(b, INVERSE1) >>> 0;
    const first = Math.imul(d, INVERSE0) >>> 0;
    [a, b, c, d] = [first, (a ^ high(third, M1) ^ k0) >>> 0, third, (c ^ high(first, M0) ^ k1) >>> 0];
  }
  return [a, b, c, d];
}

/** A philox whose next three words are given. The fourth is tried until the block is one that a state can have. */
function philoxOf(words: readonly number[]): GeneratorState {
  const [a, b = 0, c = 0] = words;
  for (let d = 0; ; d++) {
    const [low, middle, stream0, stream1] = philoxCounter([a, b, c, d]);
    if (middle >= 2 ** 21) continue;
    const stream = String((BigInt(stream1) << 32n) | BigInt(stream0));
    return { generator: 'philox', seed: '0', stream, block: middle * 2 ** 32 + low };
  }
}

const KEY: Key = [0x243f6a88, 0x85a308d3];
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

/** The counter that Threefry2x32-20 encrypts to two words. */
function threefryCounter([a, b]: Key): Key {
  const key = [KEY[0], KEY[1], 0x1bd11bda ^ KEY[0] ^ KEY[1]];
  for (let group = 4; group >= 0; group--) {
    a = (a - key[(group + 1) % 3]) | 0;
    b = (b - key[(group + 2) % 3] - group - 1) | 0;
    for (let round = 3; round >= 0; round--) {
      const r = ROTATIONS[4 * (group % 2) + round];
      b ^= a;
      b = (b >>> r) | (b << (32 - r));
      a = (a - b) | 0;
    }
  }
  return [(a - key[0]) >>> 0, (b - key[1]) >>> 0];
}

/** A threefry at the block of a word, and the index of the word in it. */
function threefryOf(word: number): { state: GeneratorState; index: number } {
  for (let first = 0; ; first++) {
    const [high, low] = threefryCounter([first, (first ^ word) >>> 0]);
    if (high >= 2 ** 23) continue;
    const block = high * 2 ** 30 + Math.floor(low / 4);
    return { state: { generator: 'threefry', key: KEY, block }, index: low % 4 };
  }
}

/** y with y ^ shifted(y) = x, for a shift by `bits` bits. */
function unshifted(x: number, bits: number, shifted: (y: number) => number): number {
  let y = x;
  for (let known = bits; known < 32; known += bits) y = x ^ shifted(y);
  return y >>> 0;
}

/** The word of MT19937's state that is tempered to a word. */
function untempered(word: number): number {
  let y = unshifted(word, 18, (v) => v >>> 18);
  y = unshifted(y, 15, (v) => (v << 15) & 0xefc60000);
  y = unshifted(y, 7, (v) => (v << 7) & 0x9d2c5680);
  return unshifted(y, 11, (v) => v >>> 11);
}

const others = random.philox(0).bits(624);

/** A torch whose next words are given. After them come others. */
function torchOf(words: readonly number[], release: string): GeneratorState {
  const state = Array.from(others, (other, i) => untempered(words[i] ?? other));
  return { ...random.torch(0).state(), release, words: state, index: 0 };
}

export type Words = readonly number[];

/** The state of a generator whose next words are given (up to 624 of torch, three of philox, one of threefry), and their slice. */
export function stateOfWords(
  generator: 'philox' | 'threefry' | 'torch' | 'torch 2.11',
  words: Words,
): { state: GeneratorState; slice?: [number, number] } {
  if (generator === 'philox') return { state: philoxOf(words), slice: [0, 4] };
  if (generator !== 'threefry') return { state: torchOf(words, generator === 'torch' ? '2.12' : '2.11') };
  const { state, index } = threefryOf(words[0]);
  return { state, slice: [index, index + 1] };
}
