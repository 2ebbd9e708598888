// What a page runs for bench/browser.ts: the cases of the bench at 64K and the whole jobs.

import * as softmax from './activation/softmax.bench.js';
import * as activation from './activation/table.bench.js';
import { measure, type Row } from './measure.js';
import * as linear from './nn/linear.bench.js';
import * as losses from './nn/losses.bench.js';
import * as model from './nn/model.bench.js';
import * as distribution from './random/distributions.bench.js';

/** Measures the cases that have one of the words in their names, and reports each. */
export async function run(words: string[], report: (row: Row) => Promise<void>): Promise<void> {
  const kernels = [activation, distribution, softmax, losses].flatMap(({ cases }) => cases(65536));
  for (const one of [...kernels, ...linear.cases(), ...(await model.cases())]) {
    // A browser's clock has steps of 5 or 20 microseconds: as long as a call of relu, and at most 1 % of 2 ms.
    if (words.length === 0 || words.some((word) => one.name.includes(word)))
      await report(await measure(one, { rounds: 3, time: 40, iterations: 1, least: 2 }));
  }
}
