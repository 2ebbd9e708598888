// A training that threads make together: each runs the same passes over the same memory, does its part of each, and waits
// for the others where it needs what they made. Work is parted by rows, or where rows are summed by outputs, and so are
// the bits those of one thread.

import type { Share, Spec } from './layer.js';
import { criterion } from './loss.js';
import { type Model, replanned } from './model.js';
import * as nn from './nn.js';
import type { Optimizer } from './optimizer.js';
import { type GeneratorState, moved, random } from './random.js';
import type { Learning, States, Stepped, Stepping } from './training.js';

/** A layer, or an optimizer, by its maker's name; with a state, its generator is there. */
function made([name, ...given]: Spec, state?: GeneratorState): never {
  if (state !== undefined) {
    const { seed: _, ...rest } = (given.pop() ?? {}) as { seed?: unknown };
    given.push({ ...rest, rng: random.restore(state) });
  }
  return (nn as unknown as Record<string, (...given: unknown[]) => never>)[name](...given);
}

/** A model like another, by its layers. */
export const modelOf = (layers: readonly Spec[], drawn: States = {}): Model =>
  nn.sequential(layers.map((layer, i) => made(layer, drawn[i])));

/** Turns that a thread looks for the others before it sleeps: some 20 us, where to be woken takes 50. */
const TURNS = 4000;

/** Thread `index` of so many, who wait for each other by two words. */
function member(words: Int32Array, threads: number, index: number): Share {
  return {
    part(n, unit) {
      const step = Math.ceil(n / threads / unit) * unit;
      return [Math.min(n, index * step), Math.min(n, (index + 1) * step)];
    },
    wait() {
      if (threads === 1) return;
      const round = Atomics.load(words, 1);
      if (Atomics.add(words, 0, 1) === threads - 1) {
        Atomics.store(words, 0, 0);
        Atomics.add(words, 1, 1);
        Atomics.notify(words, 1);
        return;
      }
      for (let i = 0; i < TURNS; i++) if (Atomics.load(words, 1) !== round) return;
      while (Atomics.load(words, 1) === round) Atomics.wait(words, 1, round);
    },
  };
}

/** The part of thread `index` in a training: a function that makes its part of a step. */
export function learner(index: number, given: Learning): (step: Stepping) => Stepped | undefined {
  const where = 'a thread of workspace.fit';
  const { memory, threads, clipNorm } = given;
  const model = modelOf(given.layers, given.drawn);
  const p = replanned(model, given.batchSize, given.slots, { threads, joined: { memory, index } });
  const share = member(new Int32Array(p.meeting.buffer, p.meeting.byteOffset, p.meeting.length), threads, index);
  const first = index === 0;
  const [from, to] = share.part(p.parameters.length, 4);
  const part = (x: Float32Array) => x.subarray(from, to);
  const optimizer: Optimizer = made(given.optimizer);
  const state = p.state.slice(0, optimizer.slots).map(part);
  const update = optimizer.bind(p.kernel, part(p.parameters), part(p.gradients), state, given.steps);
  // The rows' labels or targets are put into their places by who asks for a step.
  const word = Array.isArray(given.loss) ? given.loss[0] : given.loss;
  const none = new Float32Array(0);
  const data = word === 'crossEntropy' ? { x: none, labels: [] } : { x: none, targets: none };
  const judge = criterion(where, given.loss, data, 0, model.outputs);
  const loss = judge.bind(p.kernel, p.room, p.outputs, p.outputGradient, p.batchSize);
  const clip = clipNorm === undefined ? undefined : p.kernel('clip', p.gradients);
  const sources = model.layers.flatMap(({ source }, i) => (source ? [[String(i), source] as const] : []));
  const backwards = p.passes.toReversed();

  return ({ count, lr, passed, drawn }) => {
    const said: Stepped = { loss: 0, drawn };
    if (!passed) {
      if (first) for (const [i, source] of sources) moved(where, source, drawn[i]);
      for (const pass of p.passes) {
        if (pass.parted) pass.parted.forward(count, share);
        else if (first) (pass.train ?? pass.forward)(count);
        share.wait();
      }
      if (first) said.loss = loss.backward(count);
      share.wait();
      for (const pass of backwards) {
        if (pass.parted) pass.parted.backward(count, share);
        else if (first) pass.backward(count);
        share.wait();
      }
      if (first) said.drawn = Object.fromEntries(sources.map(([i, source]) => [i, source.state() as GeneratorState]));
    }
    if (clip) {
      if (first) said.gradientNorm = clip(p.gradients.length, clipNorm as number);
      share.wait();
    }
    update(lr);
    return first ? said : undefined;
  };
}
