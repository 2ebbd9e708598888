// Arguments for each layer of the table, with options that are not the defaults. A layer without them is an error of the compiler.

import type * as layers from '../../../src/nn/layers/index.js';

export const layerArguments: { [L in keyof typeof layers]: readonly unknown[] } = {
  activation: ['leakyRelu', { slope: 0.2 }],
  dropout: [{ p: 0.25, seed: 3 }],
  geglu: [4, { gate: 'first' }],
  glu: [4, { gate: 'first' }],
  linear: [8, 8, { bias: false, activation: ['elu', { alpha: 2 }], seed: 1 }],
  prelu: [8, { slope: 0.1 }],
  swiglu: [4, { gate: 'second' }],
};
