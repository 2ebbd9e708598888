// The table of what was tried, for the terminal and for docs/toolchains.md.

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** What the program did in one runtime where a tool's result ran. */
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
  /** The date. */
  tried: string;
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
  tried: 'tried on',
} satisfies Record<keyof Row, string>;
const keys = Object.keys(columns) as (keyof Row)[];

export function forTerminal(rows: readonly Row[]): string {
  const all = [columns, ...rows];
  const widths = keys.map((key) => Math.max(...all.map((row) => row[key].length)));
  const line = (row: Row) => keys.map((key, i) => row[key].padEnd(widths[i])).join('  ');
  return all.map((row) => line(row).trimEnd()).join('\n');
}

const between = /(<!-- toolchains -->\n)([\s\S]*)(<!-- \/toolchains -->)/;
const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const head = [line(Object.values(columns)), line(keys.map(() => '---'))];

/** The rows of the document's table. */
function rowsOf(table: string): Row[] {
  const lines = table.split('\n').filter((text) => text.startsWith('| ') && !head.includes(text));
  return lines.map((text) => {
    const cells = text.slice(2, -2).split(' | ');
    return Object.fromEntries(keys.map((key, i) => [key, cells[i].trim()])) as unknown as Row;
  });
}

/** The document with these rows in place of those that it has of the same tools, in the tools' order. */
export function document(rows: readonly Row[], file: string, order: readonly string[]): string {
  const text = readFileSync(file, 'utf8');
  const table = between.exec(text)?.[2];
  if (table === undefined) throw new Error(`${file} has no marks for the table`);
  const renewed = new Set(rows.map(({ tool }) => tool));
  const all = [...rowsOf(table).filter(({ tool }) => !renewed.has(tool)), ...rows];
  const sorted = order.flatMap((name) => all.filter(({ tool }) => tool === name));
  const [{ model }] = cpus();
  const lines = [
    `${model}, ${cpus().length} cores, Node ${process.version} and 22, by \`npm run test:consumers -- --write\`.`,
    '',
    ...head,
    ...sorted.map((row) => line(keys.map((key) => row[key]))),
  ];
  return text.replace(between, (_, begin, __, end) => `${begin}${lines.join('\n')}\n${end}`);
}
