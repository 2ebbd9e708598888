// Kernels on arrays, wherever those are. Arrays of one workspace are used in place. All other arrays are staged: copied to a
// small memory of our own and back, a tile at a time.

import {
  Addressed,
  align,
  createMemory,
  exportsOf,
  type Memory,
  memories,
  STATE_BYTES,
  type Values,
} from './memory.js';
import type { Module } from './module.js';

/** Values a tile: 64 KiB, so that three tiles stay in a level-2 cache. */
export const TILE = 16384;

/** The memory for arrays of elsewhere. It holds three tiles; a longer row replaces it by a larger one. */
let staging: Memory | undefined;
let capacity = 0;

export function stagingMemory(floats: number): Memory {
  if (staging === undefined || capacity < floats) {
    const wanted = Math.max(floats, 3 * TILE);
    staging = createMemory('staging an array', 4 * wanted + 64);
    capacity = wanted;
  }
  return staging;
}

/** The memory on which all of the arrays are, if there is one. */
function commonMemory(arrays: readonly Values[]): Memory | undefined {
  const { buffer } = arrays[0];
  for (let i = 1; i < arrays.length; i++) if (arrays[i].buffer !== buffer) return undefined;
  return memories.get(buffer);
}

/** A Float32Array of this realm that is there and not empty, and whose length is not one that was put upon it. */
export const isPlainFloats = (x: unknown): x is Float32Array =>
  ArrayBuffer.isView(x) && x instanceof Float32Array && x[x.length - 1] !== undefined && x[x.length] === undefined;

/** A slice of an array as words: a copy between float arrays may change the bits of a NaN. */
function words(x: Values, from: number, to: number): Uint32Array {
  return new Uint32Array(x.buffer, x.byteOffset + 4 * from, to - from);
}

/** Copies values [from, to) of an array of elsewhere to a memory. */
function copyIn({ memory, floats }: Memory, pointer: number, x: Values, from: number, to: number): void {
  if (from === 0 && to === x.length && isPlainFloats(x)) floats.set(x, pointer / 4);
  else new Uint32Array(memory.buffer, pointer, to - from).set(words(x, from, to));
}

/** Copies to [from, to) of an array of elsewhere; one by one while that takes less than the 40 ns of a view. */
export function copyOut({ memory, floats }: Memory, pointer: number, x: Values, from: number, to: number): void {
  if (from > 0 || to < x.length || !isPlainFloats(x))
    words(x, from, to).set(new Uint32Array(memory.buffer, pointer, to - from));
  else if (to <= 64) for (let i = 0; i < to; i++) x[i] = floats[pointer / 4 + i];
  else Float32Array.prototype.set.call(x, floats.subarray(pointer / 4, pointer / 4 + to));
}

/** What else a kernel is given. */
interface Beside {
  /** How many of the arrays are only read; by default all but the last. */
  reads?: number;
  /** Arrays that every row needs whole, before the others; null: none. Beyond 32 KiB of them everything is staged. */
  constant?: readonly (Values | null)[];
}

/**
 * kernel(...constant, ...arrays, rows, ...numbers) over arrays of so many rows each, the last of which is written. If
 * all are only read, the kernel takes a running total last, and returns it.
 */
export function apply<K extends string>(
  module: Module<K>,
  kernel: K,
  rows: number,
  arrays: readonly Values[],
  numbers: readonly number[] = [],
  { reads = arrays.length - 1, constant = [] }: Beside = {},
): number {
  let bytes = 0;
  for (const x of constant) bytes += align(x?.byteLength ?? 0);
  const own = bytes <= STATE_BYTES ? commonMemory(arrays) : undefined;
  if (own === undefined && rows === 0) return 0;
  let step = rows;
  if (own === undefined) {
    let longest = 0;
    for (const x of arrays) longest = Math.max(longest, x.length / rows);
    step = Math.min(rows, Math.max(1, Math.floor(TILE / longest)));
    for (const x of arrays) bytes += align((4 * x.length * step) / rows);
  }
  const memory = own ?? stagingMemory(bytes / 4);
  // The kernel's arguments, in loops and in one list: closures over lists of lists took 340 ns.
  const given: number[] = [];
  let next = own ? memory.state : memory.free;
  for (const x of constant) {
    given.push(x === null ? 0 : next);
    if (x === null) continue;
    copyIn(memory, next, x, 0, x.length);
    next += align(x.byteLength);
  }
  const first = given.length;
  for (const x of arrays) {
    given.push(own ? x.byteOffset : next);
    next += align((4 * x.length * step) / rows);
  }
  const count = given.push(rows, ...numbers) - 1 - numbers.length;
  const sums = reads === arrays.length;
  if (sums) given.push(0);
  const run = exportsOf(memory, module)[kernel];
  if (own) return run(...given);
  let total = 0;
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step);
    given[count] = to - from;
    if (sums) given[given.length - 1] = total;
    for (let i = 0; i < reads; i++) {
      const unit = arrays[i].length / rows;
      copyIn(memory, given[first + i], arrays[i], from * unit, to * unit);
    }
    total = run(...given);
    for (let i = reads; i < arrays.length; i++) {
      const unit = arrays[i].length / rows;
      copyOut(memory, given[first + i], arrays[i], from * unit, to * unit);
    }
  }
  return total;
}

/**
 * kernel(state, out, count, ...numbers): the next values of a generator; of numbers there are at most six. Where the kernel
 * advances the state, it is copied back.
 */
export function draw<K extends string>(
  module: Module<K>,
  kernel: K,
  state: Uint32Array,
  out: Values,
  numbers: readonly number[] = [],
  advances = false,
): void {
  const address = Addressed.of(out);
  const own = address?.memory ?? memories.get(out.buffer);
  const memory = own ?? stagingMemory(0);
  const { stateWords, free } = memory;
  const run = exportsOf(memory, module)[kernel];
  // Six numbers, of which a kernel leaves out what it has no name for: a list spread over the call takes 25 ns more.
  const [a, b, c, d, e, f] = numbers;
  stateWords.set(state);
  if (own !== undefined) run(memory.state, address?.pointer ?? out.byteOffset, out.length, a, b, c, d, e, f);
  else {
    for (let from = 0; from < out.length; from += TILE) {
      const to = Math.min(out.length, from + TILE);
      run(memory.state, free, to - from, a, b, c, d, e, f);
      copyOut(memory, free, out, from, to);
    }
  }
  if (advances) state.set(stateWords.subarray(0, state.length));
}

/**
 * kernel(x, work, ...numbers) on a whole array of n values, with `work` bytes to work in. The memory is found first: what is
 * returned runs the kernel.
 */
export function applyWhole<K extends string>(
  where: string,
  module: Module<K>,
  kernel: K,
  n: number,
  work: number,
): (x: Float32Array, ...numbers: number[]) => void {
  const size = align(4 * n);
  // A memory takes 0.25 ms to make, half of what 128 x 128 take; one larger than 4 MiB is not kept.
  const memory = size + work > 1 << 22 ? createMemory(where, size + work) : stagingMemory((size + work) / 4);
  const { free } = memory;
  const run = exportsOf(memory, module)[kernel];
  return (x, ...numbers) => {
    const inside = new Float32Array(memory.memory.buffer, free, n);
    inside.set(x);
    run(free, free + size, ...numbers);
    x.set(inside);
  };
}

/** Values [from, to) of an array, in place; not `subarray`, which a subclass may redefine. */
export const view = (x: Float32Array, from: number, to: number): Float32Array =>
  new Float32Array(x.buffer, x.byteOffset + 4 * from, to - from);

/** A kernel on numbers alone. */
export function scalar<K extends string>(module: Module<K>, kernel: K, ...numbers: number[]): number {
  return exportsOf(stagingMemory(0), module)[kernel](...numbers);
}
