// Networks with a known ailment, and healthy ones.

import { init, type Model, nn, random, type Tensor } from '../../src/index.js';

export const rows = 128;
export const x = random.philox(1).normal(64 * rows);
export const labels = Uint8Array.from({ length: rows }, (_, i) => i % 10);
type Fill = (weight: Tensor, seed: string) => unknown;
export const normal =
  (std: number): Fill =>
  (weight, seed) =>
    init.normal(weight, { seed, std });
export const named =
  (name: 'lecunNormal' | 'xavierNormal' | 'kaimingNormal' | 'orthogonal', gain?: number): Fill =>
  (weight, seed) =>
    init[name as 'xavierNormal'](weight, { seed, ...(gain === undefined ? {} : { gain }) });

/** 64 inputs, layers of one width, 10 outputs; with a fill for the weights biases are 0. */
export function net(
  f: Parameters<typeof nn.activation>[0],
  depth: number,
  width: number,
  fill?: Fill,
  fused = false,
): Model {
  const layers = Array.from({ length: depth + 1 }, (_, l) => {
    const last = l === depth;
    const activation = fused && !last ? { activation: f } : {};
    const layer = nn.linear(l === 0 ? 64 : width, last ? 10 : width, { seed: `layer ${l}`, ...activation });
    fill?.(layer.weight, `weight ${l}`);
    if (fill) layer.bias?.data.fill(0);
    return last || fused ? [layer] : [layer, nn.activation(f)];
  });
  return nn.sequential(layers.flat());
}
/** The model, after a change of its parameters. */
export const changed = (model: Model, change: (valuesOf: (name: string) => Float32Array) => void) => {
  change((name) => model.parameters[name].data);
  return model;
};

// An ailing network, its findings (code, level, layer; -1: any), whether a fix can be applied, and words of the fix.
export const ailing: [string, () => Model, [string, string, number][], boolean, RegExp][] = [
  [
    'tanh x 50, N(0, 0.01²)',
    () => net('tanh', 50, 100, normal(0.01)),
    [['vanishing', 'error', 0]],
    true,
    /kaimingNormal\(weight, { gain: 1\.186 }\), with which a gradient keeps its length through 50 layers of tanh/,
  ],
  [
    'tanh x 50, N(0, 1)',
    () => net('tanh', 50, 100, normal(1)),
    [
      ['saturated', 'error', -1],
      ['exploding', 'error', 0],
    ],
    true,
    /gain: 1\.186 }/,
  ],
  ['tanh x 50, PyTorch’s default', () => net('tanh', 50, 100), [['vanishing', 'error', 0]], true, /gain: 1\.186 }/],
  [
    'tanh x 10, PyTorch’s default, fused',
    () => net('tanh', 10, 100, undefined, true),
    [['vanishing', 'warning', 0]],
    true,
    /gain: 1.5925 }\), tanh's/,
  ],
  [
    'relu x 30, Xavier',
    () => net('relu', 30, 100, named('xavierNormal')),
    [['vanishing', 'error', 0]],
    true,
    /gain: 1.4142 }\), relu's/,
  ],
  ['relu x 30, N(0, 1)', () => net('relu', 30, 100, normal(1)), [['exploding', 'error', 0]], true, /gain: 1.4142/],
  [
    'relu x 60, N(0, 1): beyond float32',
    () => net('relu', 60, 200, normal(1)),
    [
      ['nonFinite', 'error', -1],
      ['exploding', 'error', -1],
    ],
    true,
    /gain: 1.4142/,
  ],
  [
    'sigmoid x 10, Xavier',
    () => net('sigmoid', 10, 100, named('xavierNormal')),
    [['vanishing', 'error', 0]],
    true,
    /gain: \d+\.\d+ }\), with which a gradient falls no more than tenfold through 10 layers of sigmoid/,
  ],
  [
    'gelu x 30, LeCun, fused',
    () => net('gelu', 30, 100, named('lecunNormal'), true),
    [['vanishing', 'error', 0]],
    true,
    /gain: 1\.46\d+ }\), with which a gradient keeps its length through 30 layers of gelu/,
  ],
  ['tanh, zeros', () => net('tanh', 1, 100, (w) => init.zeros(w)), [['symmetric', 'error', 0]], true, /gain: 1.5925/],
  [
    'sigmoid, a constant',
    () => net('sigmoid', 1, 100, (w) => init.constant(w, { value: 0.1 })),
    [['symmetric', 'error', 0]],
    true,
    /gain: 1.8462/,
  ],
  [
    'zero weights with random biases, which do learn',
    () => changed(net('tanh', 1, 100), (valuesOf) => valuesOf('0.weight').fill(0)),
    [['symmetric', 'warning', 0]],
    true,
    /gain: 1.5925/,
  ],
  [
    'relu, biases of -10',
    () => changed(net('relu', 2, 100), (valuesOf) => valuesOf('0.bias').fill(-10)),
    [['dead', 'error', 1]],
    true,
    /smaller learning rate/,
  ],
  [
    'relu, four fifths of the units off',
    () => changed(net('relu', 2, 100), (valuesOf) => valuesOf('2.bias').fill(-10, 0, 80)),
    [['dead', 'warning', 3]],
    true,
    /smaller learning rate/,
  ],
  [
    'relu of width 2, depth 20',
    () => net('relu', 20, 2, named('kaimingNormal')),
    [['dead', 'error', -1]],
    false,
    /wider, or take leakyRelu/,
  ],
  [
    'a weight that is NaN',
    () => changed(net('tanh', 2, 100), (valuesOf) => void (valuesOf('2.weight')[7] = Number.NaN)),
    [['nonFinite', 'error', 2]],
    true,
    /smaller learning rate/,
  ],
  [
    'a bias that is infinite',
    () => changed(net('tanh', 2, 100), (valuesOf) => void (valuesOf('2.bias')[7] = Infinity)),
    [['nonFinite', 'error', 2]],
    true,
    /gain: 1.5925/,
  ],
  [
    'two activations, weights far too small',
    () =>
      nn.sequential([
        nn.linear(64, 100, { seed: 1 }),
        nn.activation('tanh'),
        scaledLayer(0.01, 2),
        nn.activation('relu'),
        scaledLayer(0.01, 3),
        nn.prelu(),
        nn.linear(100, 10, { seed: 4 }),
      ]),
    [['vanishing', 'error', 0]],
    true,
    /nn\.lsuv/,
  ],
  [
    'linear layers alone, twice too wide',
    () =>
      nn.sequential(Array.from({ length: 12 }, (_, i) => scaledLayer(2, i, i === 0 ? 64 : 100, i === 11 ? 10 : 100))),
    [['exploding', 'error', 0]],
    true,
    /gain: 1 }/,
  ],
];

/** A linear layer with LeCun's weights times a scale. */
export function scaledLayer(scale: number, seed: number, inputs = 100, outputs = 100) {
  const layer = nn.linear(inputs, outputs, { seed });
  init.lecunNormal(layer.weight, { seed: `scaled ${seed}` });
  layer.weight.data.forEach((w, i) => {
    layer.weight.data[i] = w * scale;
  });
  layer.bias?.data.fill(0);
  return layer;
}

// Nothing is wrong with these, whether the batch is small or large.
export const healthy: [string, () => Model][] = [
  ['tanh x 50, LeCun', () => net('tanh', 50, 100, named('lecunNormal'))],
  ['tanh x 10, gain 1.59', () => net('tanh', 10, 100, named('kaimingNormal', 1.5925))],
  ['relu x 30, He', () => net('relu', 30, 100, named('kaimingNormal'))],
  ['leakyRelu x 30, He', () => net('leakyRelu', 30, 100, named('kaimingNormal'))],
  ['selu x 30, LeCun', () => net('selu', 30, 100, named('lecunNormal'))],
  ['gelu x 3, PyTorch’s default', () => net('gelu', 3, 100)],
  ['sigmoid x 1, PyTorch’s default', () => net('sigmoid', 1, 100)],
  ['relu x 3, PyTorch’s default', () => net('relu', 3, 100)],
  ['tanh x 1, Xavier', () => net('tanh', 1, 100, named('xavierNormal'))],
  [
    'softmax regression from zeros',
    () => changed(nn.sequential([nn.linear(64, 10, { seed: 1 })]), (valuesOf) => valuesOf('0.weight').fill(0)),
  ],
  [
    'an output layer of zeros',
    () => changed(net('relu', 2, 100, named('kaimingNormal')), (valuesOf) => valuesOf('4.weight').fill(0)),
  ],
  ['narrow: four units', () => net('relu', 2, 4, named('kaimingNormal'))],
  ['no hidden unit to compare with', () => net('tanh', 1, 1, named('lecunNormal'))],
];
