// Gated units, prelu and dropout against their formulas in plain JavaScript.

import { activation, random, workspace } from '../../src/index.js';
import { type Case, loop } from '../measure.js';

const sigmoid = 'const s = (v) => 1 / (1 + Math.exp(-v));';
const each = (body: string) => `for (let i = 0; i < x.length; i++) ${body}`;
const columns = 256;
/** A loop over both halves of each row. */
const halves = (body: string) =>
  `for (let at = 0, k = 0; at < x.length; at += 256) for (let i = at; i < at + 128; i++, k++) ${body}`;
const plain = {
  glu: `${sigmoid} ${halves('out[k] = x[i] * s(x[i + 128]);')}`,
  gluBackward: `${sigmoid} ${halves('{ const g = s(x[i + 128]); out[i] = dy[k] * g; out[i + 128] = dy[k] * x[i] * g * (1 - g); }')}`,
  swiglu: `${sigmoid} ${halves('out[k] = x[i] * x[i + 128] * s(x[i + 128]);')}`,
  prelu: each('out[i] = x[i] > 0 ? x[i] : slopes[i % 256] * x[i];'),
  dropout: each('out[i] = Math.random() < 0.5 ? 0 : 2 * x[i];'),
};

export function cases(size: number): Case[] {
  const ws = workspace({ bytes: 4 * (3 * size + 64) });
  const inside = { x: ws.float32(size), dy: ws.float32(size), out: ws.float32(size) };
  const outside = { x: random.philox(1).normal(size), dy: random.philox(2).uniform(size), out: new Float32Array(size) };
  const slopes = random.philox(3).uniform(columns);
  inside.x.set(outside.x);
  inside.dy.set(outside.dy);
  type Arrays = Record<'x' | 'dy' | 'out', Float32Array>;
  const rng = random.philox(4);
  const one = (name: string, body: string, run: (arrays: Arrays) => void): Case => {
    const baseline = loop('x, dy, out, slopes', body);
    return {
      name,
      size,
      amount: size,
      unit: 'M/s',
      ways: {
        workspace: () => run(inside),
        staged: () => run(outside),
        baseline: () => baseline(outside.x, outside.dy, outside.out, slopes),
      },
    };
  };
  const half = (x: Float32Array) => x.subarray(0, size / 2);
  return [
    one('glu forward', plain.glu, ({ x, out }) => void activation.glu.forward(x, { columns, out: half(out) })),
    one(
      'glu backward',
      plain.gluBackward,
      ({ x, dy, out }) => void activation.glu.backward({ x, dy: half(dy), columns, out }),
    ),
    one('swiglu forward', plain.swiglu, ({ x, out }) => void activation.swiglu.forward(x, { columns, out: half(out) })),
    one('prelu forward', plain.prelu, ({ x, out }) => void activation.prelu.forward(x, { slopes, out })),
    one('dropout forward', plain.dropout, ({ x, out }) => void activation.dropout.forward(x, { rng, out })),
  ];
}
