// Files that are either complete or absent.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { safetensors, type Tensor } from 'fanwise';
import { fileOf, metadataOf, nameOf, type Plan, piecesOf } from './plan.js';

/** The ending of a file's name until it is complete. index.ts removes such files of processes that were killed. */
export const UNFINISHED = '.unfinished';

/** Writes a file, block by block; `between` is called after each block. */
export function write(path: string, bytes: Uint8Array, between?: (written: number) => void): void {
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}${UNFINISHED}`);
  const file = openSync(unfinished, 'w');
  try {
    for (let at = 0; at < bytes.length; between?.(at))
      at += writeSync(file, bytes, at, Math.min(65_536, bytes.length - at));
    fsyncSync(file); // before it gets its final name, so that a power cut cannot leave an incomplete file of that name
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder); // the name itself has to be on the disk, too
  } finally {
    closeSync(folder);
  }
}

/** The tensors of a shard, or undefined if the file is missing, damaged or of another plan. */
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
    if (error instanceof RangeError) return undefined; // by which decode says that a file is damaged
    throw error;
  }
}
