// The type of schedules, and the function that makes one from its row in schedules.ts.

import { type Given, type Options, readOptions, type Values } from '../options.js';

/** The learning rate of an epoch or step (`at`, from 0 on), from the first learning rate. */
export type Schedule = (at: number, lr: number) => number;

export interface ScheduleRow<O extends Options = Options> {
  options: O;
  /** The schedule for options. */
  rate(o: Values<O>): Schedule;
}

const rows = new WeakMap<object, ScheduleRow>();
/** The row of a function nn.<name>. */
export const scheduleRow = (maker: object): ScheduleRow => rows.get(maker)!;

/** Makes the function nn.<name> of a row. */
export function schedule<const O extends Options>(name: string, row: ScheduleRow<O>): (options: Given<O>) => Schedule {
  const maker = (given: Given<O>): Schedule => row.rate(readOptions(`nn.${name}`, row.options, given));
  rows.set(maker, row as unknown as ScheduleRow);
  return maker;
}
