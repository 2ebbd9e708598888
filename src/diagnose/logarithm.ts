// Exponential and logarithms by this package's own kernels: the host's differ between engines in the last digits.

import { scalar } from '../wasm/kernels.js';
import { randomModule } from '../wasm/module.js';

export const ln = (x: number) => scalar(randomModule, 'log64', x);
export const exp = (x: number) => scalar(randomModule, 'exp64', x);

/** Below the least square of a float32, 2e-90. A mean square of 0 counts as this. */
const LEAST_SQUARE = 1e-90;
/** log10 of a mean square of float32 values, which may be 0. */
export const log10 = (meanSquare: number) => ln(Math.max(meanSquare, LEAST_SQUARE)) / Math.LN10;
