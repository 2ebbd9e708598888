// JAX's generator: Threefry2x32-20 with its layout of keys and counters (jax_threefry_partitionable, the default since
// JAX 0.5). A first draw from a key is what jax.random makes of that key; a draw after it goes on in the counter, which
// JAX, where keys are used once, does not do.

import { allocate } from '../check.js';
import { draw, scalar } from '../wasm/kernels.js';
import { randomModule } from '../wasm/module.js';
import { counted, neighbour, WORD } from './counter.js';
import { degenerate, type Law, type Part, type Source } from './distributions.js';

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

const high = (block: number) => Math.floor(block / WORD);

/** The uniform that JAX makes its normals of: from the last number above -1 on, in 2^23 steps. */
const FROM = -1 + 2 ** -24;

/** erf of the bounds in standard deviations, between which a cut normal is drawn, in JAX as here, in binary32. */
function edges({ mean, std, low, high }: Extract<Law, { distribution: 'truncatedNormal' }>): [number, number] {
  const [from, to] = [low, high].map((bound) =>
    Math.fround(scalar(randomModule, 'erf', ((bound - mean) / std) * Math.SQRT1_2)),
  );
  if (!(to - from > 2 ** -11)) {
    throw new RangeError(
      `random.threefry.truncatedNormal: JAX's rule has fewer than 8,192 values between ${low} and ${high}; move low and high towards the mean, or use random.philox`,
    );
  }
  return [from, to];
}

/** A source that stands at a block of a key's counters. */
export function threefry(key: Key, block = 0): Source {
  const { take, at, bits, move } = counted('random.threefry', 'threefryBits', [...key, 0, 0], block);
  const uniform = (state: Uint32Array, out: Float32Array, low: number, high: number) => {
    const from = Math.fround(low);
    draw(randomModule, 'threefryUniform', state, out, [from, Math.fround(Math.fround(high) - from)]);
  };

  function fill(law: Law, out: Float32Array, part: Part): void {
    if (law.distribution === 'truncatedNormal' && degenerate(law) === undefined) edges(law); // may throw
    const state = take(part);
    switch (law.distribution) {
      case 'constant':
        out.fill(law.value);
        break;
      case 'uniform':
        uniform(state, out, law.low, law.high);
        break;
      case 'normal':
        draw(randomModule, 'threefryNormal', state, out, [FROM, 2, law.mean, law.std, -Infinity, Infinity]);
        break;
      case 'truncatedNormal': {
        const { mean, std, low, high } = law;
        const value = degenerate(law);
        if (value !== undefined) out.fill(value);
        else {
          const [from, to] = edges(law);
          const bounds = [neighbour(low, 1, true), neighbour(high, -1, true)];
          draw(randomModule, 'threefryNormal', state, out, [from, Math.fround(to - from), mean, std, ...bounds]);
        }
        break;
      }
      case 'bernoulli': {
        uniform(state, out, 0, 1);
        const p = Math.fround(law.p);
        for (let i = 0; i < out.length; i++) out[i] = out[i] < p ? 1 : 0;
      }
    }
  }

  /** JAX's permutation: rows sorted by random words, in as many rounds as make equal words unlikely. */
  function permutation(n: number): Uint32Array {
    let order = allocate('random.threefry.permutation', n, Uint32Array).map((_, i) => i);
    const from = at();
    take({ from: 0, of: n });
    // Not in front of a key's counters: a key of its own, which no split, foldIn or fork has.
    let round = from === 0 ? key : cipher(key, [(0x80000000 | high(from)) >>> 0, from % WORD]);
    for (let spread = 1; spread < n * n * n; spread *= WORD - 1) {
      const words = new Uint32Array(n);
      threefry(cipher(round, [0, 1])).bits(words, { from: 0, of: n });
      round = cipher(round, [0, 0]);
      const places = order.map((_, i) => i).sort((a, b) => words[a] - words[b]); // stable
      order = places.map((place) => order[place]);
    }
    return order;
  }

  return {
    bits,
    permutation,
    order: permutation,
    fill,
    fork(label) {
      // A label's bytes, four at a time, folded in with another first word than JAX's fold_in has.
      let made = key;
      const bytes = new TextEncoder().encode(label);
      for (let i = 0; i <= bytes.length; i += 4) {
        let word = 0;
        // Behind the last byte stands 128, so that no two labels end alike.
        for (let k = 3; k >= 0; k--) word = word * 256 + (bytes[i + k] ?? (i + k === bytes.length ? 128 : 0));
        made = cipher(made, [1, word]);
      }
      return threefry(made);
    },
    split: (n) => Array.from({ length: n }, (_, i) => threefry(cipher(key, [0, i]))),
    foldIn: (data) => threefry(cipher(key, [0, data])),
    state: () => ({ generator: 'threefry', key: [...key], block: at() }),
    move,
  };
}
