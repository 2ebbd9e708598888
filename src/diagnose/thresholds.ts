// The limits beyond which a figure becomes a warning or a verdict, with a reason for each. theory and verdicts share them.

import { exp } from './logarithm.js';

/**
 * Powers of ten by which the mean square of a gradient or of a signal may change between the first hidden layer and the
 * last. From 10^3 on it is a warning (steps 30 times too short or too long), from 10^6 on an error (1000 times).
 */
export const MAX_POWERS = 3;
export const levelOf = (powers: number) => (Math.abs(powers) > 2 * MAX_POWERS ? 'error' : 'warning');

/**
 * The share of a layer's values at which its activation is flat, from which on it is saturated. Values at which it is flat
 * even for inputs from N(0, 1) are left out of both numbers.
 */
export const SATURATED = 0.5;

/** A network deeper than this number of depth scales is too deep: Schoenholz et al. (2017) could train up to it. */
export const MAX_DEPTH_SCALES = 6;

/** A network that one input leaves dead more often than once in a hundred draws is too narrow (Lu et al. 2020). */
export const MIN_ALIVE = 0.99;
/** The share of relu networks of these widths that one input does not leave dead: a layer of n units is with 2^-n. */
export const aliveShare = (widths: readonly number[]) =>
  widths.reduce((share, n) => share * (1 - exp(-n * Math.LN2)), 1);

/** More than half of a layer's units are dead: one input turns off half of them, and deep down all rows look alike. */
export const DEAD = 0.5;

/**
 * The outputs' mean square, whatever came in, lies between 10^-8 and 10^8: beyond, nothing of the input is left in it.
 */
export const MAX_OUTPUT_POWERS = 8;

/** The highest share that n units reach by chance (four standard errors above it), each with probability p. */
export const upperLimit = (share: number, p: number, n: number) => share + 4 * Math.sqrt((p * (1 - p)) / n);

/** Powers of ten by which a mean square may still change after a fix: a tenth of the change that is a warning. */
export const MAX_FIXED_POWERS = 2;

/** Whether the inputs' mean square is so far from 1 that the first layer's weights should make up for it. */
export const isUnusualScale = (meanSquare: number) => meanSquare > 0 && (meanSquare < 1 / 16 || meanSquare > 16);

/**
 * The largest distance of the inputs' mean from 0, in standard deviations; three times that is an error. Pixels from 0 to 1 have 0.4.
 * Digits plus a constant in 3 relu layers of 100 units, the best of nine learning rates: 92 % right at 0.4, 84 at 2, 75 at 3.6,
 * 60 at 5.3, 43 at 13, 23 at 33 standard deviations.
 */
export const MAX_SHIFT = 4;

/** The same from which on a trial also trains on standardised values. */
export const MAX_TRIED_SHIFT = 1;

/**
 * In a trial, a setting that learns less than this share of what the best does is worth a warning, and less than the second an
 * error: of labels the share that is right beyond chance, of targets the share of the loss that is gone.
 */
export const GOOD = 0.8;
export const POOR = 0.5;

/**
 * The length of a step over that of its weights: the median of the networks of LONG_UPDATE, and the bounds beyond which the
 * learning rate is told to be wrong, the second if no hidden layer's step is longer.
 */
export const USUAL_UPDATE = 0.02;
export const MAX_UPDATE = 1;
export const MIN_UPDATE = 1e-6;
