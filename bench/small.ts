// Calls of 16 and of 256 values, where the overhead of a call counts, in turns with the plain loop. The aim is at most twice the
// time of the loop: a ratio of 0.5.

import * as activation from './activation/table.bench.js';
import type { Case, Length } from './measure.js';
import * as distribution from './random/distributions.bench.js';

const named = /^(relu|tanh|sigmoid|gelu) |^philox (uniform|normal)$/;

/** The plain loop takes as little as 15 ns: a sample has many calls. */
export const length: Length = { rounds: 5, time: 20, least: 0.02 };

export const cases = (): Case[] =>
  [16, 256].flatMap((size) =>
    [activation, distribution]
      .flatMap((one) => one.cases(size))
      .filter(({ name }) => named.test(name))
      .map(({ ways: { workspace, staged, baseline }, ...about }) => ({
        ...about,
        ways: { workspace, staged, baseline },
      })),
  );
