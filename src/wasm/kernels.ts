// Runs kernels on arrays. Kernels use arrays of one workspace in place. All other arrays are staged: a tile at a time, they are
// copied to a small memory and back.

import {
  Addressed,
  align,
  createMemory,
  exportsOf,
  type KernelFunction,
  type Memory,
  memories,
  STATE_BYTES,
  type Values,
} from './memory.js';
import type { Module } from './module.js';

/** Values in a tile of 64 KiB: three tiles stay in a level-2 cache. */
export const TILE = 16384;

/** The memory for staged arrays. It has space for three tiles; for a longer row it is replaced by a larger one. */
let staging: Memory | undefined;
let capacity = 0;

/** The staging memory, with space for at least so many floats. */
export function stagingMemory(floats: number): Memory {
  if (staging === undefined || capacity < floats) {
    const needed = Math.max(floats, 3 * TILE);
    staging = createMemory('staging an array', 4 * needed + 64);
    capacity = needed;
  }
  return staging;
}

/** Has the next call make a new staging memory. */
export function dropStagingMemory(): void {
  staging = undefined;
}

/** The memory that all of the arrays are on, if there is one. */
function commonMemory(arrays: readonly Values[]): Memory | undefined {
  const { buffer } = arrays[0];
  for (let i = 1; i < arrays.length; i++) if (arrays[i].buffer !== buffer) return undefined;
  return memories.get(buffer);
}

/** Whether x is a Float32Array of this realm, attached and not empty, whose `length` is its own and not redefined. */
export const isPlainFloats = (x: unknown): x is Float32Array =>
  ArrayBuffer.isView(x) && x instanceof Float32Array && x[x.length - 1] !== undefined && x[x.length] === undefined;

/** Values [from, to) of an array as words: to copy floats may change the bits of a NaN. */
function words(x: Values, from: number, to: number): Uint32Array {
  return new Uint32Array(x.buffer, x.byteOffset + 4 * from, to - from);
}

/** Copies values [from, to) of an array to a memory. */
function copyIn({ memory, floats }: Memory, pointer: number, x: Values, from: number, to: number): void {
  if (from === 0 && to === x.length && isPlainFloats(x)) floats.set(x, pointer / 4);
  else new Uint32Array(memory.buffer, pointer, to - from).set(words(x, from, to));
}

/** Copies a memory's values to [from, to) of an array. Few are copied one by one, in less than the 40 ns that a view takes. */
export function copyOut({ memory, floats }: Memory, pointer: number, x: Values, from: number, to: number): void {
  if (from > 0 || to < x.length || !isPlainFloats(x))
    words(x, from, to).set(new Uint32Array(memory.buffer, pointer, to - from));
  else if (to <= 64) for (let i = 0; i < to; i++) x[i] = floats[pointer / 4 + i];
  else Float32Array.prototype.set.call(x, floats.subarray(pointer / 4, pointer / 4 + to));
}

interface ApplyOptions {
  /** How many of the arrays are only read; by default all but the last. */
  reads?: number;
  /** Arrays that are the same for every row, passed before the others; null is passed as 0. Above 32 KiB all are staged. */
  constant?: readonly (Values | null)[];
}

/**
 * Runs kernel(...constant, ...arrays, rows, ...numbers) over arrays of `rows` rows each, of which the last is written. If all
 * are only read, the kernel's last argument is a running total, which it returns; so does this function.
 */
export function apply<K extends string>(
  module: Module<K>,
  kernel: K,
  rows: number,
  arrays: readonly Values[],
  numbers: readonly number[] = [],
  { reads = arrays.length - 1, constant = [] }: ApplyOptions = {},
): number {
  let bytes = 0;
  for (const x of constant) bytes += align(x?.byteLength ?? 0);
  const common = bytes <= STATE_BYTES ? commonMemory(arrays) : undefined;
  if (common === undefined && rows === 0) return 0;
  let step = rows;
  if (common === undefined) {
    let longest = 0;
    for (const x of arrays) longest = Math.max(longest, x.length / rows);
    step = Math.min(rows, Math.max(1, Math.floor(TILE / longest)));
    for (const x of arrays) bytes += align((4 * x.length * step) / rows);
  }
  const memory = common ?? stagingMemory(bytes / 4);
  // The kernel's arguments, collected by loops in one list: closures over lists of lists took 340 ns.
  const args: number[] = [];
  let next = common ? memory.state : memory.free;
  for (const x of constant) {
    args.push(x === null ? 0 : next);
    if (x === null) continue;
    copyIn(memory, next, x, 0, x.length);
    next += align(x.byteLength);
  }
  const first = args.length;
  for (const x of arrays) {
    args.push(common ? x.byteOffset : next);
    next += align((4 * x.length * step) / rows);
  }
  const rowsAt = args.push(rows, ...numbers) - 1 - numbers.length;
  if (reads === arrays.length) args.push(0);
  const run = exportsOf(memory, module)[kernel];
  return common ? run(...args) : runStaged(memory, run, args, { arrays, reads, rows, step, first, rowsAt });
}

/** What runStaged needs of a call: rows at a time, and the indices of the first array and of the rows in the arguments. */
interface StagedCall {
  arrays: readonly Values[];
  reads: number;
  rows: number;
  step: number;
  first: number;
  rowsAt: number;
}

/** Runs a kernel on `step` rows at a time, which are copied to the staging memory and back. Returns its last result. */
function runStaged(
  memory: Memory,
  run: KernelFunction,
  args: number[],
  { arrays, reads, rows, step, first, rowsAt }: StagedCall,
): number {
  let total = 0;
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step);
    args[rowsAt] = to - from;
    if (reads === arrays.length) args[args.length - 1] = total;
    for (let i = 0; i < reads; i++) {
      const unit = arrays[i].length / rows;
      copyIn(memory, args[first + i], arrays[i], from * unit, to * unit);
    }
    total = run(...args);
    for (let i = reads; i < arrays.length; i++) {
      const unit = arrays[i].length / rows;
      copyOut(memory, args[first + i], arrays[i], from * unit, to * unit);
    }
  }
  return total;
}

/**
 * Runs kernel(state, out, out.length, ...numbers), which writes the next values of a generator; there are at most six numbers.
 * If the kernel advances the state, the state is copied back.
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
  const inPlace = address?.memory ?? memories.get(out.buffer);
  const memory = inPlace ?? stagingMemory(0);
  const { stateWords, free } = memory;
  const run = exportsOf(memory, module)[kernel];
  // Six numbers, of which a kernel ignores those beyond its parameters: to spread the list takes 25 ns more.
  const [a, b, c, d, e, f] = numbers;
  stateWords.set(state);
  if (inPlace !== undefined) run(memory.state, address?.pointer ?? out.byteOffset, out.length, a, b, c, d, e, f);
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
 * Runs kernel(x, work, ...numbers) on a whole array of n values and `work` bytes for intermediate values. The memory is
 * allocated first; the function that is returned runs the kernel.
 */
export function applyWhole<K extends string>(
  where: string,
  module: Module<K>,
  kernel: K,
  n: number,
  work: number,
): (x: Float32Array, ...numbers: number[]) => void {
  const size = align(4 * n);
  // To create a memory takes 0.25 ms, half as long as 128 x 128 values. One larger than 4 MiB is used once.
  const memory = size + work > 1 << 22 ? createMemory(where, size + work) : stagingMemory((size + work) / 4);
  const { free } = memory;
  const run = exportsOf(memory, module)[kernel];
  return (x, ...numbers) => {
    const staged = new Float32Array(memory.memory.buffer, free, n);
    staged.set(x);
    run(free, free + size, ...numbers);
    x.set(staged);
  };
}

/** A view of values [from, to) of an array. Not by `subarray`, which a subclass may redefine. */
export const view = (x: Float32Array, from: number, to: number): Float32Array =>
  new Float32Array(x.buffer, x.byteOffset + 4 * from, to - from);

/** Runs a kernel on numbers alone. */
export function scalar<K extends string>(module: Module<K>, kernel: K, ...numbers: number[]): number {
  return exportsOf(stagingMemory(0), module)[kernel](...numbers);
}
