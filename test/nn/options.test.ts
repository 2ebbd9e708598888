// What all rows' options have in common: 0 is a value, and defaults are right by their own bounds.

import { describe, expect, test } from 'vitest';
import { specOf } from '../../src/nn/layer.js';
import { type LossRow, losses } from '../../src/nn/losses/pointwise.js';
import { optimizerRow } from '../../src/nn/optimizer.js';
import * as optimizers from '../../src/nn/optimizers.js';
import { scheduleRow } from '../../src/nn/schedule.js';
import * as schedules from '../../src/nn/schedules.js';
import { type Options, readOptions } from '../../src/options.js';
import type { Any } from '../check/case.js';
import { required, zeros } from '../check/options.js';

const rows: [string, Options][] = [
  ...Object.entries(optimizers).map(([name, maker]): [string, Options] => [name, optimizerRow(maker).options]),
  ...Object.entries(schedules).map(([name, maker]): [string, Options] => [name, scheduleRow(maker).options]),
  ...Object.entries(losses as Record<string, LossRow>).map(([name, row]): [string, Options] => [name, row.parameters]),
];

describe.each(rows)('%s', (name, row) => {
  test('defaults are right, in the order of the row', () => {
    const o = readOptions(name, row, required(row)) as Record<string, unknown>;
    expect(Object.keys(o)).toEqual(Object.keys(row));
    for (const [key, option] of Object.entries(row))
      if ('value' in option && option.value !== undefined) expect(o[key]).toEqual(option.value);
  });

  test('0 is a value where it is allowed, not the default', () => {
    for (const given of zeros(row)) {
      const o = readOptions(name, row, given) as Record<string, unknown>;
      for (const [key, value] of Object.entries(given)) expect(o[key], key).toBe(value);
    }
  });

  test('null is nothing, and undefined is the default', () => {
    for (const key of Object.keys(row)) {
      const without = { ...required(row), [key]: undefined };
      if (key in required(row)) expect(() => readOptions(name, row, without)).toThrow(`${key} is undefined`);
      else expect(readOptions(name, row, without)).toEqual(readOptions(name, row, required(row)));
      expect(() => readOptions(name, row, { ...without, [key]: null })).toThrow(`${key} is null`);
    }
  });
});

test.each(Object.entries(optimizers))('%s of 0 is told to threads', (name, maker) => {
  for (const given of zeros(optimizerRow(maker).options)) {
    const [, o] = specOf('test', name, (maker as Any)(given)) as [string, Record<string, unknown>];
    for (const [key, value] of Object.entries(given)) expect(o[key], key).toBe(value);
  }
});
