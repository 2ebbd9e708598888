// Right and wrong values of the options of a row, from their defaults and bounds.

import type { ChoiceOption, NumberOption, Option, Options, PairOption } from '../../src/options.js';
import type { Any, Case } from './case.js';

const isPair = (option: Option): option is PairOption => 'value' in option && Array.isArray(option.value);
const isChoice = (option: Option): option is ChoiceOption => 'choices' in option;
const isNumber = (option: Option): option is NumberOption =>
  !('value' in option) || option.value === undefined || typeof option.value === 'number';
/** Whether an option has to be passed. */
const isRequired = (option: Option) => isNumber(option) && option.value === undefined && !option.optional;

const within = ({ least = -Infinity, most = Infinity, open }: NumberOption, value: number) =>
  open ? value > least && value < most : value >= least && value <= most;

/** Another value than the default. The numbers of a row grow with their index, so that a lower bound is below an upper one. */
function other(option: Option, index: number): unknown {
  if (isPair(option)) return [0.8, 0.95];
  if (isChoice(option)) return Object.keys(option.choices).find((name) => name !== option.value);
  if (isNumber(option)) {
    const [value, step] = option.whole ? [3 + 2 * index, 1] : [(1 + index) / 8, 1 / 16];
    return value === option.value ? value + step : value;
  }
  return typeof option.value === 'boolean' ? !option.value : (_: number, lr: number) => lr / 4;
}

/** The options that have to be passed. */
export const required = (row: Options): Record<string, Any> =>
  Object.fromEntries(
    Object.entries(row).flatMap(([name, option], i) => (isRequired(option) ? [[name, other(option, i)]] : [])),
  );

/** Options: those that have to be passed, beside them each other one with another value than its default, and all at once. */
export function variants(row: Options): Record<string, Any>[] {
  const others = Object.entries(row).map(([name, option], i) => [name, other(option, i)] as const);
  // Of two options that exclude each other all have one, and then the other.
  const apart = Object.entries(row).flatMap(([name, option]) =>
    'without' in option && option.without ? [[name, option.without]] : [],
  );
  const alls = [1, 0].map((one) =>
    Object.fromEntries(others.filter(([name]) => !apart.some((pair) => pair[one] === name))),
  );
  return [
    required(row),
    ...others.map(([name, v]) => ({ ...required(row), [name]: v })),
    ...(apart.length > 0 ? alls : alls.slice(1)),
  ];
}

/** All options of a row, each with another value than its default where that is valid together with the others. */
export function allOptions(row: Options, isValid: (options: Record<string, Any>) => boolean): Record<string, Any> {
  const values = Object.values(row).map((option, i) => {
    const choices = isChoice(option) ? Object.keys(option.choices).filter((name) => name !== option.value) : [];
    return [...new Set([other(option, i), ...choices, option.value])];
  });
  let combinations: unknown[][] = [[]];
  for (const several of values) combinations = combinations.flatMap((one) => several.map((value) => [...one, value]));
  const names = Object.keys(row);
  for (const combination of combinations) {
    const options = Object.fromEntries(names.map((name, i) => [name, combination[i]]));
    if (isValid(options)) return options;
  }
  throw new Error(`no valid combination of ${names.join(', ')}`);
}

/** Options of which one is 0, where the row allows it. */
export const zeros = (row: Options): Record<string, Any>[] =>
  Object.entries(row).flatMap(([name, option]) =>
    isNumber(option) && within(option, 0) ? [{ ...required(row), [name]: 0 }] : [],
  );

/** The least and the largest binary32, where they begin to be normal, and where their inverses cease to be. */
const SIZES = [0, 2 ** -149, 2 ** -127, 2 ** -126, 2 ** 126, 2 ** 127, (2 - 2 ** -23) * 2 ** 127];

/** Options at the least and the largest binary32 that the row allows, each of them with each of another. */
export function extremes(row: Options): Record<string, number>[] {
  return Object.entries(row).reduce<Record<string, number>[]>(
    (all, [name, option]) => {
      if (!isNumber(option)) return all;
      const bounds = [option.least, option.most, option.value].flatMap((v) => v ?? []);
      const values = [...SIZES, ...SIZES.map((v) => -v), ...bounds].filter((v) => within(option, v));
      return [...new Set(values)].flatMap((value) => all.map((others) => ({ ...others, [name]: value })));
    },
    [{}],
  );
}

function wrongNumbers(option: NumberOption): unknown[] {
  const { least, most, open, whole, infinite } = option;
  const beyond = [
    // 2^-150 is 0 in binary32.
    ...(least === undefined ? [] : [least - 1, ...(open ? [least, ...(least === 0 ? [2 ** -150] : [])] : [])]),
    ...(most === undefined ? [] : [most + 1, ...(open ? [most] : [])]),
    ...(within(option, 0) ? [] : [0]),
    ...(whole ? [1.5] : [1e39]),
  ];
  const infinities = infinite ? [] : [Infinity, -Infinity];
  return [Number.NaN, ...infinities, '1', true, 1n, [1], {}, () => 1, ...beyond];
}

/** Wrong values of each option of a row, for what takes all of them in an object. */
export function wrongOptions(call: string, row: Options, run: (o: Any) => unknown): Case[] {
  const escaped = call.replace(/[.[\]]/g, '\\$&');
  return Object.entries(row).flatMap(([name, option]): Case[] => {
    const wrong: [value: unknown, range: boolean][] = isChoice(option)
      ? [['no such name', true], ...[1, true, {}].map((v): [unknown, boolean] => [v, false])]
      : isPair(option)
        ? [
            ...[0.5, [0.5], [0.5, 0.5, 0.5], 'ab'].map((v): [unknown, boolean] => [v, false]),
            ...wrongNumbers({ least: option.least, most: option.most }).flatMap((v): [unknown, boolean][] => [
              [[v, 0.5], typeof v === 'number'],
              [[0.5, v], typeof v === 'number'],
            ]),
          ]
        : isNumber(option)
          ? wrongNumbers(option).map((v) => [v, typeof v === 'number'])
          : [0, 1, Number.NaN, 'true', {}].map((v) => [v, false]);
    if (isRequired(option)) wrong.push([undefined, false]);
    return [...wrong, [null, false] as const].map(([value, range]) => [
      `${call} with ${name}: ${typeof value === 'function' ? 'a function' : String(value)}`,
      () => run({ ...required(row), [name]: value }),
      range ? RangeError : TypeError,
      new RegExp(`${escaped}: .*${name}.*; pass`),
    ]);
  });
}
