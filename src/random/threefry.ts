// JAX's generator: Threefry2x32-20 with its layout of keys and counters (jax_threefry_partitionable, the default since
// JAX 0.5). A first draw from a key is what jax.random makes of that key; a draw after it goes on in the counter, which
// JAX, where keys are used once, does not do.

import { utf8 } from '../host.js';
import { counterSource } from './counter.js';
import { sortedByWords, type Words } from './shuffle.js';
import { type Source, WORD } from './source.js';
import { blockOf, type State, wholeOf, wrongState } from './state.js';

/** Two words. */
export type Key = readonly [first: number, second: number];

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

/** Threefry2x32-20 of one counter. */
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

/** The words by which JAX's permutation sorts n rows, in as many rounds as make equal words unlikely. */
function* roundsOf(n: number, key: Key): Iterable<Words> {
  let round = key;
  for (let spread = 1; spread < n * n * n; spread *= WORD - 1) {
    const source = threefry(cipher(round, [0, 1]));
    yield (out, from) => source.bits(out, { from, of: n });
    round = cipher(round, [0, 0]);
  }
}

/** A label's bytes, four at a time, folded in with another first word than JAX's fold_in has. */
function foldInLabel(key: Key, label: string): Key {
  let folded = key;
  const bytes = utf8(label);
  for (let i = 0; i <= bytes.length; i += 4) {
    let word = 0;
    // Behind the last byte comes 128, so that no two labels end alike.
    for (let k = 3; k >= 0; k--) word = word * 256 + (bytes[i + k] ?? (i + k === bytes.length ? 128 : 0));
    folded = cipher(folded, [1, word]);
  }
  return folded;
}

/** A source of a key, at a block of its counter. */
export function threefry(key: Key, start = 0): Source {
  const { block, skip, ...source } = counterSource('threefry', 'threefryBits', [...key, 0, 0], start);
  const sorted = (method: string) => (n: number) =>
    sortedByWords(`random.threefry.${method}`, n, () => {
      const from = skip(n);
      // Not at the start of a key's counter: a key of its own, which no split, foldIn or fork has.
      const high = (0x80000000 | Math.floor(from / WORD)) >>> 0;
      return roundsOf(n, from === 0 ? key : cipher(key, [high, from % WORD]));
    });
  return {
    ...source,
    permutation: sorted('permutation'),
    order: sorted('order'),
    fork: (label) => threefry(foldInLabel(key, label)),
    split: (n) => Array.from({ length: n }, (_, i) => threefry(cipher(key, [0, i]))),
    foldIn: (data) => threefry(cipher(key, [0, data])),
    state: () => ({ generator: 'threefry', key: [...key], block: block() }),
  };
}

/** The source that stood at a state. */
export function restoreThreefry(state: State): Source {
  const { key } = state;
  if (!Array.isArray(key) || key.length !== 2) throw wrongState('key', key);
  const [first, second] = Array.from(key, (word, i) => wholeOf(`key[${i}]`, word, WORD - 1));
  return threefry([first, second], blockOf(state));
}
