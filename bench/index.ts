// npm run bench                    everything, at 1K, 64K, 1M and 16M
// npm run bench -- tanh normal     only what has one of the words in its name
// npm run bench -- --quick         64K alone, shorter
// npm run bench -- peers           against TensorFlow.js; npm run bench -- report joins PyTorch's (see peers.ts)
// npm run bench -- --record        64K and whole jobs, and writes the figures that README quotes
//
// Prints a table and writes report/bench.json.

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import * as activation from './activation.bench.js';
import * as distribution from './distribution.bench.js';
import * as linear from './linear.bench.js';
import { type Case, measure, type Row, speed } from './measure.js';
import * as model from './model.bench.js';
import { peers, report } from './peers.js';
import * as pointwise from './pointwise.bench.js';
import * as softmax from './softmax.bench.js';

const { values: flags, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, record: { type: 'boolean', default: false } },
});
if (words[0] === 'report') {
  report();
  process.exit();
}
const wanted = ({ name }: Case) => words.length === 0 || words.some((word) => name.includes(word));
const sizes = flags.quick || flags.record ? [65536] : [1024, 65536, 1048576, 16777216];
const label = (size: number) => (size === 1 ? '' : size >= 1 << 20 ? `${size >> 20}M` : `${size >> 10}K`);

const machine = {
  date: new Date().toISOString().slice(0, 10),
  cpu: cpus()[0].model.trim(),
  cores: cpus().length,
  node: process.version,
};
console.log(
  `${machine.date}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; speeds, and how many times plain JavaScript\n`,
);
if (words[0] === 'peers') {
  await peers(machine);
  process.exit();
}
const columns = ['workspace', 'staged', 'baseline'];
console.log(
  `${'kernel'.padEnd(54)}${'values'.padStart(7)}${columns.map((way) => way.padStart(11)).join('')}   unit       workspace   staged`,
);

const rows: Row[] = [];
async function run(cases: Case[], options?: { rounds?: number; time?: number }): Promise<void> {
  for (const one of cases.filter(wanted)) {
    const row = await measure(one, options);
    rows.push(row);
    const figures = columns
      .map((way) => (speed(row, way)?.toFixed(row.unit === 'M/s' ? 0 : 2) ?? '').padStart(11))
      .join('');
    const ratios = ['workspace', 'staged']
      .map((way) => (row.ratio[way] ? `${row.ratio[way].toFixed(1)} x` : '').padStart(9))
      .join('');
    const size = row.unit === 'M/s' ? label(row.size) : '';
    console.log(`${row.name.padEnd(54)}${size.padStart(7)}${figures}   ${row.unit.padEnd(9)}${ratios}`);
  }
}
for (const size of sizes) {
  for (const { cases } of [activation, pointwise, distribution, softmax])
    await run(cases(size), flags.quick ? { rounds: 3, time: 20 } : undefined);
}
await run(linear.cases());
await run(await model.cases(), { rounds: 3, time: 200 });

mkdirSync('report', { recursive: true });
writeFileSync('report/bench.json', `${JSON.stringify({ ...machine, rows }, null, 2)}\n`);

// What a person would quote: a middle size, and the whole jobs.
if (flags.record) {
  const quoted = rows.filter(({ ratio }) => ratio.workspace);
  const figures = quoted.map((row) => ({
    name: row.name,
    speed: `${Number(speed(row, 'workspace')?.toPrecision(3)).toLocaleString('en')} ${row.unit}`,
    ratio: row.ratio,
  }));
  writeFileSync('bench/figures.json', `${JSON.stringify({ ...machine, figures }, null, 2)}\n`);
}
