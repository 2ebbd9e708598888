// npm run verify:random                        laws at ten million values, and SmallCrush of every generator (three minutes)
// npm run verify:random -- laws                the laws alone
// npm run verify:random -- crush               TestU01's Crush of every generator (half an hour each)
// npm run verify:random -- crush philox forks  that of some
//
// TestU01 is in Debian's non-free packages: apt-get install gcc libtestu01-0-dev. Results are saved in docs/random.json, from which
// docs/random.md is written.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { all, isWithinLimits, type Measured, N } from './laws.js';

const batteries = { small: 'SmallCrush', crush: 'Crush', big: 'BigCrush' };
const streams = [
  'philox',
  'philox reversed',
  'philox normal',
  'forks',
  'torch',
  'torch reversed',
  'threefry',
  'threefry reversed',
];
const [battery = 'small', ...wanted] = process.argv.slice(2) as [keyof typeof batteries | 'laws', ...string[]];
if (!(battery in batteries || battery === 'laws') || wanted.some((name) => !streams.includes(name))) {
  console.error(`Pass ${Object.keys(batteries).join(', ')} or laws, and any of ${streams.join(', ')}`);
  process.exit(1);
}

const FOUND = 'docs/random.json';
interface Found {
  laws: { date: string; measured: Measured[] };
  batteries: Record<keyof typeof batteries, Crushed[]>;
}
const found = JSON.parse(readFileSync(FOUND, 'utf8')) as Found;
const date = new Date().toISOString().slice(0, 10);

if (battery === 'small' || battery === 'laws') {
  found.laws = { date, measured: [] };
  for (const one of all()) law(one);
}
function law(one: Measured): void {
  found.laws.measured.push(one);
  const { name, moments, kolmogorovSmirnov, chiSquared } = one;
  const z = [...moments, chiSquared].map((v) => v.toFixed(2).padStart(6)).join(' ');
  console.log(
    `${name.padEnd(26)} ${z}   KS ${kolmogorovSmirnov.toFixed(2)}${isWithinLimits(one) ? '' : '   TOO FAR OFF'}`,
  );
  if (!isWithinLimits(one)) process.exitCode = 1;
}

interface Crushed {
  name: string;
  date: string;
  statistics: number;
  suspect: number;
  words: number;
}
/** A battery over the words of one stream. */
function crush(name: string): Promise<Crushed> {
  return new Promise((resolve, reject) => {
    const stream = name.split(' ').flatMap((word, i) => (i === 0 ? [word, '0'] : [word]));
    // A pipe of the shell: one of Node does not block, so the writer would use a core to try again.
    const line = `"${process.execPath}" --import tsx test/verify/words.ts ${stream.join(' ')} | out/testu01 ${battery} "${name}"`;
    const tests = spawn('sh', ['-c', line], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    tests.stdout.on('data', (part) => {
      text += part;
    });
    tests.on('close', () => {
      const result = /RESULT (\d+) (\d+) \S+ \S+ (\d+)/.exec(text);
      if (result === null) return reject(new Error(`${name}: the battery ended without a result\n${text}`));
      const [statistics, suspect, used] = result.slice(1).map(Number);
      if (suspect > 0) console.log(text);
      resolve({ name, date, statistics, suspect, words: used });
    });
  });
}

if (battery !== 'laws') {
  mkdirSync('out', { recursive: true });
  try {
    const libraries = ['-I/usr/include/testu01', '-ltestu01', '-ltestu01probdist', '-ltestu01mylib', '-lm'];
    execFileSync('gcc', ['-O2', 'test/verify/testu01.c', '-o', 'out/testu01', ...libraries], { stdio: 'inherit' });
  } catch {
    console.error('TestU01 is not here: apt-get install gcc libtestu01-0-dev (Debian, non-free), or pass laws');
    process.exit(1);
  }
  const results = found.batteries[battery];
  // As many at the same time as there are cores: each uses one for its tests, and part of one for its words.
  const names = wanted.length > 0 ? wanted : streams;
  const waiting = [...names];
  const lane = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const one = await crush(name);
      const at = results.findIndex((other) => other.name === name);
      results.splice(at < 0 ? results.length : at, at < 0 ? 0 : 1, one);
      results.sort((a, b) => streams.indexOf(a.name) - streams.indexOf(b.name));
      save();
      console.log(
        `${name.padEnd(26)} ${one.statistics} statistics, ${one.suspect} suspect, ${(one.words / 1e6).toFixed(0)} million words`,
      );
      if (one.suspect > 0) process.exitCode = 1;
    }
  };
  await Promise.all(cpus().map(lane));
}

save();
/** Writes the results so far, and the page of them. */
function save(): void {
  const signed = (v: number) => v.toFixed(2);
  const tables = (Object.keys(batteries) as (keyof typeof batteries)[])
    .filter((name) => found.batteries[name].length > 0)
    .map(
      (name) => `### ${batteries[name]}

| words | statistics | suspect | words used | on |
| --- | --- | --- | --- | --- |
${found.batteries[name].map((one) => `| ${one.name} | ${one.statistics} | ${one.suspect} | ${(one.words / 1e6).toLocaleString('en', { maximumFractionDigits: 0 })} M | ${one.date} |`).join('\n')}
`,
    );
  writeFileSync(FOUND, `${JSON.stringify(found, undefined, 2)}\n`);
  writeFileSync(
    'docs/random.md',
    `# Random numbers

By \`npm run verify:random\`, ${cpus()[0].model.trim()}, Node ${process.version}.

## TestU01

The batteries of L'Ecuyer and Simard (2007) test the 32-bit words of each generator, from seed 0. A statistic is suspect if its p-value is within 1e-6 of 0 or 1.

- "reversed": the bits of each word in reverse order, since the batteries look mainly at the high bits;
- "normal": a word is made of the ranks of two normals, ⌊Φ(z) 2¹⁶⌋ (a float32 near 1 has no more digits);
- "forks": a word from each of 256 forks in turn.

${tables.join('\n')}
Longer runs are \`npm run verify:random -- crush\` (half an hour a generator) and \`-- big\` (a day). For PractRand or dieharder there is \`npx tsx test/verify/words.ts philox 0 | RNG_test stdin32\`.

## Distributions

${N.toLocaleString('en')} values of each distribution and initialiser were compared with theory on ${found.laws.date}, from fixed seeds. The columns 1st to 4th say by how many standard errors the moments of that order differ. √n D is √n times the Kolmogorov-Smirnov distance, which is above 2.2 once in 8,000 times. χ² over 1,000 classes is given in standard deviations from its mean. More than 5 standard errors would be a failure.

| | 1st | 2nd | 3rd | 4th | √n D | χ² |
| --- | --- | --- | --- | --- | --- | --- |
${found.laws.measured.map((m) => `| ${m.name} | ${[0, 1, 2, 3].map((k) => (k in m.moments ? signed(m.moments[k]) : '')).join(' | ')} | ${signed(m.kolmogorovSmirnov)} | ${signed(m.chiSquared)} |`).join('\n')}
`,
  );
}
