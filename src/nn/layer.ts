// What a layer is: data, and how it binds its kernels to the memory that a model planned for it.

import type { Source } from '../random/source.js';
import type { Tensor } from '../tensor.js';
import type { Kernel, KernelFunction, Values } from '../wasm/memory.js';

/** The memory that a layer works on: arrays of one workspace, a batch of rows each. */
export interface LayerMemory {
  /** A kernel of the workspace, bound to arrays of it (null: none); to be called with its numbers. */
  kernel(name: Kernel, ...arrays: (Values | null)[]): KernelFunction;
  /** Makes a kernel the one that kernels of the workspace call on their results; to be called before each of their calls. */
  setCallback(name: Kernel): void;
  /** Input and output, and the gradients by them; dx is null where no layer needs it. */
  x: Float32Array;
  y: Float32Array;
  dx: Float32Array | null;
  dy: Float32Array;
  /** Values a row. */
  inputs: number;
  outputs: number;
  /** The gradients by the parameters, by name. */
  gradients: Readonly<Record<string, Float32Array>>;
  /** Memory for all layers in turn. */
  scratch: Float32Array;
  /** What the layer saves from forward to backward; empty if nothing. */
  saved: Float32Array;
}

/** An activation by its name and numbers, and what its forward saved: backward from dy = 1 gives its slopes. */
export interface SavedActivation {
  name: string;
  saved: Float32Array;
  numbers: readonly [a: number, b: number];
}

/** One operation of a layer, with its output and the gradient by it: what a probe looks at. */
export interface Operation {
  kind: string;
  y: Float32Array;
  dy: Float32Array;
  forward(rows: number): void;
  backward(rows: number): void;
  activation?: SavedActivation;
}

/** A function's name in `nn`, and its arguments: by them a thread makes a layer or an optimizer again. */
export type Spec = readonly [string, ...unknown[]];

const specs = new WeakMap<object, Spec>();
/** Remembers the spec of this very object: a copy of it may have another `bind`. */
export function specified<T extends object>(spec: Spec, it: T): T {
  specs.set(it, spec);
  return it;
}
/** The spec of what a thread is to make again. */
export function specOf(where: string, name: string, it: object): Spec {
  const spec = specs.get(it);
  if (spec === undefined) throw new TypeError(`${where}: ${name} is not of this package, and not known to threads`);
  return spec;
}

/** One of several threads that make a step together. */
export interface ThreadContext {
  /** Whether it is the first, which does what is not split. */
  first: boolean;
  /** Its range of n things, in multiples of `unit`. */
  range(n: number, unit: number): readonly [from: number, to: number];
  /** A barrier: returns when all threads have called it. */
  wait(): void;
}

/** The two passes over the first rows of a batch. */
export interface Passes {
  forward(rows: number): void;
  /** From what the latest forward pass saved. */
  backward(rows: number): void;
  /** Forward in training, where that is another. */
  train?(rows: number): void;
  /** The passes in training as several threads make them, each its range; without it the first thread makes all. */
  split?: Record<'forward' | 'backward', (rows: number, thread: ThreadContext) => void> | undefined;
  /** Of a layer that is a function of one variable. */
  activation?: SavedActivation | undefined;
  /** Of a layer that does several things: the same passes one by one, to the same bits. */
  operations?: readonly Operation[] | undefined;
  /** What a layer with weights computes before its activation. */
  preactivation?(rows: number): Float32Array;
}

/** A layer of a model: nn.linear, nn.activation, or one of your own made of kernels. */
export interface Layer {
  readonly kind: string;
  /** Values a row that it takes; undefined: as many as come. */
  readonly inputs?: number | undefined;
  /** Values a row that it makes; undefined: as many as came. */
  readonly outputs?: number | undefined;
  /** What is learnt, by name. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** Whether the output may be written over the input. */
  readonly inPlace: boolean;
  /** Whether backward reads the output, so that no later layer may write over it. */
  readonly keepsOutput: boolean;
  /** Values of scratch that the passes need. */
  readonly scratch: number;
  /** What it draws from while a model is fitted. */
  readonly source?: Source | undefined;
  /** Whether it saves, for each row, as many values as go in or come out. */
  readonly saves?: 'inputs' | 'outputs' | undefined;
  bind(memory: LayerMemory): Passes;
}
