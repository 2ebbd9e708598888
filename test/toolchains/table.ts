// The table of what was tried, for the terminal and for docs/toolchains.md.

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** What the program did in one place where a tool's result ran. */
export interface Row {
  tool: string;
  version: string;
  where: string;
  init: string;
  training: string;
  threads: string;
  /** Kilobytes of scripts that a page downloads, gzipped. */
  size: string;
  warnings: string;
}

const columns = {
  tool: 'tool',
  version: 'version',
  where: 'where it runs',
  init: 'init',
  training: 'training',
  threads: 'threads',
  size: 'kB',
  warnings: 'warnings',
} satisfies Record<keyof Row, string>;
const keys = Object.keys(columns) as (keyof Row)[];

export function forTerminal(rows: readonly Row[]): string {
  const all = [columns, ...rows];
  const widths = keys.map((key) => Math.max(...all.map((row) => row[key].length)));
  const line = (row: Row) => keys.map((key, i) => row[key].padEnd(widths[i])).join('  ');
  return all.map((row) => line(row).trimEnd()).join('\n');
}

const title = '# Toolchains';
/** The document with these rows, and with its text about them as it was. */
export function document(rows: readonly Row[], file: string): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const date = new Date().toISOString().slice(0, 10);
  const [{ model }] = cpus();
  const table = [
    line(Object.values(columns)),
    line(keys.map(() => '---')),
    ...rows.map((row) => line(keys.map((key) => row[key]))),
  ].join('\n');
  const measured = `Tried on ${date}, ${model}, ${cpus().length} cores, by \`npm run test:consumers -- --write\`.`;
  const text = readFileSync(file, 'utf8');
  const between = /(<!-- toolchains -->\n)[\s\S]*(<!-- \/toolchains -->)/;
  if (!text.startsWith(title) || !between.test(text)) throw new Error(`${file} has no place for the table`);
  return text.replace(between, (_, begin, end) => `${begin}${measured}\n\n${table}\n${end}`);
}
