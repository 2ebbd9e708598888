// Files that are whole or not there.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { safetensors, type Tensor } from 'fanwise';
import { fileOf, metadataOf, nameOf, type Plan, piecesOf } from './plan.js';

/** How a file is called until it is whole; whoever starts the processes clears what a killed one has left. */
export const UNFINISHED = '.unfinished';

/** Writes a file, block by block; `between` is called behind each. */
export function write(path: string, bytes: Uint8Array, between?: (written: number) => void): void {
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}${UNFINISHED}`);
  const file = openSync(unfinished, 'w');
  try {
    for (let at = 0; at < bytes.length; between?.(at))
      at += writeSync(file, bytes, at, Math.min(65_536, bytes.length - at));
    fsyncSync(file); // before it gets its name: a name must never stand for bytes that a power cut takes
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder); // the name itself
  } finally {
    closeSync(folder);
  }
}

/** The tensors of a shard, or undefined where the file is missing, damaged or of another plan. */
export function read(folder: string, plan: Plan, shard: number): Record<string, Tensor> | undefined {
  const path = join(folder, fileOf(plan, shard));
  if (!existsSync(path)) return undefined;
  try {
    const { tensors, metadata } = safetensors.decode(readFileSync(path));
    const same =
      JSON.stringify(metadata) === JSON.stringify(metadataOf(plan)) &&
      JSON.stringify(Object.keys(tensors)) === JSON.stringify(piecesOf(plan, shard).map(nameOf));
    return same ? tensors : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined; // how decode says that a file is damaged
    throw error;
  }
}
