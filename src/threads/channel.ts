// Requests of training steps through shared words: a request and its answer take 14 us, messages 70.

import type { StepRequest, StepResult } from '../nn/step.js';
import { DONE, HAS_GRADIENTS, LOSS, LR, NORM, POLLING, REQUESTED, ROWS, sharedWords } from './barrier.js';

/** Atomics.waitAsync: waits for a word to change, without blocking the thread. */
type WaitAsync = (words: Int32Array, at: number, value: number) => { async: boolean; value: Promise<string> | string };

/** Requests training steps through shared words. */
export interface StepChannel {
  step(request: StepRequest): Promise<StepResult>;
  /** Makes the threads receive messages, and no longer poll for steps. */
  stopPolling(): void;
  /** Ends a wait for a step, which would otherwise retain the memory. */
  close(): void;
}

/**
 * A channel on a plan's words; undefined in engines without Atomics.waitAsync, where messages are used. wake(index) tells a thread
 * that does not poll to begin.
 */
export function stepChannel(
  { barrier, threads }: { barrier: Uint32Array; threads: number },
  wake: (index: number) => void,
): StepChannel | undefined {
  const { waitAsync } = Atomics as { waitAsync?: WaitAsync };
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
    // A request of 0 rows ends polling.
    stopPolling: () => request(0),
    close() {
      closed = true;
      Atomics.notify(words, DONE);
    },
  };
}
