// The digits of the page, 4 bits a pixel: how they are packed (when the page is built), unpacked and normalised.

export const counts = { train: 5000, test: 1000 };
const SIDE = 28;
export const PIXELS = SIDE * SIDE;
const rows = counts.train + counts.test;

export interface Digits {
  /** Rows of 784 values of mean 0 and variance 1 over all of MNIST. */
  x: Float32Array;
  labels: Uint8Array;
}

/** Two pixels of 0 to 255 a byte, then the labels. */
export function pack(pixels: Uint8Array, labels: Uint8Array): Uint8Array {
  const packed = new Uint8Array((rows * PIXELS) / 2 + rows);
  for (let i = 0; i < rows * PIXELS; i++) packed[i >> 1] |= Math.round(pixels[i] / 17) << (4 * (i & 1));
  packed.set(labels, (rows * PIXELS) / 2);
  return packed;
}

/** A pixel from 0 to 1 as a network's input. */
export const standardise = (pixel: number) => (pixel - 0.1307) / 0.3081;

export function unpack(packed: Uint8Array): { train: Digits; test: Digits } {
  if (packed.length !== (rows * PIXELS) / 2 + rows) throw new Error('The digits did not arrive whole; reload the page');
  const levels = Float32Array.from({ length: 16 }, (_, level) => standardise(level / 15));
  const x = new Float32Array(rows * PIXELS);
  for (let i = 0; i < x.length; i++) x[i] = levels[(packed[i >> 1] >> (4 * (i & 1))) & 15];
  const labels = packed.subarray((rows * PIXELS) / 2);
  const split = counts.train * PIXELS;
  return {
    train: { x: x.subarray(0, split), labels: labels.slice(0, counts.train) },
    test: { x: x.subarray(split), labels: labels.slice(counts.train) },
  };
}

/**
 * A drawing in the form of MNIST's digits: its box is scaled to fit into 20 × 20, and its centre of mass is in the middle of
 * 28 × 28. `ink` has size × size values from 0 to 1; null if it is empty.
 */
export function centred(ink: Float32Array, size: number): Float32Array | null {
  let [left, top, right, bottom] = [size, size, -1, -1];
  for (let i = 0; i < ink.length; i++) {
    if (ink[i] < 0.1) continue;
    const [column, row] = [i % size, Math.floor(i / size)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
  }
  if (right < 0) return null;
  const scale = 20 / Math.max(right - left + 1, bottom - top + 1);
  let [mass, sumX, sumY] = [0, 0, 0];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const value = ink[row * size + column];
      mass += value;
      sumX += value * (column + 0.5);
      sumY += value * (row + 0.5);
    }
  }
  // Each pixel of the drawing becomes a square with sides of `scale`, whose ink goes to the pixels that it covers, by area.
  // The centre moves by whole pixels, as for MNIST.
  const shiftX = SIDE / 2 - Math.round((sumX / mass - left) * scale);
  const shiftY = SIDE / 2 - Math.round((sumY / mass - top) * scale);
  const out = new Float32Array(PIXELS);
  const overlap = (from: number, cell: number) => Math.max(0, Math.min(from + scale, cell + 1) - Math.max(from, cell));
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const value = ink[row * size + column];
      if (value === 0) continue;
      const [x, y] = [(column - left) * scale + shiftX, (row - top) * scale + shiftY];
      for (let cellY = Math.max(0, Math.floor(y)); cellY < Math.min(SIDE, y + scale); cellY++) {
        for (let cellX = Math.max(0, Math.floor(x)); cellX < Math.min(SIDE, x + scale); cellX++) {
          out[cellY * SIDE + cellX] += value * overlap(x, cellX) * overlap(y, cellY);
        }
      }
    }
  }
  return out.map((value) => Math.min(1, value));
}
