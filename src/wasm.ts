// Kernels on arrays, wherever those are: without a copy on arrays that live in one home; all other arrays are staged
// through a small home of our own, a tile at a time.

import { Addressed, align, type Home, homes, type Kernel, STATE_BYTES, settle, type Values } from './home.js';

/** Values a tile: 64 KiB, so that three tiles stay in a level-2 cache. */
const TILE = 16384;

/** The home for arrays of elsewhere. It holds three tiles; a longer row moves it to a larger one. */
let stage: Home | undefined;
let room = 0;

function staging(floats: number): Home {
  if (stage === undefined || room < floats) {
    const wanted = Math.max(floats, 3 * TILE);
    stage = settle('staging an array', 4 * wanted + 64);
    room = wanted;
  }
  return stage;
}

/** The home in which all of the arrays live, if there is one. */
function shared(arrays: readonly Values[]): Home | undefined {
  const { buffer } = arrays[0];
  for (let i = 1; i < arrays.length; i++) if (arrays[i].buffer !== buffer) return undefined;
  return homes.get(buffer);
}

/** The kernels that have a number: by it a home finds a function in 2 ns, by its name in 18. */
const numbered: Kernel[] = [];
export const numberOf = (kernel: Kernel): number => numbered.push(kernel) - 1;

/**
 * The kernel of a number as kernel(x, out, n, a, b), or with two inputs as kernel(x, beside, out, n, a, b), on what is
 * given most: arrays made by one workspace, or arrays of elsewhere that fit into a tile. Says whether it was done. If
 * not, nothing was: the arguments are to be looked at by what can say what is wrong with them. Without `beside`, pass x.
 */
export function swift(
  kernel: number,
  inputs: 1 | 2,
  x: unknown,
  beside: unknown,
  out: unknown,
  numbers: readonly [a: number, b: number],
): boolean {
  const to = Addressed.of(out);
  if (to !== undefined) {
    const { home, at } = to;
    const { length } = out as Float32Array;
    const one = Addressed.within(x, home, length);
    const two = inputs === 1 ? one : Addressed.within(beside, home, length);
    // Arrays made by one workspace are the same or apart.
    if (one < 0 || two < 0) return false;
    if (inputs === 1) functionOf(home, kernel)(one, at, length, numbers[0], numbers[1]);
    else functionOf(home, kernel)(one, two, at, length, numbers[0], numbers[1]);
    return true;
  }
  if (!isFloats(out) || out.length > TILE) return false;
  const { buffer, length } = out;
  if (!(buffer instanceof ArrayBuffer) || !isApart(x, out, buffer)) return false;
  const home = staging(0);
  const { free, floats } = home;
  if (inputs === 2) {
    if (!isApart(beside, out, buffer)) return false;
    floats.set(beside, free / 4 + TILE);
  }
  floats.set(x, free / 4);
  if (inputs === 1) functionOf(home, kernel)(free, free, length, numbers[0], numbers[1]);
  else functionOf(home, kernel)(free, free + 4 * TILE, free, length, numbers[0], numbers[1]);
  outOf(home, free, out, 0, length);
  return true;
}

const functionOf = (home: Home, kernel: number) => (home.functions[kernel] ??= home.kernels[numbered[kernel]]);

/** A Float32Array of this realm that is there and not empty, and whose length is not one that was put upon it. */
const isFloats = (x: unknown): x is Float32Array =>
  ArrayBuffer.isView(x) && x instanceof Float32Array && x[x.length - 1] !== undefined && x[x.length] === undefined;

/** An input as long as the output, on memory of its own; or the output itself, where that is of no workspace. */
function isApart(x: unknown, out: Float32Array, buffer: ArrayBuffer): x is Float32Array {
  if (x === out) return !homes.has(buffer);
  if (!isFloats(x) || x.length !== out.length) return false;
  const other = x.buffer;
  return other !== buffer && other instanceof ArrayBuffer;
}

/** Part of an array as words: a copy between float arrays may change the bits of a NaN. */
function words(x: Values, from: number, to: number): Uint32Array {
  return new Uint32Array(x.buffer, x.byteOffset + 4 * from, to - from);
}

/** Values [from, to) of an array of elsewhere into a home. */
function into({ memory, floats }: Home, at: number, x: Values, from: number, to: number): void {
  if (from === 0 && to === x.length && isFloats(x)) floats.set(x, at / 4);
  else new Uint32Array(memory.buffer, at, to - from).set(words(x, from, to));
}

/** Values of a home to [from, to) of an array of elsewhere; one by one while that takes less than the 40 ns of a view. */
function outOf({ memory, floats }: Home, at: number, x: Values, from: number, to: number): void {
  if (from > 0 || to < x.length || !isFloats(x)) words(x, from, to).set(new Uint32Array(memory.buffer, at, to - from));
  else if (to <= 64) for (let i = 0; i < to; i++) x[i] = floats[at / 4 + i];
  else Float32Array.prototype.set.call(x, floats.subarray(at / 4, at / 4 + to));
}

/** What else a kernel is given. */
interface Beside {
  /** How many of the arrays are read alone; all but the last. */
  reads?: number;
  /** Arrays that every row needs whole, before the others; null: none. Beyond 32 KiB of them all is staged. */
  constant?: readonly (Values | null)[];
}

/**
 * kernel(...constant, ...arrays, rows, ...numbers) over arrays of so many rows each, the last of which is written. If
 * all are read alone, the kernel takes a running total last, and returns it.
 */
export function apply(
  kernel: Kernel,
  rows: number,
  arrays: readonly Values[],
  numbers: readonly number[] = [],
  { reads = arrays.length - 1, constant = [] }: Beside = {},
): number {
  let bytes = 0;
  for (const x of constant) bytes += align(x?.byteLength ?? 0);
  const own = bytes <= STATE_BYTES ? shared(arrays) : undefined;
  if (own === undefined && rows === 0) return 0;
  let step = rows;
  if (own === undefined) {
    let longest = 0;
    for (const x of arrays) longest = Math.max(longest, x.length / rows);
    step = Math.min(rows, Math.max(1, Math.floor(TILE / longest)));
    for (const x of arrays) bytes += align((4 * x.length * step) / rows);
  }
  const home = own ?? staging(bytes / 4);
  // What the kernel is given, in loops and in one list: closures over lists of lists took 340 ns.
  const given: number[] = [];
  let next = own ? home.state : home.free;
  for (const x of constant) {
    given.push(x === null ? 0 : next);
    if (x === null) continue;
    into(home, next, x, 0, x.length);
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
  const run = home.kernels[kernel];
  if (own) return run(...given);
  let total = 0;
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step);
    given[count] = to - from;
    if (sums) given[given.length - 1] = total;
    for (let i = 0; i < reads; i++) {
      const unit = arrays[i].length / rows;
      into(home, given[first + i], arrays[i], from * unit, to * unit);
    }
    total = run(...given);
    for (let i = reads; i < arrays.length; i++) {
      const unit = arrays[i].length / rows;
      outOf(home, given[first + i], arrays[i], from * unit, to * unit);
    }
  }
  return total;
}

/**
 * kernel(state, out, count, ...numbers): the next values of a generator; of numbers there are at most six. Where its
 * state moves on by that, it is copied back.
 */
export function draw(
  kernel: Kernel,
  state: Uint32Array,
  out: Values,
  numbers: readonly number[] = [],
  moves = false,
): void {
  const address = Addressed.of(out);
  const own = address?.home ?? homes.get(out.buffer);
  const home = own ?? staging(0);
  const { stored, free } = home;
  stored.set(state);
  if (own !== undefined) next(home, kernel, address?.at ?? out.byteOffset, out.length, numbers);
  else {
    for (let from = 0; from < out.length; from += TILE) {
      const to = Math.min(out.length, from + TILE);
      next(home, kernel, free, to - from, numbers);
      outOf(home, free, out, from, to);
    }
  }
  if (moves) state.set(stored.subarray(0, state.length));
}

/** Six numbers, of which a kernel leaves out what it has no name for: a list spread over the call takes 25 ns more. */
function next({ kernels, state }: Home, kernel: Kernel, out: number, n: number, given: readonly number[]): void {
  kernels[kernel](state, out, n, given[0], given[1], given[2], given[3], given[4], given[5]);
}

/**
 * A home with room for a whole array of n values and bytes to work in, found before anything is drawn; then
 * kernel(x, work, ...numbers) on the array.
 */
export function alone(
  where: string,
  kernel: Kernel,
  n: number,
  work: number,
): (x: Float32Array, ...numbers: number[]) => void {
  const size = align(4 * n);
  // A home of its own takes 0.25 ms to make, half of what 128 x 128 take; what is larger than 4 MiB is not kept.
  const { kernels, memory, free } = size + work > 1 << 22 ? settle(where, size + work) : staging((size + work) / 4);
  return (x, ...numbers) => {
    const inside = new Float32Array(memory.buffer, free, n);
    inside.set(x);
    kernels[kernel](free, free + size, ...numbers);
    x.set(inside);
  };
}

/** Values [from, to) of an array, in place; not `subarray`, which a subclass may redefine. */
export const view = (x: Float32Array, from: number, to: number): Float32Array =>
  new Float32Array(x.buffer, x.byteOffset + 4 * from, to - from);

/** A kernel on numbers alone. */
export function scalar(kernel: Kernel, ...numbers: number[]): number {
  return staging(0).kernels[kernel](...numbers);
}
