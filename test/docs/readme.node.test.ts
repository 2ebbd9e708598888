// README tells the truth: its snippets run, its tables are the rows'.
//
// Lines `expression; // => value` of its ts blocks are assertions. `npx vitest run --project node test/docs -u` writes the
// tables anew.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import figures from '../../bench/figures.json' with { type: 'json' };
import type { Row } from '../../src/activation/row.js';
import { activations } from '../../src/activation/table.js';
import { initialisers } from '../../src/init/table.js';
import type { Option } from '../../src/options.js';
import { runs, runsInCommonJs, runsInPage, snippets } from './snippet.js';

const readme = readFileSync('README.md', 'utf8');
const documents = ['README', 'docs/guide', 'docs/threads', 'docs/reproducibility', 'docs/diagnosis'].map(
  (name) => `${name}.md`,
);
test.each(documents.flatMap((file) => snippets(file)))('$file: snippet $i runs', runs);
test.each(snippets('README.md', 'js'))('$file: program $i runs by require', runsInCommonJs);
test.each(snippets('README.md', 'html'))('$file: page $i runs', runsInPage);

const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const between = (name: string) => new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);

const times = (ratio: number | undefined) => (ratio === undefined ? '' : `${ratio.toFixed(1)} ×`);

const measured = (what: string) =>
  `Measured on ${figures.date}, ${figures.cpu}, ${figures.cores} cores, Node ${figures.node}, one thread, by \`npm run bench -- --record\`: ${what} on 65,536 values in a workspace. "× JavaScript" is how many times as fast that is as plain JavaScript over preallocated arrays. "staged" is the same for other arrays.`;

const speeds = (rows: typeof figures.figures) =>
  table(
    ['', 'speed', '× JavaScript', 'staged'],
    rows.map(({ name, speed, ratio }) => [
      name,
      speed,
      times(ratio.workspace),
      times((ratio as { staged?: number }).staged),
    ]),
  );

/** What the article's networks are made of. */
const article =
  /^(relu|leakyRelu|sigmoid|tanh|philox (uniform|normal)|torch|softmax|crossEntropy|linear|training step)\b/;

const tables: Record<string, string> = {
  figures: `${measured("the operations of the article's networks,")}

${speeds(figures.figures.filter(({ name }) => article.test(name)))}`,
  initialisers: table(
    ['initialiser', 'options and their defaults'],
    Object.entries(initialisers).map(([name, { options }]) => [
      `\`${name}\``,
      Object.entries(options)
        .map(([option, { value }]: [string, Option]) =>
          value === undefined ? `\`${option}\`` : `\`${option}: ${typeof value === 'string' ? `'${value}'` : value}\``,
        )
        .join(', '),
    ]),
  ),
  activations: table(
    ['activation', 'options', 'keeps', 'ulp forward', 'ulp backward'],
    Object.entries(activations as Record<string, Row>).map(([name, row]) => [
      `\`${name}\``,
      Object.entries(row.parameters)
        .map(([parameter, { value }]) => {
          const short = typeof value === 'string' ? `'${value}'` : value === 1 / 6 ? '1 / 6' : value;
          return `\`${parameter}: ${short}\``;
        })
        .join(', '),
      row.keeps,
      `${row.ulp.forward}`,
      `${row.ulp.backward}${row.crosses ? ' *' : ''}`,
    ]),
  ),
};

test('its tables are current', async () => {
  let current = readme;
  for (const [name, text] of Object.entries(tables)) {
    expect(readme).toMatch(between(name));
    current = current.replace(between(name), `$1${text}\n$2`);
  }
  await expect(current).toMatchFileSnapshot('../../README.md');
});

test('docs/figures.md is current', async () => {
  const text = `# Figures\n\n${measured('every kernel,')}\n\n${speeds(figures.figures)}\n`;
  await expect(text).toMatchFileSnapshot('../../docs/figures.md');
});

test('the two commands are scripts', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(readme).toContain('```\nnpm ci && npm start\nnpm ci && npm test\n```');
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'test', 'bench', 'build']));
});
