// Standardisation: what is subtracted from inputs or targets, and by what they are divided.

import type { Statistics } from '../nn/statistics.js';
import { isUnusualScale, MAX_TRIED_SHIFT } from './thresholds.js';

/** (value - mean) / std. */
export interface Standardisation {
  mean: number;
  std: number;
}

/** Whether values are so far from 0, or of such a scale, that training on standardised ones is tried. */
export const needsStandardising = ({ mean, variance, meanSquare, nonFinite }: Statistics) =>
  nonFinite === 0 &&
  variance > 0 &&
  (Math.abs(mean) > MAX_TRIED_SHIFT * Math.sqrt(variance) || isUnusualScale(meanSquare));

/** Numbers of eight digits, which do not depend on the order of sums. */
export const standardisationOf = ({ mean, variance }: Statistics): Standardisation => ({
  mean: Number(mean.toPrecision(8)),
  std: Number(Math.sqrt(variance).toPrecision(8)),
});

export const standardised = (values: Float32Array, { mean, std }: Standardisation): Float32Array =>
  values.map((value) => (value - mean) / std);
