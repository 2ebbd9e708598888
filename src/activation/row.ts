// The row of an activation: its definition and what is promised of it. rectifiers.ts, sigmoids.ts and gates.ts have the rows;
// table.ts makes functions of them.

import type { ChoiceOption, NumberOption } from '../options.js';

/** A number, or a name for a number. */
export type Parameter =
  | (NumberOption & { readonly value: number })
  | (ChoiceOption & { readonly choices: Readonly<Record<string, number>> });

export interface Row {
  /** The function in double precision: documentation, oracle of the tests, and baseline of the benchmarks. */
  formula(x: number, a: number, b: number): number;
  /** Its derivative, from the input x or the output y, whichever `keeps` says. */
  derivative(saved: number, a: number, b: number): number;
  /** Whether backward needs the input or the output. With the output, forward can run in place. */
  keeps: 'x' | 'y';
  /** At most two, in the order of a and b. */
  parameters: Record<string, Parameter>;
  /** The largest error over all inputs, in units in the last place. */
  ulp: { forward: number; backward: number };
  /** Whether the derivative crosses zero. Near there its error bound is ulp.backward times 2^-24. */
  crosses?: boolean;
}
