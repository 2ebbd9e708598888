// A step of training by one thread or several, and the messages between threads for it.

import type { GeneratorState } from '../random/generator.js';
import type { BoundLoss } from './criterion.js';
import type { Spec, ThreadContext } from './layer.js';
import type { NamedLoss } from './loss.js';
import { drawingLayers, type Model } from './model.js';
import type { Plan } from './plan.js';

/** The states of the generators of layers that draw, by the layers' indices. */
export type GeneratorStates = Readonly<Record<string, GeneratorState>>;

/** What threads need to know of a training. It can be sent to them. */
export interface TrainingSpec {
  memory: WebAssembly.Memory;
  threads: number;
  layers: readonly Spec[];
  generators: GeneratorStates;
  /** For the index of each layer that draws, the index of the first layer that draws from the same generator. */
  sources: Readonly<Record<string, string>>;
  batchSize: number;
  slots: number;
  optimizer: Spec;
  loss: NamedLoss;
  clipNorm: number | undefined;
  /** How many steps were made before. */
  steps: number;
}

/** What threads need to know of a step. */
export interface StepRequest {
  /** How many rows the step has. Their inputs and labels or targets are in the plan's arrays. */
  count: number;
  lr: number;
  /** Whether the gradients are already computed. */
  hasGradients: boolean;
  generators: GeneratorStates;
}

/** The first thread's answer after a step. */
export interface StepResult {
  loss: number;
  gradientNorm?: number;
  generators: GeneratorStates;
}

/** Threads that make steps together. */
export interface ThreadTeam {
  threads: number;
  /** Whether threads make a step with this number of products faster. */
  isWorth(products: number): boolean;
  /** Begins a training in a model's plan. */
  begin(
    spec: TrainingSpec,
    plan: Plan,
  ): Promise<{ step(request: StepRequest): Promise<StepResult>; end(): Promise<void> }>;
}

/** The context of a single thread. */
const single: ThreadContext = { first: true, range: (n) => [0, n], wait() {} };

/**
 * Forward and backward over the first rows in the plan's arrays: writes the gradients and returns the mean loss. Of several
 * threads each does its range of the work, and the first returns the loss, the others 0.
 */
export function gradients(plan: Plan, loss: BoundLoss, count: number, thread = single): number {
  for (const pass of plan.passes) {
    if (thread !== single && pass.split) pass.split.forward(count, thread);
    else if (thread.first) (pass.train ?? pass.forward)(count);
    thread.wait();
  }
  const mean = thread.first ? loss.backward(count) : 0;
  thread.wait();
  for (let i = plan.passes.length - 1; i >= 0; i--) {
    const pass = plan.passes[i];
    if (thread !== single && pass.split) pass.split.backward(count, thread);
    else if (thread.first) pass.backward(count);
    thread.wait();
  }
  return mean;
}

/** The states of the generators of a model's layers. */
export const generatorStates = (model: Model): GeneratorStates =>
  Object.fromEntries(drawingLayers(model).map(([i, source]) => [i, source.state() as GeneratorState]));
