// Every activation, forward and backward, against its row's formula over preallocated arrays.

import type { Row } from '../../src/activation/row.js';
import { type Activation, activation, activations, parametersOf } from '../../src/activation/table.js';
import { random, workspace } from '../../src/index.js';
import { type Case, loop } from '../measure.js';

export function cases(size: number): Case[] {
  const ws = workspace({ bytes: 4 * (3 * size + 16) });
  const inside = { x: ws.float32(size), dy: ws.float32(size), out: ws.float32(size) };
  const outside = { x: random.philox(1).normal(size), dy: random.philox(2).normal(size), out: new Float32Array(size) };
  inside.x.set(outside.x);
  inside.dy.set(outside.dy);
  // memory.copy of as many bytes: the limit of a kernel that only reads and writes.
  const copy = () => inside.out.set(inside.x);
  return (Object.keys(activations) as Activation[]).flatMap((name) => {
    const row: Row = activations[name];
    const { forward, backward } = activation[name] as (typeof activation)['tanh'];
    const [a, b] = parametersOf(name, row, {});
    const plain = loop('f, x, out, a, b', 'for (let i = 0; i < x.length; i++) out[i] = f(x[i], a, b)');
    const slope = loop(
      'f, saved, dy, out, a, b',
      'for (let i = 0; i < saved.length; i++) out[i] = dy[i] * f(saved[i], a, b)',
    );
    const about = { size, amount: size, unit: 'M/s' as const };
    // x stands for y, where backward takes y: the speed is the same.
    type Arrays = Record<'x' | 'dy' | 'out', Float32Array>;
    // As a user writes it: V8 looks up a computed name anew in each call, which takes 280 ns.
    const fromY = ({ x, dy, out }: Arrays) => void backward({ y: x, dy, out });
    const fromX = ({ x, dy, out }: Arrays) => void backward({ x, dy, out } as never);
    const run = row.keeps === 'y' ? fromY : fromX;
    return [
      {
        ...about,
        name: `${name} forward`,
        ways: {
          workspace: () => void forward(inside.x, { out: inside.out }),
          staged: () => void forward(outside.x, { out: outside.out }),
          copy,
          baseline: () => plain(row.formula, outside.x, outside.out, a, b),
        },
      },
      {
        ...about,
        name: `${name} backward`,
        ways: {
          workspace: () => run(inside),
          staged: () => run(outside),
          copy,
          baseline: () => slope(row.derivative, outside.x, outside.dy, outside.out, a, b),
        },
      },
    ];
  });
}
