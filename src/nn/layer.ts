// What a layer is: data, and how it binds its kernels to the memory that a model planned for it.

import type { Source } from '../random/source.js';
import type { Tensor } from '../tensor.js';
import type { Kernel } from '../wasm/memory.js';

/** Where a layer works: arrays of one workspace, a batch of rows each. */
export interface Place {
  /** A kernel of the workspace, bound to arrays of it; to be called with its numbers. */
  kernel(name: Kernel, ...arrays: (Float32Array | Uint32Array | null)[]): (...numbers: number[]) => number;
  /** Makes a kernel the one that kernels of the workspace call on what they made; asked for before each call. */
  setCallback(name: Kernel): void;
  /** Input and output, and the gradients by them; dx is null where nobody needs it. */
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
  /** What the layer asked to keep from forward to backward; empty if nothing. */
  kept: Float32Array;
}

/** An activation by its name, its numbers, and what its forward kept: backward from dy = 1 these are its slopes. */
export interface Slope {
  name: string;
  kept: Float32Array;
  numbers: readonly [a: number, b: number];
}

/** One thing that a layer does, with what it makes and the gradient by it: what a probe looks at. */
export interface Part {
  kind: string;
  y: Float32Array;
  dy: Float32Array;
  forward(rows: number): void;
  backward(rows: number): void;
  slope?: Slope;
}

/** A maker's name in `nn`, and arguments: by them a thread makes a layer or an optimizer again. */
export type Spec = readonly [string, ...unknown[]];

const specs = new WeakMap<object, Spec>();
/** Something with its spec, which is known of this very object: a copy may have another `bind`. */
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
export interface Share {
  /** Whether it is the one that does what is not parted. */
  first: boolean;
  /** Its part of n things, from one to another, in multiples of `unit`. */
  part(n: number, unit: number): readonly [from: number, to: number];
  /** Until all threads have come here. */
  wait(): void;
}

/** The two passes over the first rows of a place. */
export interface Passes {
  forward(rows: number): void;
  /** From what the latest forward pass kept. */
  backward(rows: number): void;
  /** Forward in training, where that is another. */
  train?(rows: number): void;
  /** The passes in training as several threads make them, each its part; without it one of them makes all. */
  parted?: Record<'forward' | 'backward', (rows: number, share: Share) => void>;
  /** Of a layer that is a function of one variable. */
  slope?: Slope;
  /** Of a layer that does several things: the same passes one by one, to the same bits. */
  parts?: readonly Part[];
  /** What a layer with weights makes before its activation. */
  preactivation?(rows: number): Float32Array;
}

/** A layer of a model: nn.linear, nn.activation, or one of your own made of kernels. */
export interface Layer {
  readonly kind: string;
  /** Values a row that it takes; undefined: as many as come. */
  readonly inputs?: number;
  /** Values a row that it makes; undefined: as many as came. */
  readonly outputs?: number;
  /** What is learnt, by name. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** Whether the output may stand where the input stood. */
  readonly inPlace: boolean;
  /** Whether backward reads the output, so that no later layer may write over it. */
  readonly keepsOutput: boolean;
  /** Values of scratch that the passes need. */
  readonly scratch: number;
  /** What it draws from while a model is fitted. */
  readonly source?: Source;
  /** Whether it keeps, for each row, as many values as go in or come out. */
  readonly kept?: 'inputs' | 'outputs';
  bind(place: Place): Passes;
}
