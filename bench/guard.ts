// npm run bench -- guard: fails where a kernel is much slower than when bench/figures.json was recorded.
//
// Times of two machines cannot be compared, ratios within one process can: every kernel against plain JavaScript, and the
// activations also against memory.copy, which does not depend on the engine's compiler. A ratio fails below half of the recorded
// one: neither another processor nor noise does that, a kernel that lost its vectors does. A ratio that fails is measured
// again, longer, at the end.

import { readFileSync } from 'node:fs';
import * as gated from './activation/glu-prelu-dropout.bench.js';
import * as softmax from './activation/softmax.bench.js';
import * as activation from './activation/table.bench.js';
import { type Case, type Length, measure } from './measure.js';
import * as linear from './nn/linear.bench.js';
import * as losses from './nn/losses.bench.js';
import * as model from './nn/model.bench.js';
import * as statistics from './nn/statistics.bench.js';
import * as distribution from './random/distributions.bench.js';

interface Figure {
  name: string;
  ratio: { workspace: number };
  copy?: number;
}

/** A ratio now and the recorded one. */
interface Check {
  name: string;
  against: 'JavaScript' | 'memory.copy';
  ratio: number;
  recorded: number;
}

const LEAST_SHARE = 0.5;
const fails = ({ ratio, recorded }: Check) => ratio < LEAST_SHARE * recorded;
const length = { rounds: 3, time: 15, iterations: 1 };

async function checks({ ways, ...about }: Case, figure: Figure, duration: Length): Promise<Check[]> {
  const { workspace, copy, baseline } = ways;
  const { name, milliseconds, ratio } = await measure({ ...about, ways: { workspace, copy, baseline } }, duration);
  const results: Check[] = [{ name, against: 'JavaScript', ratio: ratio.workspace, recorded: figure.ratio.workspace }];
  if (figure.copy !== undefined && copy)
    results.push({
      name,
      against: 'memory.copy',
      ratio: milliseconds.copy / milliseconds.workspace,
      recorded: figure.copy,
    });
  return results;
}

/** The better of two measurements of each ratio. */
const better = (some: Check[], others: Check[]) =>
  some.map((one, i) => (others[i].ratio > one.ratio ? others[i] : one));

const line = ({ name, against, ratio, recorded }: Check) =>
  `${name.padEnd(40)}${against.padEnd(12)}${[ratio, recorded].map((v) => `${v.toFixed(2)} x`.padStart(12)).join('')}`;

/** Measures the selected cases and prints them; false if one fails. */
export async function guard(selected: (one: Case) => boolean): Promise<boolean> {
  const { figures } = JSON.parse(readFileSync('bench/figures.json', 'utf8')) as { figures: Figure[] };
  const size = 65536;
  const kernels = [activation, gated, distribution, softmax, losses, statistics].flatMap(({ cases }) => cases(size));
  const all = [...kernels, ...linear.cases(), ...(await model.cases())].filter(({ ways }) => ways.baseline);
  console.log(`${'kernel'.padEnd(40)}${'against'.padEnd(12)}${'now'.padStart(12)}${'recorded'.padStart(12)}`);
  const suspects: { one: Case; figure: Figure; best: Check[] }[] = [];
  for (const one of all.filter(selected)) {
    const figure = figures.find(({ name }) => name === one.name);
    if (figure === undefined) {
      console.log(`${one.name.padEnd(40)}is not in bench/figures.json`);
      continue;
    }
    const best = await checks(one, figure, length);
    if (best.some(fails)) suspects.push({ one, figure, best });
    else for (const check of best) console.log(line(check));
  }
  const failed: Check[] = [];
  for (const { one, figure, best: first } of suspects) {
    let best = first;
    for (const longer of [2, 4]) {
      if (best.some(fails)) best = better(best, await checks(one, figure, { ...length, time: longer * length.time }));
    }
    for (const check of best) console.log(line(check));
    failed.push(...best.filter(fails));
  }
  for (const { name, against, ratio, recorded } of failed) {
    const [now, then] = [ratio, recorded].map((v) => v.toPrecision(3));
    console.error(
      `${name} has ${now} times the speed of ${against}, less than half of the ${then} in bench/figures.json; find the cause, or record new figures with npm run bench -- --record`,
    );
  }
  return failed.length === 0;
}
