// npm run bench -- guard: whether a kernel has become much slower than it was when bench/figures.json was written.
//
// Times of two machines cannot be compared, ratios of one process can: every kernel against plain JavaScript, and the
// activations against memory.copy as well, which no engine's compiler moves. A ratio fails below half of the one
// written, so that neither another processor nor noise makes one fail but a kernel that lost its vectors does; and
// what seems to fail is measured again, longer, when the others are done.

import { readFileSync } from 'node:fs';
import * as pointwise from './activation/pointwise.bench.js';
import * as softmax from './activation/softmax.bench.js';
import * as activation from './activation/table.bench.js';
import { type Case, type Length, measure } from './measure.js';
import * as linear from './nn/linear.bench.js';
import * as model from './nn/model.bench.js';
import * as statistics from './nn/statistics.bench.js';
import * as distribution from './random/distributions.bench.js';

interface Figure {
  name: string;
  ratio: { workspace: number };
  copy?: number;
}

/** A ratio now and the one written. */
interface Check {
  name: string;
  against: 'JavaScript' | 'memory.copy';
  ratio: number;
  written: number;
}

const LEAST = 0.5;
const fails = ({ ratio, written }: Check) => ratio < LEAST * written;
const length = { rounds: 3, time: 15, iterations: 1 };

async function checks({ ways, ...about }: Case, figure: Figure, given: Length): Promise<Check[]> {
  const { workspace, copy, baseline } = ways;
  const { name, milliseconds, ratio } = await measure({ ...about, ways: { workspace, copy, baseline } }, given);
  const made: Check[] = [{ name, against: 'JavaScript', ratio: ratio.workspace, written: figure.ratio.workspace }];
  if (figure.copy !== undefined && copy)
    made.push({
      name,
      against: 'memory.copy',
      ratio: milliseconds.copy / milliseconds.workspace,
      written: figure.copy,
    });
  return made;
}

/** The better of two measurements of the same. */
const better = (some: Check[], others: Check[]) =>
  some.map((one, i) => (others[i].ratio > one.ratio ? others[i] : one));

const told = ({ name, against, ratio, written }: Check) =>
  `${name.padEnd(40)}${against.padEnd(12)}${[ratio, written].map((v) => `${v.toFixed(2)} x`.padStart(12)).join('')}`;

/** Measures what is wanted and prints it; false where something fails. */
export async function guard(wanted: (one: Case) => boolean): Promise<boolean> {
  const { figures } = JSON.parse(readFileSync('bench/figures.json', 'utf8')) as { figures: Figure[] };
  const size = 65536;
  const kernels = [activation, pointwise, distribution, softmax, statistics].flatMap(({ cases }) => cases(size));
  const all = [...kernels, ...linear.cases(), ...(await model.cases())].filter(({ ways }) => ways.baseline);
  console.log(`${'kernel'.padEnd(40)}${'against'.padEnd(12)}${'now'.padStart(12)}${'written'.padStart(12)}`);
  const doubtful: { one: Case; figure: Figure; best: Check[] }[] = [];
  for (const one of all.filter(wanted)) {
    const figure = figures.find(({ name }) => name === one.name);
    if (figure === undefined) {
      console.log(`${one.name.padEnd(40)}is not in bench/figures.json`);
      continue;
    }
    const best = await checks(one, figure, length);
    if (best.some(fails)) doubtful.push({ one, figure, best });
    else for (const check of best) console.log(told(check));
  }
  const failed: Check[] = [];
  for (const { one, figure, best: first } of doubtful) {
    let best = first;
    for (const longer of [2, 4]) {
      if (best.some(fails)) best = better(best, await checks(one, figure, { ...length, time: longer * length.time }));
    }
    for (const check of best) console.log(told(check));
    failed.push(...best.filter(fails));
  }
  for (const { name, against, ratio, written } of failed) {
    const [now, then] = [ratio, written].map((v) => v.toPrecision(3));
    console.error(
      `${name} has ${now} times the speed of ${against}, less than half of the ${then} in bench/figures.json; find what made it slow, or write new figures by npm run bench -- --record`,
    );
  }
  return failed.length === 0;
}
