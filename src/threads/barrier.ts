// How threads that share a memory wait for each other: a barrier on shared words (Atomics), and the work that each has.

import type { ThreadContext } from '../nn/layer.js';

/**
 * What the shared words of a training are. Of the barrier: how many threads have arrived, and its generation, which counts how
 * often all had. Of steps: how many were requested and how many are done, the rows of the one requested, and whether its
 * gradients were computed already. From POLLING on: whether a thread looks at the words for the next step.
 */
export const [ARRIVALS, GENERATION, REQUESTED, DONE, ROWS, HAS_GRADIENTS] = [0, 1, 2, 3, 4, 5];
export const POLLING = 12;
/** In binary64, indices of the same memory: the learning rate, the loss, and the norm of the gradients. */
export const [LR, LOSS, NORM] = [3, 4, 5];

/** Turns that a thread polls for the others before it sleeps: some 20 us. */
const TURNS = 4000;

export const sharedWords = ({ buffer, byteOffset, length }: Uint32Array) => ({
  words: new Int32Array(buffer, byteOffset, length),
  numbers: new Float64Array(buffer, byteOffset, length / 2),
});

/** The range of thread `index` of so many in n things, in multiples of `unit`. */
export function rangeOf(n: number, unit: number, threads: number, index: number): [from: number, to: number] {
  const step = Math.ceil(n / threads / unit) * unit;
  return [Math.min(n, index * step), Math.min(n, (index + 1) * step)];
}

/** Thread `index` of so many, which wait for each other. */
export function threadContext(words: Int32Array, threads: number, index: number): ThreadContext {
  return {
    first: index === 0,
    range: (n, unit) => rangeOf(n, unit, threads, index),
    wait() {
      if (threads === 1) return;
      const generation = Atomics.load(words, GENERATION);
      if (Atomics.add(words, ARRIVALS, 1) === threads - 1) {
        Atomics.store(words, ARRIVALS, 0);
        Atomics.add(words, GENERATION, 1);
        Atomics.notify(words, GENERATION);
        return;
      }
      for (let i = 0; i < TURNS; i++) if (Atomics.load(words, GENERATION) !== generation) return;
      while (Atomics.load(words, GENERATION) === generation) Atomics.wait(words, GENERATION, generation);
    },
  };
}
