// nn.fit says where the last activation bounds the logits of a loss: every loss, after every activation.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Activation, activations } from '../../src/activation/table.js';
import { type Layer, nn } from '../../src/index.js';
import { losses, type PointwiseLoss } from '../../src/nn/losses/pointwise.js';
import type { Any } from '../check/case.js';

const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
afterEach(() => void warned.mockClear());

const x = new Float32Array(4);
const optimizer = nn.sgd({ lr: 0.1 });
const names = ['crossEntropy', ...Object.keys(losses)] as ('crossEntropy' | PointwiseLoss)[];
const data = (loss: string) => (loss === 'crossEntropy' ? { x, labels: [0, 1] } : { x, targets: new Float32Array(4) });
/** What the call of fit says of a model that ends so. */
function said(loss: string, ...end: Layer[]): unknown[] {
  warned.mockClear();
  const model = nn.sequential([nn.linear(2, 2, { seed: 1 }), ...end]);
  nn.fit(model, data(loss) as Any, { loss: loss as Any, optimizer }).catch(() => {});
  return warned.mock.calls.map(([text]) => text);
}
const advice = (loss: string, kind: string) =>
  `nn.fit: ${loss} takes logits, of any sign and size, which the last ${kind} bounds; leave it out, the loss needs none`;

/** Those of the table that give numbers of any sign and size. */
const unbounded: Activation[] = ['leakyRelu', 'softshrink', 'hardshrink', 'tanhshrink'];

describe.each(names)('%s', (loss) => {
  const takesLogits = loss === 'crossEntropy' || losses[loss].from === 'logits';

  test.each(Object.keys(activations) as Activation[])('after %s', (name) => {
    const expected = takesLogits && !unbounded.includes(name) ? [advice(loss, name)] : [];
    const fused = nn.linear(2, 2, { seed: 2, activation: name });
    expect(said(loss, nn.activation(name))).toEqual(expected);
    expect(said(loss, fused)).toEqual(expected);
    expect(said(loss, nn.activation(name), nn.dropout({ p: 0.1, seed: 1 }))).toEqual(expected);
    expect(said(loss, nn.activation(name), nn.linear(2, 2, { seed: 3 }))).toEqual([]);
  });

  test('after layers that are no activation of the table, or one whose parameters let it give all', () => {
    expect(said(loss)).toEqual([]);
    expect(said(loss, nn.prelu())).toEqual([]);
    expect(said(loss, nn.linear(2, 4, { seed: 2 }), nn.glu(2))).toEqual([]);
    expect(said(loss, nn.activation('hardtanh', { low: -10, high: 10 }))).toEqual([]);
    expect(said(loss, nn.activation('hardtanh', { low: 0, high: 10 })).length).toBe(Number(takesLogits));
    expect(said(loss, nn.activation('elu', { alpha: 5 }))).toEqual([]);
    expect(said(loss, nn.activation('leakyRelu', { slope: 0 })).length).toBe(Number(takesLogits));
    const softmax = { ...nn.activation('softshrink'), kind: 'softmax' };
    expect(said(loss, softmax)).toEqual(takesLogits ? [advice(loss, 'softmax')] : []);
  });
});

test('it is said once of a model, and not where the options are wrong', async () => {
  const model = nn.sequential([nn.linear(2, 2, { seed: 1, activation: 'sigmoid' })]);
  expect(() => nn.fit(model, { x, labels: [0, 1] }, { optimizer, epochs: -1 })).toThrow(RangeError);
  expect(warned).not.toHaveBeenCalled();
  for (let i = 0; i < 3; i++) await nn.fit(model, { x, labels: [0, 1] }, { optimizer });
  expect(warned).toHaveBeenCalledExactlyOnceWith(advice('crossEntropy', 'sigmoid'));
});
