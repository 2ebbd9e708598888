// A training by several threads. Each runs the same passes over the same memory, does its range of each pass, and waits for the
// others where it needs their results. Work is split by rows, and where rows are summed by outputs, so that the bits are those
// of one thread.

import { criterion, noData } from '../nn/criterion.js';
import type { Layer, Spec } from '../nn/layer.js';
import * as layers from '../nn/layers/index.js';
import { drawingLayers, type Model, sequential } from '../nn/model.js';
import type { Optimizer } from '../nn/optimizer.js';
import * as optimizers from '../nn/optimizers.js';
import { planApart } from '../nn/plan.js';
import {
  clipping,
  type GeneratorStates,
  generatorStates,
  gradients,
  type StepRequest,
  type StepResult,
  type TrainingSpec,
} from '../nn/step.js';
import type { Generator } from '../random/generator.js';
import { restore, setState } from '../random/generators.js';
import {
  DONE,
  HAS_GRADIENTS,
  LOSS,
  LR,
  NORM,
  POLLING,
  REQUESTED,
  ROWS,
  sharedWords,
  threadContext,
} from './barrier.js';

/** Makes a layer or an optimizer from its spec, by a function of a table; with rng instead of the spec's seed. */
function make<T>(table: object, [name, ...parameters]: Spec, rng?: Generator): T {
  if (rng !== undefined) {
    const { seed: _, ...rest } = (parameters.pop() ?? {}) as { seed?: unknown };
    parameters.push({ ...rest, rng });
  }
  return (table as Record<string, (...parameters: unknown[]) => T>)[name](...parameters);
}

/** Makes a model from its layers' specs. `sources` says which layers draw from one generator. */
export function modelFrom(
  specs: readonly Spec[],
  states: GeneratorStates = {},
  sources: Readonly<Record<string, string>> = {},
): Model {
  const generators: Record<string, Generator> = {};
  for (const [i, source] of Object.entries(sources)) generators[source] ??= restore(states[i]);
  return sequential(specs.map((spec, i) => make<Layer>(layers, spec, generators[sources[i]])));
}

/** Milliseconds for which a thread waits for the next step before it receives messages again. */
const POLL_TIMEOUT = 2;

/** A training, in one of its threads. */
export interface TrainingThread {
  /** Does the thread's range of a step. When all threads are done the first returns the result. */
  step(request: StepRequest): StepResult | undefined;
  /** Does steps that are requested through shared words, until none comes for a while. */
  poll(): void;
}

/** Thread `index` of a training. */
export function trainingThread(index: number, spec: TrainingSpec): TrainingThread {
  const where = 'a thread of workspace.fit';
  const { memory, threads, clipNorm } = spec;
  const model = modelFrom(spec.layers, spec.generators, spec.sources);
  const plan = planApart(where, model, spec.batchSize, spec.slots, { threads, joined: { memory, index } });
  const { words } = sharedWords(plan.barrier);
  const thread = threadContext(words, threads, index);
  const [from, to] = thread.range(plan.parameters.length, 4);
  const slice = (x: Float32Array) => x.subarray(from, to);
  const optimizer = make<Optimizer>(optimizers, spec.optimizer);
  const state = plan.state.slice(0, optimizer.slots).map(slice);
  const update = optimizer.bind(plan.kernel, slice(plan.parameters), slice(plan.gradients), state, spec.steps);
  // The calling thread loads the rows' labels or targets.
  const { kernel, lossMemory, outputs, outputGradient, batchSize } = plan;
  const loss = criterion(where, spec.loss, noData(spec.loss), 0, model.outputs);
  const boundLoss = loss.bind(kernel, lossMemory, outputs, outputGradient, batchSize);
  const clip = clipNorm === undefined ? undefined : clipping(plan, clipNorm);

  function step({ count, lr, hasGradients, generators }: StepRequest): StepResult | undefined {
    if (thread.first && !hasGradients)
      for (const [i, source] of drawingLayers(model)) setState(where, source, generators[i]);
    const mean = hasGradients ? 0 : gradients(plan, boundLoss, count, thread);
    const gradientNorm = thread.first ? clip?.() : undefined;
    thread.wait();
    update(lr);
    thread.wait();
    if (!thread.first) return undefined;
    return { loss: mean, gradientNorm, generators: hasGradients ? generators : generatorStates(model) };
  }
  return { step, poll: poller(step, plan.barrier, index) };
}

/** A function that does steps which are requested through shared words, until none comes for a while. */
function poller(step: TrainingThread['step'], barrier: Uint32Array, index: number): () => void {
  const { words, numbers } = sharedWords(barrier);
  /** How many requests this thread has seen. */
  let seen = 0;
  /** Waits for the next request. Returns false if none comes for a while. */
  function waitForRequest(): boolean {
    if (Atomics.load(words, REQUESTED) === seen) Atomics.wait(words, REQUESTED, seen, POLL_TIMEOUT);
    if (Atomics.load(words, REQUESTED) === seen) {
      Atomics.store(words, POLLING + index, 0);
      // The calling thread reads POLLING after it has written its request: at least one of the two sees the other's word.
      if (Atomics.load(words, REQUESTED) === seen) return false;
      Atomics.store(words, POLLING + index, 1);
    }
    seen++;
    return true;
  }
  return () => {
    Atomics.store(words, POLLING + index, 1);
    while (waitForRequest()) {
      const count = words[ROWS];
      if (count === 0) break;
      const result = step({ count, lr: numbers[LR], hasGradients: words[HAS_GRADIENTS] === 1, generators: {} });
      if (result === undefined) continue;
      numbers[LOSS] = result.loss;
      numbers[NORM] = result.gradientNorm ?? 0;
      Atomics.add(words, DONE, 1);
      Atomics.notify(words, DONE);
    }
    Atomics.store(words, POLLING + index, 0);
  };
}
