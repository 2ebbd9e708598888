// The fast path of functions of one variable: what is called most, arrays made by one workspace or arrays of elsewhere that fit
// into a tile, with the parameters' defaults. It takes 40 to 60 ns beside the values; the checked path takes 300 to 1,500.

import { copyOut, isPlainFloats, stagingMemory, TILE } from './kernels.js';
import { Addressed, exportsOf, type KernelFunction, type Memory, memories } from './memory.js';
import type { Module } from './module.js';

/** A kernel with a number: a memory finds a function by number in 2 ns, by name in 18. */
export interface NumberedKernel {
  readonly module: Module;
  readonly name: string;
  readonly number: number;
}

let kernels = 0;
export const numberedKernel = <K extends string>(module: Module<K>, name: K): NumberedKernel => ({
  module,
  name,
  number: kernels++,
});

const functionOf = (memory: Memory, { module, name, number }: NumberedKernel): KernelFunction =>
  (memory.numbered[number] ??= exportsOf(memory, module)[name]);

/**
 * kernel(x, out, n, a, b), or with two inputs kernel(x, beside, out, n, a, b). Returns whether it was done. If not, nothing
 * was done: the arguments are to be checked by what can say what is wrong with them. Without `beside`, pass x.
 */
export function applyFast(
  kernel: NumberedKernel,
  inputs: 1 | 2,
  x: unknown,
  beside: unknown,
  out: unknown,
  numbers: readonly [a: number, b: number],
): boolean {
  const to = Addressed.of(out);
  if (to !== undefined) {
    const { memory, pointer } = to;
    const { length } = out as Float32Array;
    const one = Addressed.within(x, memory, length);
    const two = inputs === 1 ? one : Addressed.within(beside, memory, length);
    // Arrays made by one workspace are the same or apart.
    if (one < 0 || two < 0) return false;
    if (inputs === 1) functionOf(memory, kernel)(one, pointer, length, numbers[0], numbers[1]);
    else functionOf(memory, kernel)(one, two, pointer, length, numbers[0], numbers[1]);
    return true;
  }
  if (!isPlainFloats(out) || out.length > TILE) return false;
  const { buffer, length } = out;
  if (!(buffer instanceof ArrayBuffer) || !isApart(x, out, buffer)) return false;
  const memory = stagingMemory(0);
  const { free, floats } = memory;
  if (inputs === 2) {
    if (!isApart(beside, out, buffer)) return false;
    floats.set(beside, free / 4 + TILE);
  }
  floats.set(x, free / 4);
  if (inputs === 1) functionOf(memory, kernel)(free, free, length, numbers[0], numbers[1]);
  else functionOf(memory, kernel)(free, free + 4 * TILE, free, length, numbers[0], numbers[1]);
  copyOut(memory, free, out, 0, length);
  return true;
}

/** Whether an input is as long as the output and on memory of its own, or is the output where that is of no workspace. */
function isApart(x: unknown, out: Float32Array, buffer: ArrayBuffer): x is Float32Array {
  if (x === out) return !memories.has(buffer);
  if (!isPlainFloats(x) || x.length !== out.length) return false;
  const other = x.buffer;
  return other !== buffer && other instanceof ArrayBuffer;
}
