// The statistics of a probe (mean, mean square, minimum, maximum and histogram) against two loops in plain JavaScript.

import { random, workspace } from '../../src/index.js';
import { bind } from '../../src/wasm/memory.js';
import { type Case, loop } from '../measure.js';

const plain = `let sum = 0, squares = 0, least = Infinity, most = -Infinity, finite = 0;
for (let i = 0; i < x.length; i++) {
  const v = x[i];
  if (!(Math.abs(v) < Infinity)) continue;
  finite++;
  sum += v;
  squares += v * v;
  if (v < least) least = v;
  if (v > most) most = v;
}
const mean = sum / finite, reach = 4 * Math.sqrt(squares / finite - mean * mean);
const low = Math.max(least, mean - reach), high = Math.min(most, mean + reach), scale = 32 / (high - low);
counts.fill(0);
for (let i = 0; i < x.length; i++) {
  const v = x[i];
  if (Math.abs(v) < Infinity) counts[Math.min(Math.max((v - low) * scale, 0), 31) | 0]++;
}`;

export function cases(size: number): Case[] {
  const ws = workspace({ bytes: 4 * size + 1024 });
  const x = random.philox(1).normal({ out: ws.float32(size) });
  const kernel = bind(ws, 'statistics', x, ws.uint32(14 + 32));
  const outside = x.slice();
  const counts = new Uint32Array(32);
  const baseline = loop('x, counts', plain);
  return [
    {
      name: 'statistics',
      size,
      amount: size,
      unit: 'M/s',
      ways: { workspace: () => kernel(size), baseline: () => baseline(outside, counts) },
    },
  ];
}
