// Reductions of losses: their mean, their sum, or none.

import { type Floats, float32, sameLength } from '../../check.js';

/** The mean over the values or rows that count, their sum, or each of them. */
export type Reduction = 'mean' | 'sum' | 'none';
export const reductions = ['mean', 'sum', 'none'] as const;

export interface Forward<O> {
  /** The losses, not reduced. */
  (given: O & { reduction: 'none' }): Floats;
  /** Their mean or their sum. The mean of none is 0. */
  (given: O & { reduction?: 'mean' | 'sum' | undefined }): number;
}

/** total / count; 0 if the count is 0. */
export const ratio = (total: number, count: number) => (count === 0 ? 0 : total / count);

/** dy, the gradient with respect to each of the losses if they are not reduced, checked; undefined for other reductions. */
export function upstreamGradients(
  where: string,
  dy: unknown,
  reduction: Reduction,
  length: number,
): Float32Array | undefined {
  if (reduction !== 'none') {
    if (dy !== undefined) throw new TypeError(`${where}: dy goes with reduction 'none'; leave it out`);
    return undefined;
  }
  const gradients = float32(where, 'dy', dy);
  sameLength(where, 'dy', gradients.length, 'the losses', length);
  return gradients;
}
