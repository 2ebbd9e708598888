// A training that threads make together: each runs the same passes over the same memory, does its part of each, and waits
// for the others where it needs what they made. Work is parted by rows, or where rows are summed by outputs, and so are
// the bits those of one thread.

import { criterion, noData } from '../nn/criterion.js';
import type { Layer, Share, Spec } from '../nn/layer.js';
import * as layers from '../nn/layers/index.js';
import { drawing, type Model, replanned, sequential } from '../nn/model.js';
import type { Optimizer } from '../nn/optimizer.js';
import * as optimizers from '../nn/optimizers.js';
import { descend, type Learning, type States, type Stepped, type Stepping, statesOf } from '../nn/step.js';
import type { Generator } from '../random/generator.js';
import { random, setState } from '../random/index.js';

/** A layer or an optimizer of a table, by the name of its maker. */
function made<T>(table: object, [name, ...given]: Spec, rng?: Generator): T {
  if (rng !== undefined) {
    const { seed: _, ...rest } = (given.pop() ?? {}) as { seed?: unknown };
    given.push({ ...rest, rng });
  }
  return (table as Record<string, (...given: unknown[]) => T>)[name](...given);
}

/** A model like another, by its layers; those that draw from one generator there do so here. */
export function modelOf(
  specs: readonly Spec[],
  drawn: States = {},
  sources: Readonly<Record<string, string>> = {},
): Model {
  const generators: Record<string, Generator> = {};
  for (const [i, source] of Object.entries(sources)) generators[source] ??= random.restore(drawn[i]);
  return sequential(specs.map((spec, i) => made<Layer>(layers, spec, generators[sources[i]])));
}

// Words that threads share: who has come to the meeting and how many there were; how many steps were asked for and done;
// rows, and whether the gradients are there already; and from ATTENDS on whether a thread looks for the next step. In
// binary64: the learning rate, the loss, and the length of the gradients.
const [COME, MEETINGS, ASKED, DONE, COUNT, PASSED] = [0, 1, 2, 3, 4, 5];
const [LR, LOSS, NORM] = [3, 4, 5];
const ATTENDS = 12;

/** Turns that a thread looks for the others before it sleeps: some 20 us. */
const TURNS = 4000;
/** Milliseconds that a thread waits for the next step, and hears nothing else. */
const PATIENCE = 2;

const shared = ({ buffer, byteOffset, length }: Uint32Array) => ({
  words: new Int32Array(buffer, byteOffset, length),
  numbers: new Float64Array(buffer, byteOffset, length / 2),
});

/** What looks for a word to change without holding the thread: 14 us, where a message there and back takes 70. */
type WaitAsync = (words: Int32Array, at: number, value: number) => { async: boolean; value: Promise<string> | string };
const waitAsync = (Atomics as { waitAsync?: WaitAsync }).waitAsync;

/** How threads are asked through the words. */
export interface Asking {
  step(step: Stepping): Promise<Stepped>;
  /** They no longer look for steps, and hear messages. */
  leave(): void;
  /** Nobody waits any more: a wait that never ends would keep the memory. */
  end(): void;
}

/**
 * Asks for steps through the words; undefined where a message has to do: layers that draw have more to say than numbers, and
 * not every engine can wait so. wake(index) tells a thread that does not look for the next step to do so.
 */
export function asking(
  { meeting, threads }: { meeting: Uint32Array; threads: number },
  wake: (index: number) => void,
): Asking | undefined {
  if (waitAsync === undefined) return undefined;
  const { words, numbers } = shared(meeting);
  let ended = false;
  const ask = (count: number) => {
    words[COUNT] = count;
    Atomics.add(words, ASKED, 1);
    Atomics.notify(words, ASKED);
    for (let i = 0; i < threads; i++) if (Atomics.load(words, ATTENDS + i) === 0) wake(i);
  };
  return {
    async step({ count, lr, passed, drawn }) {
      words[PASSED] = Number(passed);
      numbers[LR] = lr;
      const before = Atomics.load(words, DONE);
      ask(count);
      while (!ended && Atomics.load(words, DONE) === before) await waitAsync(words, DONE, before).value;
      return { loss: numbers[LOSS], gradientNorm: numbers[NORM], drawn };
    },
    leave: () => ask(0),
    end() {
      ended = true;
      Atomics.notify(words, DONE);
    },
  };
}

/** The part of thread `index` of so many in n things, from one to another, in multiples of `unit`. */
export function partOf(n: number, unit: number, threads: number, index: number): [from: number, to: number] {
  const step = Math.ceil(n / threads / unit) * unit;
  return [Math.min(n, index * step), Math.min(n, (index + 1) * step)];
}

/** Thread `index` of so many, who wait for each other. */
function member(words: Int32Array, threads: number, index: number): Share {
  return {
    first: index === 0,
    part: (n, unit) => partOf(n, unit, threads, index),
    wait() {
      if (threads === 1) return;
      const meeting = Atomics.load(words, MEETINGS);
      if (Atomics.add(words, COME, 1) === threads - 1) {
        Atomics.store(words, COME, 0);
        Atomics.add(words, MEETINGS, 1);
        Atomics.notify(words, MEETINGS);
        return;
      }
      for (let i = 0; i < TURNS; i++) if (Atomics.load(words, MEETINGS) !== meeting) return;
      while (Atomics.load(words, MEETINGS) === meeting) Atomics.wait(words, MEETINGS, meeting);
    },
  };
}

/** The part of thread `index` in a training. */
export interface Learner {
  /** Its part of a step, and when all have done theirs, what the first says. */
  step(step: Stepping): Stepped | undefined;
  /** Looks for steps that are asked for by words, as long as they come. */
  attend(): void;
}

export function learner(index: number, given: Learning): Learner {
  const where = 'a thread of workspace.fit';
  const { memory, threads, clipNorm } = given;
  const model = modelOf(given.layers, given.drawn, given.sources);
  const p = replanned(model, given.batchSize, given.slots, { threads, joined: { memory, index } });
  const { words, numbers } = shared(p.meeting);
  const share = member(words, threads, index);
  const [from, to] = share.part(p.parameters.length, 4);
  const part = (x: Float32Array) => x.subarray(from, to);
  const optimizer = made<Optimizer>(optimizers, given.optimizer);
  const state = p.state.slice(0, optimizer.slots).map(part);
  const update = optimizer.bind(p.kernel, part(p.parameters), part(p.gradients), state, given.steps);
  // The rows' labels or targets are put into their places by who asks for a step.
  const judge = criterion(where, given.loss, noData(given.loss), 0, model.outputs);
  const loss = judge.bind(p.kernel, p.room, p.outputs, p.outputGradient, p.batchSize);
  const clip = clipNorm === undefined ? undefined : p.kernel('clip', p.gradients);

  function step({ count, lr, passed, drawn }: Stepping): Stepped | undefined {
    if (share.first && !passed) for (const [i, source] of drawing(model)) setState(where, source, drawn[i]);
    const mean = passed ? 0 : descend(p, loss, count, share);
    const gradientNorm = share.first ? clip?.(p.gradients.length, clipNorm as number) : undefined;
    share.wait();
    update(lr);
    share.wait();
    return share.first ? { loss: mean, gradientNorm, drawn: passed ? drawn : statesOf(model) } : undefined;
  }

  let seen = 0;
  function attend(): void {
    Atomics.store(words, ATTENDS + index, 1);
    while (true) {
      if (Atomics.load(words, ASKED) === seen) Atomics.wait(words, ASKED, seen, PATIENCE);
      if (Atomics.load(words, ASKED) === seen) {
        Atomics.store(words, ATTENDS + index, 0);
        // Who asks looks at that word after it has asked: one of the two sees the other.
        if (Atomics.load(words, ASKED) === seen) return;
        Atomics.store(words, ATTENDS + index, 1);
      }
      seen++;
      const count = words[COUNT];
      if (count === 0) break;
      const said = step({ count, lr: numbers[LR], passed: words[PASSED] === 1, drawn: {} });
      if (said === undefined) continue;
      numbers[LOSS] = said.loss;
      numbers[NORM] = said.gradientNorm ?? 0;
      Atomics.add(words, DONE, 1);
      Atomics.notify(words, DONE);
    }
    Atomics.store(words, ATTENDS + index, 0);
  }
  return { step, attend };
}
