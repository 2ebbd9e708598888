// Softmax over rows of 128, against the formula in plain JavaScript.

import { random, softmax, workspace } from '../src/index.js';
import { type Case, loop } from './measure.js';

const columns = 128;
const plain = `for (let at = 0; at < x.length; at += columns) {
  let top = -Infinity, sum = 0;
  for (let i = at; i < at + columns; i++) top = Math.max(top, x[i]);
  for (let i = at; i < at + columns; i++) sum += out[i] = Math.exp(x[i] - top);
  for (let i = at; i < at + columns; i++) out[i] /= sum;
}`;

export function cases(size: number): Case[] {
  const ws = workspace({ bytes: 8 * size });
  const [x, y] = [ws.float32(size), ws.float32(size)];
  const outside = { x: random.philox(1).normal(size), out: new Float32Array(size) };
  x.set(outside.x);
  const baseline = loop('x, out, columns', plain);
  return [
    {
      ...{ name: 'softmax forward', size, amount: size, unit: 'M/s' },
      ways: {
        workspace: () => void softmax.forward(x, { columns, out: y }),
        staged: () => void softmax.forward(outside.x, { columns, out: outside.out }),
        baseline: () => baseline(outside.x, outside.out, columns),
      },
    },
  ];
}
