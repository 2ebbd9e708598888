// npm run test:everywhere: the hashes of golden.json in every runtime that is available, and results of the packed package,
// whose files the runtime finds itself.
//
//   --only bun,deno       only these runtimes
//   --require bun,deno    fails where one of these is not available
//
// Exits with 1 where a result differs; a runtime that is not available is in the table, and is no failure.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { build } from 'esbuild';
import { program } from '../consumers/program.js';
import { projects } from '../consumers/project.js';
import { emulator } from './arm.js';
import { type Browser, install, runtimes } from './runtimes.js';
import { alone } from './threads.js';
import { ask } from './workerd.js';

type Hashes = Record<string, number>;
interface Report {
  version: string;
  engine: string;
  /** By suite. */
  hashes: Record<string, Hashes>;
}
/** A runtime that is not available. */
class Unavailable extends Error {}

const { values } = parseArgs({ options: { only: { type: 'string' }, require: { type: 'string' } } });
const names = (list = '') => list.split(',').filter(Boolean);
const chosen = values.only === undefined ? Object.keys(runtimes) : names(values.only);
const required = names(values.require);
for (const name of [...chosen, ...required]) {
  if (runtimes[name]) continue;
  console.error(`There is no runtime ${name}; there are ${Object.keys(runtimes).join(', ')}`);
  process.exit(1);
}

const scratch = 'out/everywhere/scratch';
rmSync(scratch, { recursive: true, force: true });
mkdirSync(scratch, { recursive: true });
const bundle = join(process.cwd(), scratch, 'print.mjs');
await build({ entryPoints: ['test/everywhere/print.ts'], outfile: bundle, bundle: true, format: 'esm' });
const parallel = await build({
  stdin: {
    contents: `import { together } from './threads.js';\nconsole.log(JSON.stringify(await together()));\n`,
    resolveDir: import.meta.dirname,
  },
  bundle: true,
  format: 'esm',
  external: ['fanwise', 'fanwise/threads'],
  write: false,
});
const consumers = projects();
const project = consumers.project('everywhere', {
  'threads.js': parallel.outputFiles[0].text,
  'print.js': `import { program } from './program.js';\nconsole.log(await program());\n`,
  'worker.js': `import { program } from './program.js';\nexport default { fetch: async () => Response.json(await program()) };\n`,
});

const expected: Report['hashes'] = {
  golden: JSON.parse(readFileSync('test/golden/golden.json', 'utf8')),
  package: { 'a net after one step': await program() },
  threads: await alone(),
};

// Not as CI, where vitest.config.ts has a report of its own.
const env = { ...process.env, CI: '' };
const run = async (binary: string, args: string[], cwd?: string) =>
  (await promisify(execFile)(binary, args, { cwd, env, timeout: 180_000, maxBuffer: 1 << 26 })).stdout.trim();

async function inProcess(binary: string, args: string[]): Promise<Report> {
  const { version, engine, hashes } = JSON.parse(await run(binary, [...args, bundle]));
  const packaged = Number(await run(binary, [...args, 'print.js'], project));
  // If its threads kept the process alive, the time limit would be the error.
  const threads = JSON.parse(await run(binary, [...args, 'threads.js'], project));
  return { version, engine, hashes: { golden: hashes, package: { 'a net after one step': packaged }, threads } };
}

async function inWorkerd(binary: string): Promise<Report> {
  const golden = (await ask(binary, 'test/everywhere/worker.ts', 'dist', scratch)) as Hashes;
  const dist = join(project, 'node_modules/fanwise/dist');
  const packaged = (await ask(binary, join(project, 'worker.js'), dist, join(project, 'built'))) as number;
  const version = (await run(binary, ['--version'])).replace('workerd ', '');
  return { version, engine: 'V8', hashes: { golden, package: { 'a net after one step': packaged } } };
}

/** The browsers of vitest.config.ts. The packed package is tested there by test/consumers. */
async function inBrowser({ project, debian, engine }: Browser): Promise<Report> {
  const report = join(scratch, `${project}.json`);
  const args = ['run', '--project', project, 'test/golden', '--reporter=json', `--outputFile=${report}`];
  let output = '';
  try {
    await run(process.execPath, ['node_modules/vitest/vitest.mjs', ...args]);
  } catch (error) {
    output = `${(error as { stderr: string }).stderr}${(error as { stdout: string }).stdout}`;
  }
  if (output.includes('No projects matched')) throw new Unavailable('vitest.config.ts does not find it');
  const tests = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : [];
  const golden = tests[0]?.assertionResults[0]?.meta.hashes;
  if (!golden) throw new Error(output || 'vitest ran no test');
  const version = await run('dpkg-query', ['-W', `-f=\${Version}`, debian]).catch(() => '?');
  return { version: version.split('-')[0], engine, hashes: { golden } };
}

async function reportOf(name: string): Promise<Report> {
  const runtime = runtimes[name];
  if ('project' in runtime) return inBrowser(runtime);
  // The emulator first: without it the hundred megabytes of the runtime are not needed.
  const available = async () => [...(runtime.arm ? emulator() : []), await install(name), ...(runtime.args ?? [])];
  const [command, ...args] = await available().catch((error) => {
    throw new Unavailable(error.message);
  });
  return name === 'workerd' ? inWorkerd(command) : inProcess(command, args);
}

/** The names whose hash differs, is missing, or is not expected. */
const differing = (hashes: Hashes, table: Hashes) =>
  [...new Set([...Object.keys(table), ...Object.keys(hashes)])].filter((name) => hashes[name] !== table[name]);

const suites = Object.keys(expected);
const rows = [['runtime', 'version', 'engine', ...suites, 'seconds']];
const notes: string[] = [];
let failed = false;
try {
  for (const name of chosen) {
    process.stderr.write(`${name} …\n`);
    const began = performance.now();
    const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
    try {
      const { version, engine, hashes } = await reportOf(name);
      const cells = suites.map((suite) => {
        if (!hashes[suite]) return '';
        const wrong = differing(hashes[suite], expected[suite]);
        const count = Object.keys(hashes[suite]).length;
        if (wrong.length === 0) return `${count} equal`;
        failed = true;
        const list = wrong.map((name) => `${name} (${hashes[suite][name]}, not ${expected[suite][name]})`);
        notes.push(`${name} differs in ${suite}: ${list.join(', ')}`);
        return `${wrong.length} of ${count} DIFFER`;
      });
      rows.push([name, version, engine, ...cells, seconds()]);
    } catch (error) {
      const isAvailable = !(error instanceof Unavailable);
      failed ||= isAvailable || required.includes(name);
      const what = isAvailable ? 'FAILED' : required.includes(name) ? 'REQUIRED, and not available' : 'not available';
      rows.push([name, '', '', what, ...suites.slice(1).map(() => ''), seconds()]);
      notes.push(`${name}, ${what}: ${(error as Error).message.trim()}`);
    }
  }
} finally {
  consumers.remove();
}
for (const name of required.filter((name) => !chosen.includes(name))) {
  failed = true;
  notes.push(`${name} is required, and --only leaves it out`);
}

const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
for (const row of rows)
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
for (const note of notes) console.log(`\n${note}`);
process.exitCode = failed ? 1 : 0;
