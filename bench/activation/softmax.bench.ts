// Softmax, its logarithm and logSumExp over rows of 128, against their formulas in plain JavaScript.

import { random, softmax, workspace } from '../../src/index.js';
import { type Case, loop } from '../measure.js';

const columns = 128;
const rowByRow = (body: string) => `for (let at = 0; at < x.length; at += columns) { ${body} }`;
const exponentials = `let top = -Infinity, sum = 0;
  for (let i = at; i < at + columns; i++) top = Math.max(top, x[i]);
  for (let i = at; i < at + columns; i++) sum += Math.exp(x[i] - top);`;
const plain = {
  softmaxForward: rowByRow(`${exponentials}
    for (let i = at; i < at + columns; i++) out[i] = Math.exp(x[i] - top) / sum;`),
  softmaxBackward: rowByRow(`let dot = 0;
    for (let i = at; i < at + columns; i++) dot += x[i] * dy[i];
    for (let i = at; i < at + columns; i++) out[i] = x[i] * (dy[i] - dot);`),
  logForward: rowByRow(`${exponentials}
    for (let i = at; i < at + columns; i++) out[i] = x[i] - top - Math.log(sum);`),
  logBackward: rowByRow(`let sum = 0;
    for (let i = at; i < at + columns; i++) sum += dy[i];
    for (let i = at; i < at + columns; i++) out[i] = dy[i] - Math.exp(x[i]) * sum;`),
  logSumExp: rowByRow(`${exponentials}
    out[at / columns] = top + Math.log(sum);`),
};

export function cases(size: number): Case[] {
  const ws = workspace({ bytes: 4 * (3 * size + 64) });
  const inside = { x: ws.float32(size), dy: ws.float32(size), out: ws.float32(size) };
  const outside = {
    x: random.philox(1).normal(size),
    dy: random.philox(2).normal(size),
    out: new Float32Array(size),
  };
  for (const name of ['x', 'dy'] as const) inside[name].set(outside[name]);
  type Arrays = Record<'x' | 'dy' | 'out', Float32Array>;
  const one = (name: string, body: string, run: (arrays: Arrays) => void): Case => {
    const baseline = loop('x, dy, out, columns', body);
    const { x, dy, out } = outside;
    return {
      name,
      size,
      amount: size,
      unit: 'M/s',
      ways: {
        workspace: () => run(inside),
        staged: () => run(outside),
        baseline: () => baseline(x, dy, out, columns),
      },
    };
  };
  return [
    one('softmax forward', plain.softmaxForward, ({ x, out }) => void softmax.forward(x, { columns, out })),
    one(
      'softmax backward',
      plain.softmaxBackward,
      ({ x, dy, out }) => void softmax.backward({ y: x, dy, columns, out }),
    ),
    one('logSoftmax forward', plain.logForward, ({ x, out }) => void softmax.log.forward(x, { columns, out })),
    one(
      'logSoftmax backward',
      plain.logBackward,
      ({ x, dy, out }) => void softmax.log.backward({ y: x, dy, columns, out }),
    ),
    one('logSumExp forward', plain.logSumExp, ({ x }) => void softmax.logSumExp.forward(x, { columns })),
  ];
}
