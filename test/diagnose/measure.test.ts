// diagnose.network: statistics and verdicts from plain arrays.

import { describe, expect, test } from 'vitest';
import { type Activation, activations } from '../../src/activation/table.js';
import { diagnose, type LayerArrays, type Model, type Named, nn, random } from '../../src/index.js';
import { examplesOf } from '../../src/nn/evaluate.js';
import { planFor } from '../../src/nn/model.js';
import type { Options } from '../../src/options.js';
import { noise } from '../oracle.js';
import { ailing, labels, net, rows, x } from './ailments.js';

/** A copy of an array's first rows as a tensor. */
const copy = (values: Float32Array, columns: number, n: number) => ({
  shape: [n, columns],
  data: values.slice(0, n * columns),
});

/** A model's arrays, copied operation by operation during a forward and a backward pass. */
function apart(model: Model, data: { x: Float32Array; labels: ArrayLike<number> }, named = false) {
  const { rows: n, criterion } = examplesOf('test', model, data as never, 'crossEntropy');
  const plan = planFor('test', model, n);
  const loss = criterion.bind(plan.kernel, plan.lossMemory, plan.outputs, plan.outputGradient, plan.batchSize);
  plan.x.set(data.x);
  for (let i = 0; i < n; i++) loss.load(i, i);
  let input = copy(plan.x, model.inputs, n);
  const layers = plan.operations.map((operation): LayerArrays => {
    operation.forward(n);
    const { kind, layer, y, activation } = operation;
    const activations = copy(y, model.layers[layer].outputs ?? input.shape[1], n);
    const preactivations = input;
    input = activations;
    const { name, numbers } = activation ?? {};
    const parameters = Object.entries(activations_(name)).map(([key, option], i) => [
      key,
      'choices' in option
        ? Object.entries(option.choices).find(([, value]) => value === numbers?.[i])?.[0]
        : numbers?.[i],
    ]);
    return {
      ...(named ? { name: `part ${layer} (${kind})` } : {}),
      layer,
      kind,
      activations,
      ...(name ? { activation: [name, Object.fromEntries(parameters)] as never, preactivations } : {}),
    };
  });
  const mean = loss.backward(n);
  for (let i = plan.operations.length - 1; i >= 0; i--) {
    const { kind, layer, dy, backward, gradients } = plan.operations[i];
    layers[i].gradients = copy(dy, (layers[i].activations as typeof input).shape[1], n);
    backward(n);
    const { weight, bias } = model.layers[layer].parameters;
    if (kind !== model.layers[layer].kind || weight?.shape.length !== 2) continue;
    layers[i].weights = { shape: weight.shape, data: weight.data.slice() };
    layers[i].weightGradients = { shape: weight.shape, data: gradients.weight.slice() };
    if (bias) layers[i].biases = bias.data.slice();
  }
  return { layers, given: { input: copy(data.x, model.inputs, n), loss: mean } };
}
const activations_ = (name: string | undefined): Options =>
  name === undefined ? {} : activations[name as Activation].parameters;

/** The same arrays as JSON has them: nested lists, and null for what is not finite. */
const json = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value, (_, part) => {
      if (ArrayBuffer.isView(part)) return Array.from(part as Float32Array);
      if (typeof part !== 'object' || part === null || !('shape' in part)) return part;
      const [n, columns] = part.shape as number[];
      return Array.from({ length: n }, (_, row) =>
        Array.from((part.data as Float32Array).subarray(row * columns, (row + 1) * columns)),
      );
    }),
  );

describe('a model of this package, taken apart, has the statistics of its probe, to the bit', () => {
  const equal = (model: Model, data: { x: Float32Array; labels: Uint8Array }, isSmall = true) => {
    const { layers, given } = apart(model, data);
    const probe = diagnose.probe(model, data, { trial: false, lr: 0.1 });
    expect(diagnose.network(layers, { ...given, lr: 0.1 })).toEqual(probe);
    if (isSmall) expect(diagnose.network(json(layers), { ...json(given), lr: 0.1 })).toEqual(probe);
    expect(diagnose.verdicts(JSON.parse(JSON.stringify(probe)))).toEqual(probe.verdicts);
    return probe;
  };

  test.each(Object.keys(activations) as Activation[])('%s, as a layer and in a layer', (name) => {
    const own = { leakyRelu: { slope: 0.2 }, gelu: { approximate: 'tanh' }, elu: { alpha: 0.5 } } as const;
    for (const f of [name, ...(name in own ? [[name, own[name as 'elu']]] : [])] as Named[]) {
      const [kind, parameters] = Array.isArray(f) ? f : [f];
      const data = { x: noise(1, 30 * 7, 3), labels: labels.subarray(0, 30) };
      const fused = [nn.linear(7, 9, { seed: 1, activation: f }), nn.linear(9, 5, { seed: 2, activation: f })];
      equal(nn.sequential([...fused, nn.linear(5, 10, { seed: 3 })]), data);
      const layers = [nn.linear(7, 9, { seed: 1 }), nn.activation(kind as 'tanh', parameters as never)];
      equal(nn.sequential([...layers, nn.dropout(), nn.linear(9, 10, { seed: 2 })]), data);
    }
  });

  test('prelu, gated units and no bias', () => {
    const layers = [nn.linear(64, 8, { seed: 1, bias: false }), nn.prelu(8), nn.linear(8, 8, { seed: 2 }), nn.glu(4)];
    equal(nn.sequential([...layers, nn.linear(4, 10, { seed: 3 })]), { x, labels });
  });

  test.each(ailing)('%s: and its verdicts', (_, make, expected) => {
    const { verdicts } = equal(make(), { x, labels }, false);
    expect(verdicts.map(({ code }) => code)).toEqual(expected.map(([code]) => code));
  });

  test('values that are not finite', () => {
    const bad = x.slice();
    bad[5] = Number.NaN;
    bad[77] = Infinity;
    const model = net('tanh', 3, 20);
    equal(model, { x: bad, labels });
    model.parameters['2.weight'].data[3] = -Infinity;
    model.parameters['4.bias'].data[1] = Number.NaN;
    const { verdicts } = equal(model, { x, labels });
    expect(verdicts[0].message).toMatch(/of 2\.weight of layer 2 are NaN/);
  });
});

test('names take the place of numbers in messages, and are in verdicts', () => {
  const seen = new Set<string>();
  for (const [, make] of ailing.filter((_, i) => i % 2 === 0)) {
    const model = make();
    const { layers, given } = apart(model, { x, labels }, true);
    const { verdicts } = diagnose.network(layers, given);
    const plain = diagnose.probe(model, { x, labels }, { trial: false }).verdicts;
    verdicts.forEach(({ code, name, layer, message }, i) => {
      seen.add(code);
      expect(name).toMatch(`part ${layer} (`);
      expect(message).toContain(name);
      expect(message.replace(/(layer )?part (\d+) \(\w+\)/g, '$1$2')).toBe(plain[i].message);
    });
  }
  expect(seen.size).toBeGreaterThan(4);
});

describe('layouts', () => {
  const channels = 6;
  const nchw = noise(3, 10 * channels * 4 * 4);
  /** The same values with the channels last. */
  const nhwc = Float32Array.from(nchw, (_, i) => {
    const [row, place, c] = [Math.floor(i / (16 * channels)), Math.floor(i / channels) % 16, i % channels];
    return nchw[row * 16 * channels + c * 16 + place];
  });

  test.each([0, 1, 5])('of %d dead channels, whichever axis they are', (dead) => {
    for (const [data, shape, axis] of [
      [nchw, [10, channels, 4, 4], 1],
      [nchw, [10, channels, 4, 4], -3],
      [nhwc, [10, 4, 4, channels], 3],
      [nhwc, [10, 4, 4, channels], -1],
    ] as const) {
      const inner = axis === 1 || axis === -3 ? 16 : 1;
      const values = data.map((v, i) => (Math.floor(i / inner) % channels < dead ? 0 : v));
      const [layer] = diagnose.network([{ kind: 'conv', activations: { shape, data: values }, axis }]).layers;
      expect(layer).toMatchObject({ units: channels, dead: dead / channels });
    }
  });

  test('weights of both layouts: equal units are found', () => {
    const [inputs, units] = [12, 4];
    const oi = noise(1, inputs * units).fill(0.5, 0, 0);
    const io = oi.map((_, i) => oi[(i % units) * inputs + Math.floor(i / units)]);
    const layer = (weights: Float32Array, layout: 'oi' | 'io', kernel: number[]) => {
      const shape = layout === 'oi' ? [units, ...kernel] : [...kernel, units];
      const activations = { shape: [2, units], data: new Float32Array(2 * units).fill(1) };
      const entry = { kind: 'linear', activations, weights: { shape, data: weights }, layout };
      return diagnose.network([entry]).layers[0].weight!;
    };
    for (const kernel of [[inputs], [3, 2, 2]]) {
      expect(layer(io, 'io', kernel)).toEqual(layer(oi, 'oi', kernel));
      expect(layer(oi, 'oi', kernel).symmetric).toBe(false);
      const equal = oi.map((_, i) => oi[i % inputs]);
      const turned = equal.map((_, i) => equal[Math.floor(i / units)]);
      expect(layer(equal, 'oi', kernel).symmetric).toBe(true);
      expect(layer(turned, 'io', kernel).symmetric).toBe(true);
    }
  });
});

test('what is not given is not judged', () => {
  const activations = [
    [1, -2],
    [0.5, 3],
  ];
  const alone = diagnose.network([
    { kind: 'linear', activations },
    { activation: 'gelu', activations },
  ]);
  expect(Object.keys(alone)).toEqual(['rows', 'layers', 'verdicts']);
  expect(alone.verdicts).toEqual([]);
  expect(alone.layers[0]).not.toHaveProperty('gradient');
  expect(alone.layers[0]).not.toHaveProperty('weight');
  // The slope of gelu is not known from its output.
  expect(alone.layers[1]).toMatchObject({ kind: 'gelu', activation: 'gelu' });
  expect(alone.layers[1]).not.toHaveProperty('saturated');
  const [{ saturated }] = diagnose.network([{ activation: 'gelu', activations, preactivations: activations }]).layers;
  expect(saturated).toBe(0);
  // A gradient of some layers alone is compared among those.
  const { layers, given } = apart(ailing[0][1](), { x, labels });
  const without = diagnose.network(
    layers.map(({ gradients: _, ...rest }) => rest),
    given,
  );
  expect(without.verdicts.map(({ code, message }) => [code, message])).toEqual([
    ['vanishing', expect.stringMatching(/^From layer 0 to layer 98 the signal's mean square falls/)],
  ]);
});

test('a network of convolutions and fused layers, where no units vary, or none do anything', () => {
  const same = (value: number, shape: number[]) => ({
    shape,
    data: new Array(shape.reduce((a, b) => a * b)).fill(value),
  });
  const { verdicts, layers } = diagnose.network([
    { name: 'conv1', kind: 'conv2d', activation: 'relu', activations: same(0, [4, 8, 5, 5]), axis: 1 },
    { name: 'flat', kind: 'flatten', activations: same(0, [4, 200]) },
    { name: 'fc', kind: 'linear', activations: same(3, [4, 10]), gradients: same(0, [4, 10]) },
  ]);
  expect(verdicts.map(({ code, name, layer }) => [code, name, layer])).toEqual([['dead', 'conv1', 0]]);
  expect(verdicts[0].message).toMatch(/^100 % of the 8 units of layer conv1 \(relu\) are 0 for every row/);
  expect(layers[2]).toMatchObject({ variance: 0, dead: 0, min: 3, max: 3, gradient: { norm: 0 } });
});

test('the gradient of a convolution adds up over positions, as that of its weight does', () => {
  // The same gradient by each unit: of a value, or spread over 10,000 pixels, each a ten-thousandth of the square.
  const layer = (kind: string, pixels: number) => ({
    kind,
    activations: { shape: [2, 3, pixels], data: noise(1, 6 * pixels) },
    gradients: { shape: [2, 3, pixels], data: noise(2, 6 * pixels, 1 / Math.sqrt(pixels)) },
    axis: 1,
  });
  const dense = [layer('linear', 1), layer('linear', 1)];
  const found = diagnose.network([layer('conv', 10_000), ...dense]);
  expect(found.verdicts).toEqual([]);
  expect(found.layers.map(({ positions }) => positions)).toEqual([10_000, undefined, undefined]);
  expect(diagnose.network([layer('linear', 10_000), ...dense]).verdicts).toEqual([]);
  const faint = layer('conv', 100);
  faint.gradients.data = faint.gradients.data.map((g) => g / 100);
  expect(diagnose.network([faint, ...dense]).verdicts.map(({ code }) => code)).toEqual(['vanishing']);
});

test('an update: a number, an array, or by lr and the gradient', () => {
  const [weights, activations] = [[[3], [4]], [[1, 1]]];
  const update = (given: object, options?: { lr: number }) =>
    diagnose.network([{ kind: 'linear', activations, weights, ...given }], options).layers[0].weight?.update;
  expect(update({})).toBe(undefined);
  expect(update({ update: 0.25 })).toBe(0.25);
  expect(update({ update: [[0], [-0.5]] })).toBe(0.1);
  expect(update({ update: [[0], [null]] })).toBe(undefined);
  expect(update({ weightGradients: [[6], [8]] }, { lr: 0.5 })).toBe(1);
});

test('data of any type, where they are', () => {
  const data = [1, 2, 3, 4, 5, 6];
  const expected = diagnose.network([{ kind: 'linear', activations: { shape: [2, 3], data } }]);
  for (const kind of [Float32Array, Float64Array, Int8Array, Uint32Array])
    expect(diagnose.network([{ kind: 'linear', activations: { shape: [2, 3], data: kind.from(data) } }])).toEqual(
      expected,
    );
  const activations = [Float32Array.of(1, 2, 3), Float64Array.of(4, 5, 6)];
  expect(diagnose.network([{ kind: 'linear', activations }])).toEqual(expected);
  // Beyond float32, and null.
  const [{ nonFinite, mean }] = diagnose.network([{ kind: 'linear', activations: [[1e39, 1, null, 3]] }]).layers;
  expect([nonFinite, mean]).toEqual([0.5, 2]);
});

describe('errors', () => {
  const ok = { kind: 'linear', activations: [[1, 2, 3]] };
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  test.each<[unknown, RegExp, unknown?]>([
    [{}, /network: layers is an object; pass an array of layers/],
    [[], /layers is empty; pass at least one layer/],
    [[null], /network: layers\[0\] is null; pass an object with activations and kind/],
    [[ok, {}], /layers\[1\]: neither kind nor activation; pass one/],
    [[{ kind: 'linear' }], /layers\[0\]: activations is undefined; pass nested arrays, or { shape, data }/],
    [[{ ...ok, activation: 'swish' }], /activation is the string "swish".*did you mean silu\?/],
    [[{ ...ok, weight: [[1]] }], /unknown option weight; .*did you mean weights\?/],
    [[{ ...ok, name: 3 }], /name is 3; pass a text/],
    [[{ ...ok, activations: [1, 2, 3] }], /activations has shape \[3\]; pass rows of units/],
    [[{ ...ok, activations: [] }], /activations has shape \[0\]/],
    [[{ ...ok, activations: [[], []] }], /activations has shape \[2,0\]; pass at least one value/],
    [[{ ...ok, activations: [[1, 2], [3]] }], /activations\[1\] has shape \[1\] and activations\[0\] \[2\]/],
    [[{ ...ok, activations: [[1, '2']] }], /activations\[0\]\[1\] is the string "2"; pass a number, or null/],
    [[{ ...ok, activations: cyclic }], /is a list in 7 others/],
    [[{ ...ok, activations: { shape: [2, 2], data: [1] } }], /data of activations has 1 values and shape \[2,2\] 4/],
    [[{ ...ok, activations: [[[1], [2]]] }], /axis is undefined, and activations has shape \[1,2,1\]; pass the axis/],
    [[{ ...ok, axis: 0 }], /axis is 0, that of the rows/],
    [[{ ...ok, axis: 2 }], /axis is 2; pass a whole number from -1 to 1/],
    [[{ ...ok, gradients: [[1, 2]] }], /gradients has shape \[1,2\] and activations \[1,3\]/],
    [[{ ...ok, preactivations: [[1, 2]] }], /preactivations has shape \[1,2\]/],
    [[{ ...ok, weights: [[1, 2, 3]] }], /weights of layout oi has 1 outputs and activations 3 units; pass the other/],
    [[{ ...ok, weights: [1, 2, 3] }], /weights has shape \[3\]; pass at least two axes/],
    [[{ ...ok, weights: [[1], [2], [3]], biases: [1] }], /biases has 1 values and units 3/],
    [[{ ...ok, weights: [[1], [2], [3]], update: [[1]] }], /update has 1 values and weights 3/],
    [[{ ...ok, weights: [[1], [2], [3]], update: -1 }], /update is -1; pass a number at least 0/],
    [[{ ...ok, biases: [1, 2, 3] }], /biases without weights/],
    [[ok, { ...ok, activations: [[1], [2]] }], /layers\[1\] has 2 rows and layers\[0\] 1; pass what one batch gives/],
    [[ok], /input is empty/, { input: [] }],
    [[ok], /loss is a function/, { loss: () => 1 }],
    [[ok], /unknown option loss_/, { loss_: 1 }],
    [[ok], /the options are 3/, 3],
    [[ok], /lr is -1/, { lr: -1 }],
  ])('%#', (layers, message, given) => {
    const call = () => diagnose.network(layers as never, given as never);
    expect(call).toThrow(message);
    expect(call).toThrow(/^diagnose\.network: /);
  });
});

test('networks of random shapes, layouts and kinds: an error that says what to do, or JSON', () => {
  const rng = random.philox(1);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(rng.source() * list.length)];
  let judged = 0;
  for (let i = 0; i < 300; i++) {
    const n = pick([1, 2, rows]);
    const layers = Array.from({ length: pick([1, 2, 5]) }, () => {
      const units = pick([1, 2, 7]);
      const shape = pick([[n, units], [n, units], [n, units], [n, 3, units], [n]]);
      const size = shape.reduce((a, b) => a * b, 1);
      const array = () => {
        const data: (number | null)[] = Array.from(rng.normal(size, { std: pick([0, 1, 1e-20, 1e30]) }));
        if (pick([true, false, false, false])) data[0] = pick([null, Infinity, 0]);
        return { shape, data };
      };
      return {
        activations: array(),
        kind: pick(['linear', 'linear', 'conv', 'batchNorm', 'tanh']),
        ...pick([{}, { gradients: array() }, { gradients: array() }]),
        ...pick([{}, { activation: 'relu' }, { activation: 'gelu', preactivations: array() }, { activation: 'gelu' }]),
        ...pick([{}, { weights: { shape: [units, 2], data: rng.normal(2 * units, { std: pick([0, 1]) }) } }]),
        ...(shape.length > 2 ? pick([{ axis: -1 }, { axis: 1 }, {}]) : {}),
      } as LayerArrays;
    });
    let result: unknown;
    try {
      result = diagnose.network(layers, pick([{}, { loss: null }, { input: [[pick([0, 1, null])]] }]));
    } catch (error) {
      expect((error as Error).message).toMatch(/^diagnose\.network: .*; pass/);
      continue;
    }
    judged++;
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  }
  expect(judged).toBeGreaterThan(90);
});
