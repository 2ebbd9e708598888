// What becomes of the losses of many values: their mean, their sum, or each by itself.

import { type Floats, float32, sameLength } from '../../check.js';

/** The mean over what counts (in nats), the sum, or each by itself. */
export type Reduction = 'mean' | 'sum' | 'none';
export const reductions = ['mean', 'sum', 'none'] as const;

export interface Forward<O> {
  /** A value each, not reduced. */
  (passed: O & { reduction: 'none' }): Floats;
  /** The mean of all, or their sum. The mean of none is 0. */
  (passed: O & { reduction?: 'mean' | 'sum' | undefined }): number;
}

/** A quotient by a count; nothing at all has the mean 0. */
export const ratio = (total: number, count: number) => (count === 0 ? 0 : total / count);

/** The gradients dy that come back to losses that were not reduced; else undefined. */
export function upstream(where: string, dy: unknown, reduction: Reduction, length: number): Float32Array | undefined {
  if (reduction !== 'none') {
    if (dy !== undefined) throw new TypeError(`${where}: dy goes with reduction 'none'; leave it out`);
    return undefined;
  }
  const gradients = float32(where, 'dy', dy);
  sameLength(where, 'dy', gradients.length, 'the losses', length);
  return gradients;
}
