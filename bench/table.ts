// The table that `npm run bench` prints: a row as it is measured.

import { type Row, speed } from './measure.js';

const columns = ['workspace', 'staged', 'baseline'];
const label = (size: number) => (size < 1 << 10 ? size : size < 1 << 20 ? `${size >> 10}K` : `${size >> 20}M`);

export const head = `${'kernel'.padEnd(54)}${'values'.padStart(7)}${columns.map((way) => way.padStart(11)).join('')}   unit       workspace   staged`;

export function line(row: Row): string {
  const figures = columns
    .map((way) => (speed(row, way)?.toFixed(row.unit === 'M/s' ? 0 : 2) ?? '').padStart(11))
    .join('');
  const ratios = ['workspace', 'staged']
    .map((way) => (row.ratio[way] ? `${row.ratio[way].toFixed(row.ratio[way] < 1 ? 2 : 1)} x` : '').padStart(9))
    .join('');
  const size = row.unit === 'M/s' ? `${label(row.size)}` : '';
  return `${row.name.padEnd(54)}${size.padStart(7)}${figures}   ${row.unit.padEnd(9)}${ratios}`;
}
