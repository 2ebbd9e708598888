// The losses: those of the table against their rows' formulas, cross-entropy over rows of 128 against its own.

import { loss, random, workspace } from '../../src/index.js';
import { type LossRow, losses, type PointwiseLoss, parameterOf } from '../../src/nn/losses/pointwise.js';
import { type Case, loop } from '../measure.js';

const columns = 128;
const crossEntropy = `for (let at = 0; at < x.length; at += columns) {
  let top = -Infinity, sum = 0;
  for (let i = at; i < at + columns; i++) top = Math.max(top, x[i]);
  for (let i = at; i < at + columns; i++) sum += Math.exp(x[i] - top);
  for (let i = at; i < at + columns; i++) out[i] = Math.exp(x[i] - top) / sum;
  out[at + labels[at / columns]] -= 1;
}`;

export function cases(size: number): Case[] {
  const rows = size / columns;
  const ws = workspace({ bytes: 4 * (3 * size + rows + 64) });
  const inside = { x: ws.float32(size), t: ws.float32(size), out: ws.float32(size), labels: ws.uint32(rows) };
  const outside = {
    x: random.philox(1).normal(size),
    t: random.philox(2).uniform(size),
    out: new Float32Array(size),
    labels: Uint32Array.from({ length: rows }, (_, i) => i % columns),
  };
  for (const name of ['x', 't'] as const) inside[name].set(outside[name]);
  inside.labels.set(outside.labels);
  type Arrays = { x: Float32Array; t: Float32Array; out: Float32Array; labels: Uint32Array };
  const one = (name: string, run: (arrays: Arrays) => void, baseline: () => void): Case => ({
    name,
    size,
    amount: size,
    unit: 'M/s',
    ways: { workspace: () => run(inside), staged: () => run(outside), baseline },
  });
  const { x, t, out, labels } = outside;

  const pointwise = (Object.keys(losses) as PointwiseLoss[]).flatMap((name): Case[] => {
    const row: LossRow = losses[name];
    const { forward, backward } = loss[name as 'huber'];
    const a = parameterOf(name, row, {});
    const sum = loop(
      'f, x, t, out, a',
      'let sum = 0; for (let i = 0; i < x.length; i++) sum += f(x[i], t[i], a); out[0] = sum;',
    );
    const slope = loop('f, x, t, out, a', 'for (let i = 0; i < x.length; i++) out[i] = f(x[i], t[i], a) / x.length;');
    // As a user writes it: V8 looks up a computed name anew in each call.
    const fromLogits = row.from === 'logits';
    const forwardOf = ({ x, t }: Arrays) =>
      void forward((fromLogits ? { logits: x, targets: t } : { outputs: x, targets: t }) as never);
    const backwardOf = ({ x, t, out }: Arrays) =>
      void backward((fromLogits ? { logits: x, targets: t, out } : { outputs: x, targets: t, out }) as never);
    return [
      one(`${name} forward`, forwardOf, () => sum(row.formula, x, t, out, a)),
      one(`${name} backward`, backwardOf, () => slope(row.slope, x, t, out, a)),
    ];
  });
  const plain = loop('x, out, labels, columns', crossEntropy);
  return [
    ...pointwise,
    one(
      'crossEntropy backward',
      ({ x, labels, out }) => void loss.crossEntropy.backward({ logits: x, labels, columns, out }),
      () => plain(x, out, labels, columns),
    ),
  ];
}
