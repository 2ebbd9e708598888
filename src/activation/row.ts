// What a function of one variable promises. Rows of this shape stand in rectifiers, sigmoids and gates, by
// family; table.ts joins them to their kernels.

import type { Bounds } from '../check.js';

/** A number with its default and what is allowed (`from`: at least another parameter), or words that stand for numbers. */
export type Parameter =
  | ({ value: number; from?: string } & Bounds)
  | { value: string; choices: Record<string, number> };

export interface Row {
  /** The function in double precision: documentation, oracle and plain JavaScript to compare with. */
  formula(x: number, a: number, b: number): number;
  /** Its slope, from what forward keeps for backward. */
  derivative(kept: number, a: number, b: number): number;
  /** Whether backward needs the input or the output; with the output, forward may run in place. */
  keeps: 'x' | 'y';
  /** At most two, in the order of a and b. */
  parameters: Record<string, Parameter>;
  /** The largest error over all inputs, in units in the last place. */
  ulp: { forward: number; backward: number };
  /** The slope crosses zero: near there its error is at most so many times 2^-24, not units of the small value. */
  crosses?: boolean;
}
