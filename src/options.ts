// The options of a row: for each its default and what is allowed. From them grow the types of what may be passed, the checks
// and their errors, the cases of wrong arguments in the tests, and the tables of the documents.

import { type Bounds, choice, flag, number, options, what, whole } from './check.js';

/** A number, or a whole one. Without a default it has to be passed, unless it is optional. */
export interface NumberOption extends Bounds {
  readonly value?: number;
  readonly optional?: true;
  readonly whole?: boolean;
  /** Another option that it is at least. */
  readonly from?: string;
}
export interface FlagOption {
  readonly value: boolean;
}
/** One of the names of some choices. */
export interface ChoiceOption {
  readonly value: string;
  readonly choices: Readonly<Record<string, unknown>>;
}
/** Two numbers of the same bounds. */
export interface PairOption extends Bounds {
  readonly value: readonly [number, number];
}
/** A function, and what an error says to pass. */
export interface FunctionOption<F extends (...numbers: number[]) => number = (...numbers: number[]) => number> {
  readonly value: F;
  readonly pass: string;
}
export type Option = NumberOption | FlagOption | ChoiceOption | PairOption | FunctionOption;
export type Options = Readonly<Record<string, Option>>;

/** What an option is when it was checked. */
type Value<O extends Option> = O extends FlagOption
  ? boolean
  : O extends { choices: infer C }
    ? keyof C & string
    : O extends PairOption
      ? readonly [number, number]
      : O extends FunctionOption<infer F>
        ? F
        : O extends { optional: true }
          ? number | undefined
          : number;
export type Values<O extends Options> = { readonly [K in keyof O]: Value<O[K]> };

/** What is passed where all options may be left out. */
export type PartialValues<O extends Options> = { [K in keyof O]?: Value<O[K]> };

type MayBeLeftOut<O extends Options> = {
  [K in keyof O]: O[K] extends { value: unknown } | { optional: true } ? K : never;
}[keyof O];
type Plain<T> = { [K in keyof T]: T[K] };
/** What is passed: options without a default, and those with one if another value is wanted. */
export type Passed<O extends Options> = Plain<
  { [K in Exclude<keyof O, MayBeLeftOut<O>>]: Value<O[K]> } & { [K in MayBeLeftOut<O>]?: Value<O[K]> }
>;

function numberOf(where: string, name: string, value: unknown, option: NumberOption, least?: number): number {
  const { whole: counts, ...bounds } = option;
  const all = least === undefined ? bounds : { ...bounds, least };
  return counts ? whole(where, name, value, all) : number(where, name, value, all);
}

/** An option's value, checked; `values` are those of the options before it. */
function checkedValue(
  where: string,
  name: string,
  value: unknown,
  option: Option,
  values: Record<string, unknown>,
): unknown {
  const usual = option.value;
  if ('choices' in option) return choice(where, name, value, Object.keys(option.choices));
  if (typeof usual === 'boolean') return flag(where, name, value);
  if (typeof usual === 'function') {
    if (typeof value !== 'function')
      throw new TypeError(`${where}: ${name} is ${what(value)}; pass ${(option as FunctionOption).pass}`);
    return value;
  }
  if (typeof usual === 'object') {
    if (!Array.isArray(value) || value.length !== 2)
      throw new TypeError(`${where}: ${name} is ${what(value)}; pass two numbers`);
    return Array.from(value, (one, i) => numberOf(where, `${name}[${i}]`, one, option as PairOption & NumberOption));
  }
  const { optional, from } = option as NumberOption;
  if (value === undefined && optional) return undefined;
  return numberOf(
    where,
    name,
    value,
    option as NumberOption,
    from === undefined ? undefined : (values[from] as number),
  );
}

/** The options of a row, passed or by default, in the row's order; no value is used before it is checked. */
export function valuesOf<O extends Options>(where: string, row: O, passed: Record<string, unknown>): Values<O> {
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(row))
    values[name] = checkedValue(where, name, passed[name] ?? option.value, option, values);
  return values as Values<O>;
}

/** The same, where nothing but the row's options may be passed. */
export const readOptions = <O extends Options>(where: string, row: O, passed: object | undefined): Values<O> =>
  valuesOf(where, row, options<Record<string, unknown>>(where, passed as Record<string, unknown>, Object.keys(row)));
