// Every initialiser with every wrong value of each of its options, as the rows say them.

import { expect, test } from 'vitest';
import { init } from '../../src/index.js';
import { type Initialising, initialisers } from '../../src/init/table.js';
import type { Options } from '../../src/options.js';
import type { Any, Case } from '../check/case.js';
import { wrongOptions } from '../check/options.js';

const names = Object.keys(initialisers) as Initialising[];
const untouched = new Float32Array(6).fill(7);

const cases: Case[] = names.flatMap((name) =>
  wrongOptions(`init.${name}`, initialisers[name].options as Options, (o) => {
    const out = untouched.slice();
    try {
      (init[name] as Any)([2, 3], { seed: 0, out, ...o });
    } finally {
      expect(out).toEqual(untouched);
    }
  }),
);

test.each(cases)('%s', (_, call, error, says) => {
  expect(call).toThrow(error);
  expect(call).toThrow(says);
});

test.each(cases)('described: %s', (title, _, error, says) => {
  const [, name] = /^init\.(\w+)/.exec(title)!;
  const [, option] = / with (\w+):/.exec(title)!;
  const value = wrongValueOf(title);
  if (value === undefined) return;
  const call = () => init.describe(name as Initialising, [2, 3], { [option]: value });
  expect(call).toThrow(error);
  expect(call).toThrow(says);
});

/** The numbers among the wrong values, as a title tells them. */
const wrongValueOf = (title: string) => [Number.NaN, Infinity, -Infinity, -1].find((v) => title.endsWith(`: ${v}`));
