// npm run verify:random               laws at ten million values, and SmallCrush of every generator (three minutes)
// npm run verify:random -- crush      TestU01's Crush instead (an hour each)
// npm run verify:random -- laws       the laws alone
//
// TestU01 comes from Debian's non-free packages: apt-get install gcc libtestu01-0-dev. Writes docs/random.md.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { all, kept, type Measured, N } from './laws.js';

const [battery = 'small'] = process.argv.slice(2);
if (!['small', 'crush', 'big', 'laws'].includes(battery)) {
  console.error(`There is no ${battery}; pass small, crush, big or laws`);
  process.exit(1);
}

const measured: Measured[] = [];
for (const one of all()) {
  measured.push(one);
  const { name, moments, kolmogorovSmirnov, chiSquared } = one;
  const z = [...moments, chiSquared].map((v) => v.toFixed(2).padStart(6)).join(' ');
  console.log(`${name.padEnd(26)} ${z}   KS ${kolmogorovSmirnov.toFixed(2)}${kept(one) ? '' : '   TOO FAR OFF'}`);
  if (!kept(one)) process.exitCode = 1;
}

interface Crushed {
  name: string;
  statistics: number;
  suspect: number;
  words: number;
}
const crushed: Crushed[] = [];

/** A battery over the words of one stream. */
function crush(name: string): Promise<Crushed> {
  return new Promise((resolve, reject) => {
    // node itself, not npx, which would not hand the kill on.
    const stream = name.split(' ').flatMap((word, i) => (i === 0 ? [word, '0'] : [word]));
    const words = spawn(process.execPath, ['--import', 'tsx', 'test/verify/words.ts', ...stream], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const tests = spawn('out/testu01', [battery, name], { stdio: ['pipe', 'pipe', 'inherit'] });
    words.stdout.pipe(tests.stdin);
    tests.stdin.on('error', () => {}); // it has read enough
    let text = '';
    tests.stdout.on('data', (part) => {
      text += part;
    });
    tests.on('close', () => {
      words.kill();
      const result = /RESULT (\d+) (\d+) \S+ \S+ (\d+)/.exec(text);
      if (result === null) return reject(new Error(`${name}: the battery ended without a result\n${text}`));
      const [statistics, suspect, used] = result.slice(1).map(Number);
      if (suspect > 0) console.log(text);
      resolve({ name, statistics, suspect, words: used });
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
  for (const name of streams) {
    const one = await crush(name);
    crushed.push(one);
    console.log(
      `${name.padEnd(26)} ${one.statistics} statistics, ${one.suspect} suspect, ${(one.words / 1e6).toFixed(0)} million words`,
    );
    if (one.suspect > 0) process.exitCode = 1;
  }
}

const title = { small: 'SmallCrush', crush: 'Crush', big: 'BigCrush', laws: '' }[battery];
const signed = (v: number) => v.toFixed(2);
mkdirSync('docs', { recursive: true });
if (battery !== 'laws') {
  writeFileSync(
    'docs/random.md',
    `# Random numbers

By \`npm run verify:random\` on ${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model.trim()}, Node ${process.version}.

## ${title}

TestU01's ${title} (L'Ecuyer and Simard 2007) on the 32-bit words of each generator from seed 0. A statistic is suspect where its p-value is within 1e-6 of 0 or 1. "Reversed" has the bits of each word in reverse order, since batteries look at the high ones; "normal" are normals mapped back to ranks, Φ(z) 2³²; "forks" takes a word from each of 256 forks in turn.

| words | statistics | suspect | words used |
| --- | --- | --- | --- |
${crushed.map(({ name, statistics, suspect, words }) => `| ${name} | ${statistics} | ${suspect} | ${(words / 1e6).toFixed(0)} M |`).join('\n')}

Longer runs: \`npm run verify:random -- crush\` (an hour a generator), \`-- big\` (a day), and for PractRand or dieharder \`npx tsx test/verify/words.ts philox 0 | RNG_test stdin32\`.

## Laws

${N.toLocaleString('en')} values of each distribution and initialiser against the law it claims, from fixed seeds: how many standard deviations the moments of order one to four are off, √n times Kolmogorov and Smirnov's distance (above 2.2 once in 8,000), and how many standard deviations χ² over 1,000 classes is off. More than 5 deviations would be a failure.

| | 1st | 2nd | 3rd | 4th | √n D | χ² |
| --- | --- | --- | --- | --- | --- | --- |
${measured.map((m) => `| ${m.name} | ${[0, 1, 2, 3].map((k) => (k in m.moments ? signed(m.moments[k]) : '')).join(' | ')} | ${signed(m.kolmogorovSmirnov)} | ${signed(m.chiSquared)} |`).join('\n')}
`,
  );
}
