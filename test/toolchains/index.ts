// npm run test:consumers: the packed package in the tools that people build with. Each tool has a temporary directory of its own
// with exact versions, and what it builds is run: pages in Chromium, the rest in Node or the runtime that it is for.
//
//   --only next,vite8    only tools whose names begin so
//   --quick              only those that CI tries each time
//   --require            fails where a tool cannot be installed
//   --keep               keeps the directories, and says where they are
//   --write              writes the rows of these tools into docs/toolchains.md
//
// Exits with 1 where a result has other bits, an error, or a warning.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { install, runtimes } from '../everywhere/runtimes.js';
import { bundlers } from './bundlers.js';
import { frameworks } from './frameworks.js';
import { others } from './others.js';
import { report as computed, parts, type Report } from './program.js';
import { closeBrowser, Project } from './project.js';
import { document, forTerminal, type Row } from './table.js';
import type { Add, Tool } from './tool.js';

const tools: Record<string, Tool> = { ...bundlers, ...frameworks, ...others };
const flag = { type: 'boolean' } as const;
const { values } = parseArgs({
  options: { only: { type: 'string' }, quick: flag, require: flag, keep: flag, write: flag },
});
const beginnings = values.only?.split(',');
const unknown = beginnings?.find((beginning) => !Object.keys(tools).some((name) => name.startsWith(beginning)));
if (unknown !== undefined) {
  console.error(`There is no tool ${unknown}; there are ${Object.keys(tools).join(', ')}`);
  process.exit(1);
}
const chosen = Object.entries(tools).filter(
  ([name, { quick }]) =>
    (beginnings === undefined || beginnings.some((beginning) => name.startsWith(beginning))) &&
    (quick || !values.quick),
);
const file = 'docs/toolchains.md';

const expected = await computed();
const folder = mkdtempSync(join(tmpdir(), 'fanwise-toolchains-'));
const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
const tarball = join(folder, JSON.parse(String(packed))[0].filename);
const node = await install('node22');

const tried = new Date().toISOString().slice(0, 10);
const rows: Row[] = [];
const notes: string[] = [];
let failed = false;
function fail(note: string): void {
  failed = true;
  notes.push(note);
}

function versionOf({ packages, runtime }: Tool): string {
  const name = runtime ? (runtimes[runtime] as { package: string }).package : packages[0];
  return name?.slice(name.lastIndexOf('@') + 1) ?? '';
}

/** A function that makes a row of a report, and compares its hashes. */
const adder = (name: string, tool: Tool): Add => {
  return (where, got, instead = {}) => {
    const page = 'report' in got ? got : undefined;
    const all = (page?.report ?? got) as Report;
    const cell = (part: keyof Report): string => {
      const [value, error] = [all[part], instead[part]];
      if (value === undefined) return '';
      if (error ? error.test(`${value}`) : value === expected[part]) return error ? 'error says why' : 'yes';
      fail(`${name}, ${where}, ${part}: ${value} instead of ${error ?? expected[part]}`);
      return 'FAILED';
    };
    const [init, training, threads] = (Object.keys(parts) as (keyof Report)[]).map(cell);
    for (const line of page?.console ?? []) fail(`${name}, ${where}, in the console: ${line}`);
    const size = page ? page.size.toFixed(0) : '';
    rows.push({ tool: name, version: versionOf(tool), where, init, training, threads, size, warnings: '0', tried });
  };
};

for (const [name, tool] of chosen) {
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(0);
  const project = new Project(join(folder, name), tarball, node);
  const first = rows.length;
  let installed = false;
  try {
    await project.install(tool.packages, tool.type);
    if (tool.runtime) await install(tool.runtime);
    installed = true;
    process.stderr.write(`${name}: installed after ${seconds()} s\n`);
    await tool.run(project, adder(name, tool));
    const warnings = project.warnings(tool.own);
    for (const row of rows.slice(first)) row.warnings = `${warnings.length}`;
    for (const warning of warnings) fail(`${name} warns: ${warning}`);
  } catch (error) {
    const what = installed ? 'FAILED' : 'not installed';
    const note = `${name} ${what}: ${(error as Error).message}`;
    if (installed || values.require) fail(note);
    else notes.push(note);
    const none = { init: '', training: '', threads: '', size: '', warnings: '', tried };
    rows.push({ tool: name, version: versionOf(tool), where: what, ...none });
  } finally {
    project.stop();
    if (!values.keep) rmSync(project.folder, { recursive: true, force: true });
  }
  process.stderr.write(`${name}: done after ${seconds()} s\n`);
}
await closeBrowser();
if (values.keep) notes.push(`The directories are in ${folder}`);
else rmSync(folder, { recursive: true, force: true });

console.log(forTerminal(rows));
for (const note of notes) console.log(`\n${note}`);
if (values.write && !failed) writeFileSync(file, document(rows, file, Object.keys(tools)));
console.log(`\n${rows.length} results of ${chosen.length} tools, ${failed ? 'not all' : 'all'} as they should be`);
process.exitCode = failed ? 1 : 0;
