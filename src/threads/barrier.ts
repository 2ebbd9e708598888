// A barrier for threads that share a memory, on shared words (Atomics), and the ranges into which their work is split.

import type { ThreadContext } from '../nn/layer.js';

/**
 * Indices of the shared words of a training. Barrier: how many threads have arrived, and the generation, how many times all
 * have. Steps: how many were requested, how many are done, the rows of the requested one, and whether its gradients are
 * already computed. From POLLING on, for each thread: whether it polls these words for the next step.
 */
export const [ARRIVALS, GENERATION, REQUESTED, DONE, ROWS, HAS_GRADIENTS] = [0, 1, 2, 3, 4, 5];
export const POLLING = 12;
/** Indices of binary64 numbers in the same memory: the learning rate, the loss, and the norm of the gradients. */
export const [LR, LOSS, NORM] = [3, 4, 5];

/** How many times a thread polls the barrier before it sleeps: about 20 us. */
const POLLS = 4000;

/** Views of a plan's shared words, as integers and as binary64. */
export const sharedWords = ({ buffer, byteOffset, length }: Uint32Array) => ({
  words: new Int32Array(buffer, byteOffset, length),
  numbers: new Float64Array(buffer, byteOffset, length / 2),
});

/** The range of thread `index` of `threads` in n items, in multiples of `unit`. */
export function rangeOf(n: number, unit: number, threads: number, index: number): [from: number, to: number] {
  const step = Math.ceil(n / threads / unit) * unit;
  return [Math.min(n, index * step), Math.min(n, (index + 1) * step)];
}

/** The context of thread `index` of `threads`. */
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
      for (let i = 0; i < POLLS; i++) if (Atomics.load(words, GENERATION) !== generation) return;
      while (Atomics.load(words, GENERATION) === generation) Atomics.wait(words, GENERATION, generation);
    },
  };
}
