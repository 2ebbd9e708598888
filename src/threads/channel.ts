// How the calling thread requests steps of a training: through shared words, which takes 14 us there and back, where a message
// takes 70.

import type { StepRequest, StepResult } from '../nn/step.js';
import { DONE, HAS_GRADIENTS, LOSS, LR, NORM, POLLING, REQUESTED, ROWS, sharedWords } from './barrier.js';

/** Waits for a word to change without holding the thread. */
type WaitAsync = (words: Int32Array, at: number, value: number) => { async: boolean; value: Promise<string> | string };
const waitAsync = (Atomics as { waitAsync?: WaitAsync }).waitAsync;

/** Requests of steps through shared words. */
export interface StepChannel {
  step(request: StepRequest): Promise<StepResult>;
  /** The threads no longer poll for steps, and hear messages. */
  stopPolling(): void;
  /** Ends a wait for a step that will not come: it would keep the memory. */
  close(): void;
}

/**
 * A channel on the words of a plan; undefined where messages have to do: layers that draw have more to say than numbers, and
 * not every engine can wait without holding the thread. wake(index) tells a thread that does not poll to do so.
 */
export function stepChannel(
  { barrier, threads }: { barrier: Uint32Array; threads: number },
  wake: (index: number) => void,
): StepChannel | undefined {
  if (waitAsync === undefined) return undefined;
  const { words, numbers } = sharedWords(barrier);
  let closed = false;
  const request = (rows: number) => {
    words[ROWS] = rows;
    Atomics.add(words, REQUESTED, 1);
    Atomics.notify(words, REQUESTED);
    for (let i = 0; i < threads; i++) if (Atomics.load(words, POLLING + i) === 0) wake(i);
  };
  return {
    async step({ count, lr, hasGradients, generators }) {
      words[HAS_GRADIENTS] = Number(hasGradients);
      numbers[LR] = lr;
      const before = Atomics.load(words, DONE);
      request(count);
      while (!closed && Atomics.load(words, DONE) === before) await waitAsync(words, DONE, before).value;
      return { loss: numbers[LOSS], gradientNorm: numbers[NORM], generators };
    },
    // A request of no rows.
    stopPolling: () => request(0),
    close() {
      closed = true;
      Atomics.notify(words, DONE);
    },
  };
}
