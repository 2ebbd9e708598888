// Checks of the states given to `random.restore`.

import { what } from '../check.js';

/** A generator's state before its check. */
export type State = Record<string, unknown>;

export const wrongState = (name: string, value: unknown) =>
  new TypeError(`random.restore: ${name} is ${what(value)}; pass what state() gave, unchanged`);

/** 64 bits, as a decimal text. */
export function bigintOf(name: string, value: unknown): bigint {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value) || BigInt(value) >= 2n ** 64n)
    throw wrongState(name, value);
  return BigInt(value);
}

/** A whole number from 0 to `most`. */
export function wholeOf(name: string, value: unknown, most: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > most) throw wrongState(name, value);
  return value as number;
}

export const blockOf = (state: State): number => wholeOf('block', state.block, Number.MAX_SAFE_INTEGER);
