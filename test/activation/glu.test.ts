// glu, swiglu and geglu: a half of an axis times a function of the other.

import { describe, expect, test } from 'vitest';
import type { Unit } from '../../src/activation/glu.js';
import { activation, workspace } from '../../src/index.js';
import { noise, ulps } from '../oracle.js';
import vectors from '../vectors/functional.json' with { type: 'json' };

const f32 = (x: number[]) => Float32Array.from(x);

const names = ['glu', 'swiglu', 'geglu'] as const;

test.each(vectors.axes.filter(({ name }) => names.includes(name as Unit)))(
  '$name of $shape along $axis, forward and backward, as PyTorch',
  (c) => {
    const [x, dy] = [f32(c.x), f32(c.dy)];
    const where = { shape: c.shape, axis: c.axis };
    const { forward, backward } = activation[c.name as Unit];
    const y = forward(x, where);
    y.forEach((v, i) => expect(Math.abs(v - c.y[i])).toBeLessThan(3e-7 * Math.max(1, Math.abs(c.y[i]))));
    const dx = backward({ x, dy, ...where });
    dx.forEach((v, i) => expect(Math.abs(v - c.dx[i])).toBeLessThan(1e-6 * Math.max(1, Math.abs(c.dx[i]))));
  },
);

describe.each(names)('%s', (name) => {
  const { forward, backward } = activation[name];
  const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
  const columns = 14;
  const x = noise(1, 9 * columns, 6);
  const dy = noise(2, (9 * columns) / 2);

  test('is within 0.51 ulp of value times the formula of the gate', () => {
    if (name === 'geglu') return; // gelu is compared with PyTorch's, above
    forward(x, { columns }).forEach((v, i) => {
      const at = Math.floor(i / 7) * columns + (i % 7);
      const gate = x[at + 7];
      expect(ulps(v, x[at] * (name === 'glu' ? sigmoid(gate) : gate * sigmoid(gate)))).toBeLessThan(0.51);
    });
  });

  test('the first half can be the gate', () => {
    const swapped = Float32Array.from(x, (_, i) => x[i - (i % columns) + ((i + 7) % columns)]);
    expect(forward(swapped, { columns, gate: 'first' })).toEqual(forward(x, { columns }));
    const dx = backward({ x, dy, columns });
    const back = backward({ x: swapped, dy, columns, gate: 'first' });
    dx.forEach((v, i) => expect(back[i - (i % columns) + ((i + 7) % columns)]).toBe(v));
  });

  test('in a workspace and on copies: the same bits', () => {
    const ws = workspace({ bytes: 8192 });
    const [wx, wdy, wy, wdx] = [
      ws.float32(x.length),
      ws.float32(dy.length),
      ws.float32(dy.length),
      ws.float32(x.length),
    ];
    wx.set(x);
    wdy.set(dy);
    expect(Array.from(forward(wx, { columns, out: wy }))).toEqual(Array.from(forward(x, { columns })));
    expect(Array.from(backward({ x: wx, dy: wdy, columns, out: wdx }))).toEqual(
      Array.from(backward({ x, dy, columns })),
    );
  });

  test('wrong arguments are errors', () => {
    expect(() => forward(noise(1, 6), { columns: 3 })).toThrow(/the axis has 3 values, which has no halves/);
    expect(() => forward(x, {})).toThrow(/neither columns nor shape/);
    expect(() => forward(x, { columns, out: x.subarray(0, x.length / 2) })).toThrow(
      /out overlaps x; pass an array apart/,
    );
    expect(() => forward(x, { columns, out: new Float32Array(3) })).toThrow(/out has 3 values/);
    expect(() => forward(x, { columns, gate: 'third' as never })).toThrow(/gate is the string "third"/);
    expect(() => backward({ x, dy: dy.subarray(1), columns })).toThrow(/dy has 62 values and half of x 63/);
    expect(forward(new Float32Array(0), { columns: 2 }).length).toBe(0);
  });
});
