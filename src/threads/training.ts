// A training that threads make together: each runs the same passes over the same memory, does its range of each, and waits
// for the others where it needs their results. Work is split by rows, or where rows are summed by outputs, so that the bits
// are those of one thread.

import { criterion, noData } from '../nn/criterion.js';
import type { Layer, Spec } from '../nn/layer.js';
import * as layers from '../nn/layers/index.js';
import { drawingLayers, type Model, renewPlan, sequential } from '../nn/model.js';
import type { Optimizer } from '../nn/optimizer.js';
import * as optimizers from '../nn/optimizers.js';
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
import { random, setState } from '../random/index.js';
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

/** A layer or an optimizer, from its spec and the table of functions that make it; with rng in place of the spec's seed. */
function make<T>(table: object, [name, ...parameters]: Spec, rng?: Generator): T {
  if (rng !== undefined) {
    const { seed: _, ...rest } = (parameters.pop() ?? {}) as { seed?: unknown };
    parameters.push({ ...rest, rng });
  }
  return (table as Record<string, (...parameters: unknown[]) => T>)[name](...parameters);
}

/** A model like another, from its layers' specs; layers that draw from one generator there do so here. */
export function modelFrom(
  specs: readonly Spec[],
  states: GeneratorStates = {},
  sources: Readonly<Record<string, string>> = {},
): Model {
  const generators: Record<string, Generator> = {};
  for (const [i, source] of Object.entries(sources)) generators[source] ??= random.restore(states[i]);
  return sequential(specs.map((spec, i) => make<Layer>(layers, spec, generators[sources[i]])));
}

/** Milliseconds that a thread polls for the next step, and hears nothing else. */
const PATIENCE = 2;

/** A training as one of its threads has it. */
export interface TrainingThread {
  /** Its range of a step; when all have done theirs, the first returns the result. */
  step(request: StepRequest): StepResult | undefined;
  /** Polls for steps that are requested through words, as long as they come. */
  poll(): void;
}

export function trainingThread(index: number, spec: TrainingSpec): TrainingThread {
  const where = 'a thread of workspace.fit';
  const { memory, threads, clipNorm } = spec;
  const model = modelFrom(spec.layers, spec.generators, spec.sources);
  const plan = renewPlan(model, spec.batchSize, spec.slots, { threads, joined: { memory, index } });
  const { words, numbers } = sharedWords(plan.barrier);
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

  /** Steps that this thread has seen requested. */
  let seen = 0;
  /** Waits for the next request; false where none comes for a while. */
  function waitForRequest(): boolean {
    if (Atomics.load(words, REQUESTED) === seen) Atomics.wait(words, REQUESTED, seen, PATIENCE);
    if (Atomics.load(words, REQUESTED) === seen) {
      Atomics.store(words, POLLING + index, 0);
      // The calling thread looks at that word after its request: one of the two sees the other.
      if (Atomics.load(words, REQUESTED) === seen) return false;
      Atomics.store(words, POLLING + index, 1);
    }
    seen++;
    return true;
  }
  function poll(): void {
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
  }
  return { step, poll };
}
