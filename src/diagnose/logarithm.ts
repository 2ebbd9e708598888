// The exponential and logarithms, computed by this package's kernels: those of Math differ between engines in the last digits.

import { scalar } from '../wasm/kernels.js';
import { randomModule } from '../wasm/module.js';

export const ln = (x: number) => scalar(randomModule, 'log64', x);
export const exp = (x: number) => scalar(randomModule, 'exp64', x);

/** log10 takes a mean square of 0 for this number. It is below 2e-90, the square of the smallest float32 above 0. */
const LEAST_SQUARE = 1e-90;
/** log10 of a mean square of float32 values, which may be 0. */
export const log10 = (meanSquare: number) => ln(Math.max(meanSquare, LEAST_SQUARE)) / Math.LN10;
