// The interface of layers: data, and a function that binds a layer's kernels to the memory that a model planned for it.

import { what, whole } from '../check.js';
import type { Source } from '../random/source.js';
import { isTensor, type Tensor } from '../tensor.js';
import type { Kernel, KernelFunction, Values } from '../wasm/memory.js';

/** A layer's memory: arrays of one workspace, with a batch of rows each. */
export interface LayerMemory {
  /** A kernel, bound to arrays of the workspace (null is passed as 0), to be called with its numbers. */
  kernel(name: Kernel, ...arrays: (Values | null)[]): KernelFunction;
  /** Sets the kernel that linearForward calls on its results. Call it before each call of linearForward. */
  setCallback(name: Kernel): void;
  /** Input and output, and the gradients with respect to them; dx is null if no layer needs it. */
  x: Float32Array;
  y: Float32Array;
  dx: Float32Array | null;
  dy: Float32Array;
  /** Values a row. */
  inputs: number;
  outputs: number;
  /** The gradients with respect to the parameters, by the parameters' names. */
  gradients: Readonly<Record<string, Float32Array>>;
  /** Memory for intermediate values, which all layers share in turn. */
  scratch: Float32Array;
  /** Values that the layer saves from forward to backward; empty if it saves none. */
  saved: Float32Array;
}

/** An activation's name, its numbers, and the values that its forward saved. backward with dy = 1 gives its derivatives. */
export interface SavedActivation {
  name: string;
  saved: Float32Array;
  numbers: readonly [a: number, b: number];
}

/** One operation of a layer, its output and that output's gradient. A probe runs a layer operation by operation. */
export interface Operation {
  kind: string;
  y: Float32Array;
  dy: Float32Array;
  forward(rows: number): void;
  backward(rows: number): void;
  activation?: SavedActivation;
}

/** The name of a function in `nn` and its arguments, from which a thread makes the same layer or optimizer. */
export type Spec = readonly [string, ...unknown[]];

const specs = new WeakMap<object, Spec>();
/** Stores the spec of a layer or an optimizer, and returns it. A copy of it has no spec: its `bind` may be another. */
export function withSpec<T extends object>(spec: Spec, object: T): T {
  specs.set(object, spec);
  return object;
}
/** The spec of a layer or an optimizer. TypeError if it has none. */
export function specOf(where: string, name: string, object: object): Spec {
  const spec = specs.get(object);
  if (spec === undefined) throw new TypeError(`${where}: ${name} is not of this package, and not known to threads`);
  return spec;
}

/** One of the threads that make a step together. */
export interface ThreadContext {
  /** Whether it is the first, which does the work that is not split. */
  first: boolean;
  /** Its range of n items, in multiples of `unit`. */
  range(n: number, unit: number): readonly [from: number, to: number];
  /** A barrier: returns when all threads have called it. */
  wait(): void;
}

/** The two passes over the first rows of a batch. */
export interface Passes {
  forward(rows: number): void;
  /** From what the latest forward pass saved. */
  backward(rows: number): void;
  /** Forward in training, if that differs. */
  train?(rows: number): void;
  /** The passes in training by several threads, each on its range. Without it the first thread makes the passes. */
  split?: Record<'forward' | 'backward', (rows: number, thread: ThreadContext) => void> | undefined;
  /** The activation, of a layer that is one. */
  activation?: SavedActivation | undefined;
  /** The operations of a layer that has several. One after the other they give the same bits as the passes. */
  operations?: readonly Operation[] | undefined;
  /** Computes the output of a layer with weights before its activation. */
  preactivation?(rows: number): Float32Array;
}

/** A layer of a model: nn.linear, nn.activation, or one that you make of kernels. */
export interface Layer {
  readonly kind: string;
  /** Values in a row of its input; undefined if it takes any number. */
  readonly inputs?: number | undefined;
  /** Values in a row of its output; undefined if it has as many as its input. */
  readonly outputs?: number | undefined;
  /** The parameters that are learnt, by name. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** Whether the output can overwrite the input. */
  readonly inPlace: boolean;
  /** Whether backward reads the output, so that no later layer can overwrite it. */
  readonly keepsOutput: boolean;
  /** Values of scratch that the passes need. */
  readonly scratch: number;
  /** The source from which it draws in training. */
  readonly source?: Source | undefined;
  /** Whether it saves, for each row, as many values as its input or its output has. */
  readonly saves?: 'inputs' | 'outputs' | undefined;
  bind(memory: LayerMemory): Passes;
}

/** TypeError or RangeError for a layer that lacks what a model reads before it binds it: one that you make can. */
export function requireLayer(where: string, name: string, layer: unknown): asserts layer is Layer {
  const { bind, parameters, scratch, inputs, outputs } = (layer ?? {}) as Record<keyof Layer, unknown>;
  if (typeof layer !== 'object' || typeof bind !== 'function')
    throw new TypeError(`${where}: ${name} is ${what(layer)}; pass a layer, such as nn.linear(784, 10)`);
  if (typeof parameters !== 'object' || parameters === null)
    throw new TypeError(`${where}: parameters of ${name} is ${what(parameters)}; pass tensors by name`);
  for (const [key, tensor] of Object.entries(parameters))
    if (!isTensor(where, tensor)) throw new TypeError(`${where}: ${key} of ${name} is ${what(tensor)}; pass a tensor`);
  whole(where, `scratch of ${name}`, scratch);
  whole(where, `inputs of ${name}`, inputs ?? 1, { least: 1 });
  whole(where, `outputs of ${name}`, outputs ?? 1, { least: 1 });
}

/** TypeError where a layer's `bind` does not return two passes. */
export function requirePasses(where: string, name: string, passes: unknown): void {
  const { forward, backward } = (passes ?? {}) as Partial<Passes>;
  if (typeof forward === 'function' && typeof backward === 'function') return;
  const lacks = passes ? ` without ${typeof forward === 'function' ? 'backward' : 'forward'}` : '';
  throw new TypeError(`${where}: bind of ${name} returns ${what(passes)}${lacks}; return both passes`);
}
