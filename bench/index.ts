// npm run bench                    everything, at 1K, 64K, 1M and 16M
// npm run bench -- tanh normal     only what has one of the words in its name
// npm run bench -- --quick         64K alone, shorter
// npm run bench -- peers           against TensorFlow.js; npm run bench -- report joins PyTorch's (see report.ts)
// npm run bench -- browser         64K and whole jobs in Chromium and Firefox; writes report/browser.json
// npm run bench -- threads         two threads against one, from 16K values to 16M
// npm run bench -- small           calls of 16 and of 256 values
// npm run bench -- guard           fails where a kernel has less than half of its ratio in bench/figures.json
// npm run bench -- --record        64K, whole jobs and small calls, and writes the figures of README and docs/figures.md
//
// Prints a table and writes report/bench.json.
//
// esbuild compiles it, file by file, to out/. tsx names every function when it is created, which costs a call of this package 600
// to 1,000 ns; a bundle turns constants into variables, which halves the speed of plain JavaScript.

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import * as gated from './activation/glu-prelu-dropout.bench.js';
import * as softmax from './activation/softmax.bench.js';
import * as activation from './activation/table.bench.js';
import { guard } from './guard.js';
import { type Case, type Length, measure, type Row, speed } from './measure.js';
import * as linear from './nn/linear.bench.js';
import * as losses from './nn/losses.bench.js';
import * as model from './nn/model.bench.js';
import * as statistics from './nn/statistics.bench.js';
import { peers } from './peers.js';
import * as distribution from './random/distributions.bench.js';
import { report } from './report.js';
import * as small from './small.js';
import { head, line } from './table.js';
import { threads } from './threads/threads.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, record: { type: 'boolean', default: false } },
});
const modes = ['report', 'peers', 'browser', 'small', 'guard', 'threads'];
const mode = modes.find((one) => one === positionals[0]);
const words = mode ? positionals.slice(1) : positionals;
if (mode === 'report') {
  report();
  process.exit();
}
const selected = ({ name }: Case) => words.length === 0 || words.some((word) => name.includes(word));
const sizes = flags.quick || flags.record ? [65536] : [1024, 65536, 1048576, 16777216];

const machine = {
  date: new Date().toISOString().slice(0, 10),
  cpu: cpus()[0].model.trim(),
  cores: cpus().length,
  node: process.version,
};
console.log(
  `${machine.date}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; speeds, and how many times plain JavaScript\n`,
);
if (mode === 'peers') await peers(machine);
if (mode === 'threads') await threads();
// Loaded only here: the driver of browsers would disturb other measurements.
if (mode === 'browser') await (await import('./browser.js')).browser(machine, words);
if (mode === 'guard') process.exitCode = (await guard(selected)) ? 0 : 1;
if (mode && mode !== 'small') process.exit();

console.log(head);
async function run(cases: Case[], length?: Length): Promise<Row[]> {
  const rows: Row[] = [];
  for (const one of cases.filter(selected)) {
    const row = await measure(one, length);
    rows.push(row);
    console.log(line(row));
  }
  return rows;
}
const rows: Row[] = [];
if (mode !== 'small') {
  for (const size of sizes) {
    for (const { cases } of [activation, gated, distribution, softmax, losses, statistics])
      rows.push(...(await run(cases(size), flags.quick ? { rounds: 3, time: 20 } : undefined)));
  }
  rows.push(...(await run(linear.cases())), ...(await run(await model.cases(), { rounds: 3, time: 200 })));
}
const smallCalls = mode === 'small' || flags.record ? await run(small.cases(), small.length) : [];
if (mode === 'small') process.exit();

mkdirSync('report', { recursive: true });
writeFileSync('report/bench.json', `${JSON.stringify({ ...machine, rows }, null, 2)}\n`);

// The figures of the documents: a middle size, and the whole jobs.
if (flags.record) {
  const recorded = rows.filter(({ ratio }) => ratio.workspace);
  const figures = recorded.map((row) => ({
    name: row.name,
    speed: `${Number(speed(row, 'workspace')?.toPrecision(3)).toLocaleString('en')} ${row.unit}`,
    ratio: { workspace: row.ratio.workspace, staged: row.ratio.staged },
    copy: row.milliseconds.copy && row.milliseconds.copy / row.milliseconds.workspace,
  }));
  const calls = smallCalls.map(({ name, size, ratio: { workspace, staged } }) => ({
    name,
    size,
    ratio: { workspace, staged },
  }));
  writeFileSync('bench/figures.json', `${JSON.stringify({ ...machine, figures, small: calls }, null, 2)}\n`);
}
