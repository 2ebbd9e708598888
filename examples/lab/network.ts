// From settings to a model, in PyTorch's order of random numbers: nn.linear draws PyTorch's default first, as nn.Linear does,
// and the initialiser overwrites the weight from the same generator.

import { type Generator, type Layer, type Model, nn, random } from 'fanwise';
import { initialisers } from './choices.js';
import type { Settings } from './state.js';

/** Inputs and outputs of each linear layer. */
export function shapes({ depth, width }: Pick<Settings, 'depth' | 'width'>): [inputs: number, outputs: number][] {
  const widths = [784, ...Array<number>(depth).fill(width), 10];
  return widths.slice(1).map((outputs, i) => [widths[i], outputs]);
}

/** The model, and its generator, which then draws the order of the rows in training. */
export function build(settings: Settings, x: Float32Array): { model: Model; rng: Generator } {
  const { activation, initialiser, gain, seed } = settings;
  const rng = random.torch(seed);
  const layers: Layer[] = [];
  for (const [inputs, outputs] of shapes(settings)) {
    if (layers.length > 0) layers.push(nn.activation(activation));
    const layer = nn.linear(inputs, outputs, { rng });
    initialisers[initialiser].fill?.(layer, gain, rng);
    if (initialiser !== 'default') layer.bias.data.fill(0);
    layers.push(layer);
  }
  const model = nn.sequential(layers);
  if (initialiser === 'lsuv') nn.lsuv(model, x, { rng });
  return { model, rng };
}

/** fanIn · Var(w) of each linear layer: by the formula if there is one, else measured. */
export function variances(settings: Settings, model: Model): number[] {
  const { std } = initialisers[settings.initialiser];
  return shapes(settings).map(([inputs, outputs], i) => {
    if (std) return inputs * std(inputs, outputs, settings.gain) ** 2;
    const { data } = model.parameters[`${2 * i}.weight`];
    return (inputs * data.reduce((sum, w) => sum + w * w, 0)) / data.length;
  });
}

/** FNV-1a of the bits of all parameters, by which two networks are compared. */
export function fingerprint(model: Model): string {
  let h = 2166136261;
  for (const { data } of Object.values(model.parameters)) {
    for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) {
      h = Math.imul(h ^ byte, 16777619);
    }
  }
  return (h >>> 0).toString(16).padStart(8, '0');
}
