// JAX's generator: Threefry2x32-20 with JAX's layout of keys and counters (jax_threefry_partitionable, the default since JAX
// 0.5). The first draw from a key is jax.random's. Later draws continue the counter, which JAX does not do: there a key is
// used once.

import { allocate } from '../check.js';
import { utf8 } from '../host.js';
import { counterSource } from './counter.js';
import { type Source, WORD } from './source.js';
import { blockOf, type State, wholeOf, wrongState } from './state.js';

/** Two words. */
export type Key = readonly [first: number, second: number];

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

/** Threefry2x32-20 of one counter, in JavaScript: for keys, of which there are few. */
export function cipher([k0, k1]: Key, [c0, c1]: Key): [number, number] {
  const key = [k0, k1, 0x1bd11bda ^ k0 ^ k1];
  let a = (c0 + k0) | 0;
  let b = (c1 + k1) | 0;
  for (let group = 0; group < 5; group++) {
    for (let round = 0; round < 4; round++) {
      const r = ROTATIONS[4 * (group % 2) + round];
      a = (a + b) | 0;
      b = ((b << r) | (b >>> (32 - r))) ^ a;
    }
    a = (a + key[(group + 1) % 3]) | 0;
    b = (b + key[(group + 2) % 3] + group + 1) | 0;
  }
  return [a >>> 0, b >>> 0];
}

/** JAX's permutation: rows are sorted by random words, in as many rounds as make ties unlikely to matter. */
function permuted(rows: Uint32Array, key: Key): Uint32Array {
  const n = rows.length;
  let order = rows;
  let round = key;
  for (let spread = 1; spread < n * n * n; spread *= WORD - 1) {
    const words = new Uint32Array(n);
    threefry(cipher(round, [0, 1])).bits(words, { from: 0, of: n });
    round = cipher(round, [0, 0]);
    const sorted = order.map((_, i) => i).sort((a, b) => words[a] - words[b]); // stable
    order = sorted.map((i) => order[i]);
  }
  return order;
}

/** Folds a label's bytes into a key, four at a time, with another first word than JAX's fold_in. */
function foldInLabel(key: Key, label: string): Key {
  let folded = key;
  const bytes = utf8(label);
  for (let i = 0; i <= bytes.length; i += 4) {
    let word = 0;
    // 128 follows the last byte, so that two labels never become the same words.
    for (let k = 3; k >= 0; k--) word = word * 256 + (bytes[i + k] ?? (i + k === bytes.length ? 128 : 0));
    folded = cipher(folded, [1, word]);
  }
  return folded;
}

/** A source of a key whose next draw begins at a block of the counter. */
export function threefry(key: Key, start = 0): Source {
  const { block, skip, ...source } = counterSource('threefry', 'threefryBits', [...key, 0, 0], start);
  function permutation(n: number): Uint32Array {
    const rows = allocate('random.threefry.permutation', n, Uint32Array).map((_, i) => i);
    const from = block();
    skip(n);
    // After the first draw the key is another one, which no split, foldIn or fork makes.
    const high = (0x80000000 | Math.floor(from / WORD)) >>> 0;
    return permuted(rows, from === 0 ? key : cipher(key, [high, from % WORD]));
  }
  return {
    ...source,
    permutation,
    order: permutation,
    fork: (label) => threefry(foldInLabel(key, label)),
    split: (n) => Array.from({ length: n }, (_, i) => threefry(cipher(key, [0, i]))),
    foldIn: (data) => threefry(cipher(key, [0, data])),
    state: () => ({ generator: 'threefry', key: [...key], block: block() }),
  };
}

/** The source that a state describes. */
export function restoreThreefry(state: State): Source {
  const { key } = state;
  if (!Array.isArray(key) || key.length !== 2) throw wrongState('key', key);
  const [first, second] = Array.from(key, (word, i) => wholeOf(`key[${i}]`, word, WORD - 1));
  return threefry([first, second], blockOf(state));
}
