// What a schedule is, and how one grows from its row in schedules.ts.

import { type Options, type Passed, read, type Values } from './option.js';

/** The learning rate of an epoch or step (`at`, from 0), given that of the first. */
export type Schedule = (at: number, lr: number) => number;

export interface Row<O extends Options = Options> {
  options: O;
  /** The schedule of some options. */
  rate(o: Values<O>): Schedule;
}

const rows = new WeakMap<object, Row>();
/** The row of a function that makes a schedule. */
export const rowOf = (maker: object): Row => rows.get(maker)!;

/** The function nn.<name> that makes a schedule of options. */
export function schedule<const O extends Options>(name: string, row: Row<O>): (given: Passed<O>) => Schedule {
  const maker = (given: Passed<O>): Schedule => row.rate(read(`nn.${name}`, row.options, given));
  rows.set(maker, row as unknown as Row);
  return maker;
}
