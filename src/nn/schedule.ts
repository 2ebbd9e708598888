// What a schedule is, and how one grows from its row in schedules.ts.

import { type Given, type Options, readOptions, type Values } from '../options.js';

/** The learning rate of an epoch or step (`at`, from 0), from that of the first. */
export type Schedule = (at: number, lr: number) => number;

export interface ScheduleRow<O extends Options = Options> {
  options: O;
  /** The schedule of some options. */
  rate(o: Values<O>): Schedule;
}

const rows = new WeakMap<object, ScheduleRow>();
/** The row of a function that makes a schedule. */
export const scheduleRow = (maker: object): ScheduleRow => rows.get(maker)!;

/** The function nn.<name> that makes a schedule of options. */
export function schedule<const O extends Options>(name: string, row: ScheduleRow<O>): (options: Given<O>) => Schedule {
  const maker = (passed: Given<O>): Schedule => row.rate(readOptions(`nn.${name}`, row.options, passed));
  rows.set(maker, row as unknown as ScheduleRow);
  return maker;
}
