// A step of training, by one thread or by several: what they do, and what is said of it to those of a crew.

import type { GeneratorState } from '../random/generator.js';
import type { BoundLoss } from './criterion.js';
import type { Share, Spec } from './layer.js';
import type { NamedLoss } from './loss.js';
import { drawing, type Model, type Plan } from './model.js';

/** Where the generators of layers that draw are, by the layers' places. */
export type States = Readonly<Record<string, GeneratorState>>;

/** What a thread is told of a training: data, to be sent. */
export interface Learning {
  memory: WebAssembly.Memory;
  threads: number;
  layers: readonly Spec[];
  drawn: States;
  /** The first layer that draws from the same generator, by a layer's place. */
  sources: Readonly<Record<string, string>>;
  batchSize: number;
  slots: number;
  optimizer: Spec;
  loss: NamedLoss;
  clipNorm: number | undefined;
  /** Steps that were made before. */
  steps: number;
}

/** What a thread is told of a step. */
export interface Stepping {
  /** Rows, whose inputs and labels or targets are in their places. */
  count: number;
  lr: number;
  /** Whether the gradients are there already. */
  passed: boolean;
  drawn: States;
}

/** What the first thread says of a step. */
export interface Stepped {
  loss: number;
  gradientNorm?: number;
  drawn: States;
}

/** The one thread that there is. */
const alone: Share = { first: true, part: (n) => [0, n], wait() {} };

/**
 * Forward and backward over rows that are in their places: the mean loss, and its gradients where they are to be. Of several
 * threads each does its part, and the first says the loss.
 */
export function descend(p: Plan, loss: BoundLoss, count: number, share = alone): number {
  for (const pass of p.passes) {
    if (share !== alone && pass.parted) pass.parted.forward(count, share);
    else if (share.first) (pass.train ?? pass.forward)(count);
    share.wait();
  }
  const mean = share.first ? loss.backward(count) : 0;
  share.wait();
  for (let i = p.passes.length - 1; i >= 0; i--) {
    const pass = p.passes[i];
    if (share !== alone && pass.parted) pass.parted.backward(count, share);
    else if (share.first) pass.backward(count);
    share.wait();
  }
  return mean;
}

/** Where the generators of a model's layers are. */
export const statesOf = (model: Model): States =>
  Object.fromEntries(drawing(model).map(([i, source]) => [i, source.state() as GeneratorState]));

/** Threads that make steps together. */
export interface Crew {
  threads: number;
  /** Whether so many products a step are worth the threads. */
  worth(products: number): boolean;
  /** A training in a model's plan. */
  begin(learning: Learning, plan: Plan): Promise<{ step(step: Stepping): Promise<Stepped>; end(): Promise<void> }>;
}
