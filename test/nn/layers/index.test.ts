// Every layer of the table: nn has it by its name, and a thread makes it again from its spec.

import { expect, test } from 'vitest';
import { type Layer, type Model, nn } from '../../../src/index.js';
import { specOf } from '../../../src/nn/layer.js';
import * as layers from '../../../src/nn/layers/index.js';
import type { Any } from '../../check/case.js';
import { layerArguments } from './examples.js';

const makers = Object.entries(layers) as [keyof typeof layers, (...args: Any[]) => Layer][];

/** The properties of a layer, except its values and its generator. */
const describeLayer = ({ source, parameters, bind, ...rest }: Any) => ({
  ...JSON.parse(JSON.stringify({ ...rest, weight: undefined, bias: undefined })),
  draws: source !== undefined,
  shapes: Object.entries(parameters as Layer['parameters']).map(([name, { shape }]) => [name, ...shape]),
});

test.each(makers)('%s', (name, make) => {
  expect((nn as Any)[name]).toBe(make);
  const layer = make(...layerArguments[name]);
  const [word, ...args] = structuredClone(specOf('test', name, layer));
  expect(word).toBe(name);
  const again = make(...args);
  expect(describeLayer(again)).toEqual(describeLayer(layer));
  // With the same values its outputs are the same: an option that is missing in the spec would change them.
  const [one, other] = [layer, again].map((it): Model => nn.sequential([nn.linear(8, 8, { seed: 0 }), it]));
  for (const [key, { data }] of Object.entries(one.parameters)) other.parameters[key].data.set(data);
  const x = Float32Array.from({ length: 16 }, (_, i) => i - 8);
  expect(other.forward(x)).toEqual(one.forward(x));
});

test('a copy of a layer has no spec', () => {
  expect(() => specOf('test', 'a layer', { ...nn.prelu() })).toThrow(/not of this package/);
});
