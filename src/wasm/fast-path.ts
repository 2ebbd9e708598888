// The fast path of activations: for arrays of one workspace, or other arrays that fit into a tile. A call takes 40 to 60 ns
// without the values; the checked path takes 300 to 1,500.

import { lockedArrays } from '../check.js';
import { copyOut, isPlainFloats, stagingMemory, TILE } from './kernels.js';
import { Addressed, exportsOf, type KernelFunction, type Memory, memories } from './memory.js';
import type { Module } from './module.js';

/** A kernel with a number of its own: to find its function by number takes 2 ns, by name 18. */
export interface NumberedKernel {
  readonly module: Module;
  readonly name: string;
  readonly number: number;
}

let kernels = 0;
export const numberedKernel = <K extends string>(module: Module<K>, name: NoInfer<K>): NumberedKernel => ({
  module,
  name,
  number: kernels++,
});

const functionOf = (memory: Memory, { module, name, number }: NumberedKernel): KernelFunction =>
  (memory.numbered[number] ??= exportsOf(memory, module)[name]);

/**
 * Runs kernel(x, out, n, a, b), or with two inputs kernel(x, y, out, n, a, b), if the arrays allow it. Returns whether it did.
 * If not, nothing was written, and the caller takes the checked path, which has the errors. With one input, pass x as y.
 */
export function applyFast(
  kernel: NumberedKernel,
  inputs: 1 | 2,
  x: unknown,
  y: unknown,
  out: unknown,
  numbers: readonly [a: number, b: number],
): boolean {
  const address = Addressed.of(out);
  if (address !== undefined) {
    const { memory, pointer } = address;
    const { length } = out as Float32Array;
    const xPointer = Addressed.within(x, memory, length);
    const yPointer = inputs === 1 ? xPointer : Addressed.within(y, memory, length);
    // Two arrays of one workspace are the same array, or do not overlap.
    if (xPointer < 0 || yPointer < 0) return false;
    if (inputs === 1) functionOf(memory, kernel)(xPointer, pointer, length, numbers[0], numbers[1]);
    else functionOf(memory, kernel)(xPointer, yPointer, pointer, length, numbers[0], numbers[1]);
    return true;
  }
  if (lockedArrays.size > 0 || !isPlainFloats(out) || out.length > TILE) return false;
  const { buffer, length } = out;
  if (!(buffer instanceof ArrayBuffer) || !isApart(x, out, buffer)) return false;
  const memory = stagingMemory(0);
  const { free, floats } = memory;
  if (inputs === 2) {
    if (!isApart(y, out, buffer)) return false;
    floats.set(y, free / 4 + TILE);
  }
  floats.set(x, free / 4);
  if (inputs === 1) functionOf(memory, kernel)(free, free, length, numbers[0], numbers[1]);
  else functionOf(memory, kernel)(free, free + 4 * TILE, free, length, numbers[0], numbers[1]);
  copyOut(memory, free, out, 0, length);
  return true;
}

/** Whether an input is as long as the output and on another buffer, or is the output itself and on no workspace. */
function isApart(x: unknown, out: Float32Array, buffer: ArrayBuffer): x is Float32Array {
  if (x === out) return !memories.has(buffer);
  if (!isPlainFloats(x) || x.length !== out.length) return false;
  const other = x.buffer;
  return other !== buffer && other instanceof ArrayBuffer;
}
