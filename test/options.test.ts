// What the options of all rows have in common: defaults are within their bounds, and 0 is a value like any other.

import { describe, expect, test } from 'vitest';
import type { Row as ActivationRow } from '../src/activation/row.js';
import { activations } from '../src/activation/table.js';
import { type Initialisation, initialisers } from '../src/init/table.js';
import { specOf } from '../src/nn/layer.js';
import { type LossRow, losses } from '../src/nn/losses/pointwise.js';
import { optimizerRow } from '../src/nn/optimizer.js';
import * as optimizers from '../src/nn/optimizers.js';
import { scheduleRow } from '../src/nn/schedule.js';
import * as schedules from '../src/nn/schedules.js';
import { type Options, readOptions } from '../src/options.js';
import { type Distribution, distributions } from '../src/random/distributions.js';
import type { Any } from './check/case.js';
import { required, zeros } from './check/options.js';

const named = (name: string, options: Options): [string, Options] => [name, options];
const rows: [string, Options][] = [
  ...Object.entries(distributions as Record<string, Distribution>).map(([name, row]) => named(name, row.options)),
  ...Object.entries(initialisers as Record<string, Initialisation>).map(([name, row]) =>
    named(`init.${name}`, row.options),
  ),
  ...Object.entries(activations as Record<string, ActivationRow>).map(([name, row]) => named(name, row.parameters)),
  ...Object.entries(optimizers).map(([name, maker]) => named(name, optimizerRow(maker).options)),
  ...Object.entries(schedules).map(([name, maker]) => named(name, scheduleRow(maker).options)),
  ...Object.entries(losses as Record<string, LossRow>).map(([name, row]) => named(name, row.parameters)),
];

describe.each(rows)('%s', (name, row) => {
  test('defaults are within their bounds, in the order of the row', () => {
    const o = readOptions(name, row, required(row)) as Record<string, unknown>;
    expect(Object.keys(o)).toEqual(Object.keys(row));
    for (const [key, option] of Object.entries(row))
      if ('value' in option && option.value !== undefined) expect(o[key]).toEqual(option.value);
  });

  test('0 is not replaced by the default', () => {
    for (const passed of zeros(row)) {
      const o = readOptions(name, row, passed) as Record<string, unknown>;
      for (const [key, value] of Object.entries(passed)) expect(o[key], key).toBe(value);
    }
  });

  test('null is an error, and undefined is the default', () => {
    for (const key of Object.keys(row)) {
      const without = { ...required(row), [key]: undefined };
      if (key in required(row)) expect(() => readOptions(name, row, without)).toThrow(`${key} is undefined`);
      else expect(readOptions(name, row, without)).toEqual(readOptions(name, row, required(row)));
      expect(() => readOptions(name, row, { ...without, [key]: null })).toThrow(`${key} is null`);
    }
  });
});

test.each(Object.entries(optimizers))('threads are sent the zeros among the options of %s', (name, maker) => {
  for (const given of zeros(optimizerRow(maker).options)) {
    const [, o] = specOf('test', name, (maker as Any)(given)) as [string, Record<string, unknown>];
    for (const [key, value] of Object.entries(given)) expect(o[key], key).toBe(value);
  }
});
