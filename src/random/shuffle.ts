// Random orders of rows: Fisher and Yates' shuffle, and rows sorted by random words. Memory is allocated before the generator
// moves.

/** Arrays of so many words for the order of n rows, or the error. */
function allocateWords(where: string, n: number, lengths: readonly number[]): Uint32Array[] {
  try {
    return lengths.map((length) => new Uint32Array(length));
  } catch {
    const bytes = 4 * lengths.reduce((sum, length) => sum + length, 0);
    throw new RangeError(`${where}: n is ${n}, whose ${bytes} bytes do not fit into memory; pass a smaller n`);
  }
}

/** Fills `out` with the words of a draw from an index on. Calls go through the draw in order. */
export type Words = (out: Uint32Array, from: number) => void;

/** What a shuffle draws. */
interface Shuffle {
  /** Words a step. */
  each: number;
  /** Begins a draw of so many words. */
  draw(count: number): Words;
  /** Which of the `left` rows that are left the words at an index pick. */
  pick(words: Uint32Array, at: number, left: number): number;
}

/** Steps whose words are drawn together: a long order needs little more memory than its own. */
const STEPS = 8192;

/** 0 to n - 1 in an order: at step i the row that is `pick` further on, of n - i, is swapped in (Fisher and Yates). */
export function shuffled(where: string, n: number, { each, draw, pick }: Shuffle): Uint32Array {
  const steps = Math.max(0, n - 1);
  const [order, chunk] = allocateWords(where, n, [n, each * Math.min(STEPS, steps)]);
  const fill = draw(each * steps);
  for (let i = 0; i < n; i++) order[i] = i;
  for (let from = 0; from < steps; from += STEPS) {
    const to = Math.min(steps, from + STEPS);
    const words = chunk.subarray(0, each * (to - from));
    fill(words, each * from);
    for (let i = from; i < to; i++) {
      const j = i + pick(words, each * (i - from), n - i);
      const swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
  }
  return order;
}

/** Bits that a pass of the sort goes by, as a mask too, and the passes for a word of 32. */
const DIGIT = 11;
const MASK = (1 << DIGIT) - 1;
const PASSES = 3;

/**
 * 0 to n - 1 sorted by random words, stably, as often as `draws` gives words: a radix sort, since a typed array of more than
 * 2^27 values is not sorted by a comparison in V8.
 */
export function sortedByWords(where: string, n: number, draws: () => Iterable<Words>): Uint32Array {
  let [rows, otherRows, words, otherWords] = allocateWords(where, n, [n, n, n, n]);
  for (let i = 0; i < n; i++) rows[i] = i;
  const ends = new Uint32Array(1 << DIGIT);
  for (const fill of draws()) {
    fill(words, 0);
    for (let pass = 0; pass < PASSES; pass++) {
      const shift = pass * DIGIT;
      ends.fill(0);
      for (let i = 0; i < n; i++) ends[(words[i] >>> shift) & MASK]++;
      for (let d = 1; d < ends.length; d++) ends[d] += ends[d - 1];
      for (let i = n - 1; i >= 0; i--) {
        const to = --ends[(words[i] >>> shift) & MASK];
        otherRows[to] = rows[i];
        otherWords[to] = words[i];
      }
      [rows, otherRows, words, otherWords] = [otherRows, rows, otherWords, words];
    }
  }
  return rows;
}
