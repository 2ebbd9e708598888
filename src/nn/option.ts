// The options of a row: for each its default and what is allowed. From them grow the types of what may be passed, the checks
// and their errors, the cases of wrong arguments in the tests, and the tables of docs/guide.md.

import { type Bounds, flag, number, options, what, whole } from '../check.js';

/** A number, or a whole one; without a value it has to be passed. */
export interface NumberOption extends Bounds {
  value?: number;
  whole?: boolean;
}
export interface FlagOption {
  value: boolean;
}
/** Two numbers of the same bounds. */
export interface PairOption extends Bounds {
  value: readonly [number, number];
}
/** A function, and what an error says to pass. */
export interface FunctionOption<F extends (...numbers: number[]) => number = (...numbers: number[]) => number> {
  value: F;
  pass: string;
}
export type Option = NumberOption | FlagOption | PairOption | FunctionOption;
export type Options = Readonly<Record<string, Option>>;

/** What an option is when it was checked. */
type Value<O extends Option> = O extends FlagOption
  ? boolean
  : O extends PairOption
    ? readonly [number, number]
    : O extends FunctionOption<infer F>
      ? F
      : number;
export type Values<O extends Options> = { readonly [K in keyof O]: Value<O[K]> };

type Optional<O extends Options> = { [K in keyof O]: O[K] extends { value: unknown } ? K : never }[keyof O];
type Plain<T> = { [K in keyof T]: T[K] };
/** What is passed: options without a default, and those with one if another value is wanted. */
export type Passed<O extends Options> = Plain<
  { [K in Exclude<keyof O, Optional<O>>]: Value<O[K]> } & { [K in Optional<O>]?: Value<O[K]> }
>;

function checkedValue(where: string, name: string, value: unknown, option: Option): unknown {
  const { value: usual } = option;
  if (typeof usual === 'boolean') return flag(where, name, value);
  if (typeof usual === 'function') {
    if (typeof value !== 'function')
      throw new TypeError(`${where}: ${name} is ${what(value)}; pass ${(option as FunctionOption).pass}`);
    return value;
  }
  if (typeof usual === 'object') {
    if (!Array.isArray(value) || value.length !== 2)
      throw new TypeError(`${where}: ${name} is ${what(value)}; pass two numbers`);
    return Array.from(value, (one, i) => number(where, `${name}[${i}]`, one, option as PairOption));
  }
  const { whole: counts, ...bounds } = option as NumberOption;
  return counts ? whole(where, name, value, bounds) : number(where, name, value, bounds);
}

/** The options of a row, passed or by default, in the row's order; no value is used before it is checked. */
export function valuesOf<O extends Options>(where: string, row: O, passed: Record<string, unknown>): Values<O> {
  const values = Object.entries(row).map(([name, option]) => [
    name,
    checkedValue(where, name, passed[name] ?? option.value, option),
  ]);
  return Object.fromEntries(values);
}

/** The same, where nothing but the row's options may be passed. */
export const read = <O extends Options>(where: string, row: O, passed: object | undefined): Values<O> =>
  valuesOf(where, row, options(where, passed, Object.keys(row)) as Record<string, unknown>);

/**
 * start times factor, so many times over: multiplied up as PyTorch does, since the host's power differs between engines. It
 * goes on from the latest, so that a training asks for each in turn at the cost of one.
 */
export function multiplied(factor: number): (start: number, times: number) => number {
  let [from, done, value] = [Number.NaN, 0, Number.NaN];
  return (start, times) => {
    if (start !== from || times < done) [from, done, value] = [start, 0, start];
    for (; done < times; done++) {
      const next = value * factor;
      if (Object.is(next, value)) return value; // and so it stays: 0, infinite, or times 1
      value = next;
    }
    return value;
  };
}
