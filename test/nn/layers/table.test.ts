// Every layer of the table: nn's by its name, and made again by what a thread is told of it.

import { expect, test } from 'vitest';
import { type Layer, nn } from '../../../src/index.js';
import { specOf } from '../../../src/nn/layer.js';
import * as layers from '../../../src/nn/layers/index.js';
import type { Any } from '../../check/case.js';

/** Arguments of each, those that change what it makes. */
const args: Record<keyof typeof layers, Any[]> = {
  activation: ['leakyRelu', { slope: 0.2 }],
  dropout: [{ p: 0.25, seed: 3 }],
  geglu: [4, { gate: 'first' }],
  glu: [4, { gate: 'first' }],
  linear: [8, 8, { bias: false, activation: ['elu', { alpha: 2 }], seed: 1 }],
  prelu: [8, { slope: 0.1 }],
  swiglu: [4, { gate: 'second' }],
};
const makers = Object.entries(layers) as [keyof typeof layers, (...given: Any[]) => Layer][];

/** What a layer says of itself, but for its values and what it draws from. */
const said = ({ source, parameters, bind, ...rest }: Any) => ({
  ...JSON.parse(JSON.stringify({ ...rest, weight: undefined, bias: undefined })),
  draws: source !== undefined,
  shapes: Object.entries(parameters as Layer['parameters']).map(([name, { shape }]) => [name, ...shape]),
});

test.each(makers)('%s', (name, make) => {
  expect((nn as Any)[name]).toBe(make);
  const layer = make(...args[name]);
  const [word, ...given] = structuredClone(specOf('test', name, layer));
  expect(word).toBe(name);
  const again = make(...given);
  expect(said(again)).toEqual(said(layer));
  // By the same values it makes the same, too: options that the spec forgot would show.
  const [one, other] = [layer, again].map((it) => nn.sequential([nn.linear(8, 8, { seed: 0 }), it]));
  for (const [key, { data }] of Object.entries(one.parameters)) other.parameters[key].data.set(data);
  const x = Float32Array.from({ length: 16 }, (_, i) => i - 8);
  expect(other.forward(x)).toEqual(one.forward(x));
});

test('what nn makes of a copy with another bind is not known to threads', () => {
  expect(() => specOf('test', 'a layer', { ...nn.prelu() })).toThrow(/not of this package/);
});
