// npm run test:consumers: the packed package in the tools that people build with, each in a temporary directory of its own.
//
//   --only next,vite8    only tools whose names begin so
//   --quick              only those that are quick
//   --keep               keeps the directories, and says where they are
//   --write              writes docs/toolchains.md

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { install } from '../everywhere/runtimes.js';
import { bundlers } from './bundlers.js';
import { frameworks } from './frameworks.js';
import { others } from './others.js';
import { closeBrowser, type PageReport, Place } from './place.js';
import { report as expectedReport, parts, type Report } from './program.js';
import type { Add, Instead, Tool } from './tool.js';

const tools: Record<string, Tool> = { ...frameworks, ...bundlers, ...others };
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean' },
    keep: { type: 'boolean' },
    write: { type: 'boolean' },
  },
});
const beginnings = values.only?.split(',');
const chosen = Object.entries(tools).filter(
  ([name, { quick }]) =>
    (beginnings?.some((beginning) => name.startsWith(beginning)) ?? true) && (quick || !values.quick),
);

const expected = await expectedReport();
const folder = mkdtempSync(join(tmpdir(), 'fanwise-toolchains-'));
const [{ filename }] = JSON.parse(
  execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { encoding: 'utf8' }),
);
const node = await install('node22');

interface Row {
  tool: string;
  version: string;
  where: string;
  cells: Record<keyof Report, string>;
  size: string;
}
const rows: Row[] = [];
const notes: string[] = [];
let failed = false;

for (const [name, tool] of chosen) {
  const began = performance.now();
  const place = new Place(join(folder, name), join(folder, filename), node);
  const add: Add = (where, got, instead: Instead = {}) => {
    const all = ('report' in got ? got.report : got) as Report;
    const cells = {} as Row['cells'];
    for (const part of Object.keys(parts) as (keyof Report)[]) {
      const [value, error] = [all[part], instead[part]];
      if (value === undefined) {
        cells[part] = '';
        continue;
      }
      const good = error ? error.test(`${value}`) : value === expected[part];
      cells[part] = good ? (error ? 'says why not' : 'same bits') : 'FAILED';
      if (good) continue;
      failed = true;
      notes.push(`${name}, ${where}, ${part}: ${value} instead of ${error ?? expected[part]}`);
    }
    const size = 'size' in got ? got.size.toFixed(0) : '';
    if ('console' in got)
      for (const line of (got as PageReport).console) notes.push(`${name}, ${where}, console: ${line}`);
    const [first] = tool.packages;
    rows.push({ tool: name, version: first ? first.slice(first.lastIndexOf('@') + 1) : '', where, cells, size });
  };
  try {
    await place.install(tool.packages, tool.type);
    const installed = performance.now();
    process.stderr.write(`${name}: installed in ${((installed - began) / 1000).toFixed(0)} s\n`);
    await tool.run(place, add);
    for (const warning of place.warnings()) notes.push(`${name} warns: ${warning}`);
  } catch (error) {
    failed = true;
    notes.push(`${name} FAILED: ${(error as Error).message}`);
  } finally {
    place.stop();
  }
  process.stderr.write(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
}
await closeBrowser();
for (const row of rows) console.log(row.tool, row.version, row.where, JSON.stringify(row.cells), row.size);
for (const note of notes) console.log(note);
if (values.keep) console.log(folder);
else rmSync(folder, { recursive: true, force: true });
process.exitCode = failed ? 1 : 0;
