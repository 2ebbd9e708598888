// The options of a row of a table: the default of each, and its bounds. The types of options, their checks and errors, the tests
// of wrong arguments and the tables of the documents are all made from these.

import { type Bounds, choice, flag, number, options, what, whole } from './check.js';

/** A number. Without a default it is required, unless it is optional. */
export interface NumberOption extends Bounds {
  readonly value?: number;
  readonly optional?: true;
  /** Whether it has to be a whole number. */
  readonly whole?: boolean;
  /** The name of an option before it that is its least value. */
  readonly from?: string;
  /** The name of a flag before it, with which it has to be its default. */
  readonly without?: string;
}
export interface FlagOption {
  readonly value: boolean;
}
/** The name of one of several choices. */
export interface ChoiceOption {
  readonly value: string;
  readonly choices: Readonly<Record<string, unknown>>;
}
/** Two numbers with the same bounds. */
export interface PairOption extends Bounds {
  readonly value: readonly [number, number];
}
/** A function. `pass` is what an error says to pass. */
export interface FunctionOption<F extends (...numbers: number[]) => number = (...numbers: number[]) => number> {
  readonly value: F;
  readonly pass: string;
}
export type Option = NumberOption | FlagOption | ChoiceOption | PairOption | FunctionOption;
export type Options = Readonly<Record<string, Option>>;

/** The type of an option's value. */
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

/** Options that can all be left out. */
export type PartialValues<O extends Options> = { [K in keyof O]?: Value<O[K]> | undefined };

/** The names of options that can be left out. */
type CanBeLeftOut<O extends Options> = {
  [K in keyof O]: O[K] extends { value: unknown } | { optional: true } ? K : never;
}[keyof O];
/** The same type as a list of its properties, for error messages and editors. */
type Plain<T> = { [K in keyof T]: T[K] };
/** Options as they are given: those with a default, and optional ones, can be left out. */
export type Given<O extends Options> = Plain<
  { [K in Exclude<keyof O, CanBeLeftOut<O>>]: Value<O[K]> } & { [K in CanBeLeftOut<O>]?: Value<O[K]> | undefined }
>;

function numberOf(where: string, name: string, value: unknown, option: NumberOption, least?: number): number {
  const { whole: isWhole, ...bounds } = option;
  const all = least === undefined ? bounds : { ...bounds, least };
  return isWhole ? whole(where, name, value, all) : number(where, name, value, all);
}

/** An option's value, checked. `values` are those of the options before it. */
function checkedValue(
  where: string,
  name: string,
  value: unknown,
  option: Option,
  values: Record<string, unknown>,
): unknown {
  const { value: byDefault } = option;
  if ('choices' in option) return choice(where, name, value, Object.keys(option.choices));
  if (typeof byDefault === 'boolean') return flag(where, name, value);
  if (typeof byDefault === 'function') {
    if (typeof value !== 'function')
      throw new TypeError(`${where}: ${name} is ${what(value)}; pass ${(option as FunctionOption).pass}`);
    return value;
  }
  if (typeof byDefault === 'object') {
    if (!Array.isArray(value) || value.length !== 2)
      throw new TypeError(`${where}: ${name} is ${what(value)}; pass two numbers`);
    return Array.from(value, (item, i) => numberOf(where, `${name}[${i}]`, item, option as PairOption & NumberOption));
  }
  const { optional, from, without } = option as NumberOption;
  if (value === undefined && optional) return undefined;
  if (without !== undefined && values[without] === true && value !== byDefault)
    throw new RangeError(
      `${where}: ${name} is ${what(value)}, with ${without}; pass ${byDefault}, or ${without}: false`,
    );
  return numberOf(
    where,
    name,
    value,
    option as NumberOption,
    from === undefined ? undefined : (values[from] as number),
  );
}

/** The values of a row's options, given or by default, checked in the row's order. */
export function valuesOf<O extends Options>(where: string, row: O, given: Record<string, unknown>): Values<O> {
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(row))
    values[name] = checkedValue(where, name, given[name] ?? option.value, option, values);
  return values as Values<O>;
}

/** The same. TypeError where another option is given. */
export const readOptions = <O extends Options>(where: string, row: O, given: object | undefined): Values<O> =>
  valuesOf(where, row, options<Record<string, unknown>>(where, given as Record<string, unknown>, Object.keys(row)));
