// A probe: the statistics of every layer's outputs, gradients and weights, for a batch and during a training.

import { describe, expect, test } from 'vitest';
import { diagnose, type LayerStatistics, type Model, nn, type Probe, random } from '../../src/index.js';
import { flat } from '../../src/nn/statistics.js';
import { hash, mean, noise, variance } from '../oracle.js';

const rows = 40;
const x = noise(1, rows * 6, 2);
const labels = Uint8Array.from({ length: rows }, (_, i) => i % 3);
const linear = (fused: 'tanh' | 'gelu' | undefined) => [
  nn.linear(6, 9, { seed: 1, ...(fused ? { activation: fused } : {}) }),
  nn.linear(9, 7, { seed: 2, ...(fused ? { activation: fused } : {}) }),
  nn.linear(7, 3, { seed: 3 }),
];
const fusedNet = (f: 'tanh' | 'gelu') => nn.sequential(linear(f));
const plainNet = (f: 'tanh' | 'gelu'): Model => {
  const [a, b, c] = linear(undefined);
  return nn.sequential([a, nn.activation(f), b, nn.activation(f), c]);
};

/** The network in double precision: the outputs of each layer, and the gradients of the mean cross-entropy by them. */
function reference(model: ReturnType<typeof plainNet>, f: (x: number) => number, slope: (x: number) => number) {
  const weights = [0, 2, 4].map((i) => [model.parameters[`${i}.weight`], model.parameters[`${i}.bias`]]);
  const outputsOf: number[][] = [];
  let inputs: number[] = Array.from(x);
  weights.forEach(([w, b], l) => {
    const [outputs, width] = w.shape;
    const z: number[] = [];
    for (let row = 0; row < rows; row++)
      for (let j = 0; j < outputs; j++) {
        let sum = b.data[j];
        for (let k = 0; k < width; k++) sum += inputs[row * width + k] * w.data[j * width + k];
        z.push(sum);
      }
    outputsOf.push(z);
    inputs = l < 2 ? z.map(f) : z;
    if (l < 2) outputsOf.push(inputs);
  });
  const logits = outputsOf[4];
  let loss = 0;
  let dy = logits.map((_, i) => {
    const row = logits.slice(3 * Math.floor(i / 3), 3 * Math.floor(i / 3) + 3);
    const sum = row.reduce((a, v) => a + Math.exp(v), 0);
    const label = labels[Math.floor(i / 3)];
    if (i % 3 === 0) loss += Math.log(sum) - row[label];
    return (Math.exp(logits[i]) / sum - (i % 3 === label ? 1 : 0)) / rows;
  });
  const gradients: number[][] = [dy];
  const norms: number[] = [];
  for (const l of [2, 1, 0]) {
    const [w] = weights[l];
    const [outputs, width] = w.shape;
    const input = l === 0 ? Array.from(x) : outputsOf[2 * l - 1];
    let norm = 0;
    const dx = new Array<number>(rows * width).fill(0);
    for (let j = 0; j < outputs; j++)
      for (let k = 0; k < width; k++) {
        let sum = 0;
        for (let row = 0; row < rows; row++) {
          sum += dy[row * outputs + j] * input[row * width + k];
          dx[row * width + k] += dy[row * outputs + j] * w.data[j * width + k];
        }
        norm += sum * sum;
      }
    norms.unshift(Math.sqrt(norm));
    if (l === 0) break;
    gradients.unshift(dx);
    dy = dx.map((d, i) => d * slope(outputsOf[2 * l - 2][i]));
    gradients.unshift(dy);
  }
  return { outputsOf, gradients, norms, loss: loss / rows };
}

const phi = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
const cdf = (z: number) => {
  // Simpson's rule from 0.
  let sum = 0;
  for (let i = 0; i < 200; i++)
    sum += (phi((z * i) / 200) + 4 * phi((z * (i + 0.5)) / 200) + phi((z * (i + 1)) / 200)) / 6;
  return 0.5 + (sum * z) / 200;
};
const functions = {
  tanh: { f: Math.tanh, slope: (z: number) => 1 - Math.tanh(z) ** 2, most: 1 },
  gelu: { f: (z: number) => z * cdf(z), slope: (z: number) => cdf(z) + z * phi(z), most: 1.1289 },
};

describe.each(['tanh', 'gelu'] as const)('%s', (name) => {
  const { f, slope, most } = functions[name];
  const model = plainNet(name);
  const expected = reference(model, f, slope);
  const probe = diagnose.probe(model, { x, labels }, { trial: false, lr: 0.1 });

  test('every number is that of the network in double precision', () => {
    expect(probe.rows).toBe(rows);
    expect(Math.abs(probe.loss! / expected.loss - 1)).toBeLessThan(1e-6);
    expect(Math.abs(probe.input.meanSquare - mean(x.map((v) => v * v)))).toBeLessThan(1e-6);
    expect(probe.layers.map(({ layer, kind, units }) => [layer, kind, units])).toEqual([
      [0, 'linear', 9],
      [1, name, 9],
      [2, 'linear', 7],
      [3, name, 7],
      [4, 'linear', 3],
    ]);
    probe.layers.forEach((layer, i) => {
      const [y, dy] = [expected.outputsOf[i], expected.gradients[i]];
      const check = (got: number, exact: number, of: number[]) =>
        expect(Math.abs(got - exact)).toBeLessThan(2e-6 * Math.max(...of.map(Math.abs)));
      check(layer.mean, mean(y), y);
      check(Math.sqrt(layer.variance), Math.sqrt(variance(y)), y);
      check(layer.min, Math.min(...y), y);
      check(layer.max, Math.max(...y), y);
      check(layer.gradient.mean, mean(dy), dy);
      check(Math.sqrt(layer.gradient.meanSquare), Math.sqrt(mean(dy.map((d) => d * d))), dy);
      expect(Math.abs(layer.gradient.norm / Math.sqrt(dy.reduce((a, d) => a + d * d, 0)) - 1)).toBeLessThan(1e-5);
      for (const { nonFinite, histogram } of [layer, layer.gradient]) {
        expect(nonFinite).toBe(0);
        expect(histogram.counts.reduce((a, b) => a + b, 0)).toBe(rows * layer.units);
      }
      expect(layer.dead).toBe(0);
      const saturated =
        i % 2 && expected.outputsOf[i - 1].filter((z) => Math.abs(slope(z)) < 0.05 * most).length / y.length;
      expect(layer.saturated).toBe(i % 2 ? saturated : undefined);
    });
  });

  test('of the weights it has the norms of them, of their gradients and of a step', () => {
    [0, 2, 4].forEach((i, l) => {
      const { weight } = probe.layers[i];
      const length = Math.sqrt(model.parameters[`${i}.weight`].data.reduce((sum, w) => sum + w * w, 0));
      expect(Math.abs(weight!.norm / length - 1)).toBeLessThan(1e-6);
      expect(Math.abs(weight!.gradientNorm / expected.norms[l] - 1)).toBeLessThan(1e-5);
      expect(Math.abs(weight!.update! / ((0.1 * expected.norms[l]) / length) - 1)).toBeLessThan(1e-5);
      expect(weight).toMatchObject({ nonFinite: 0, symmetric: false, symmetricBias: false });
    });
    expect(diagnose.probe(model, { x, labels }, { trial: false }).layers[0].weight).not.toHaveProperty('update');
  });

  test('a fused activation is an operation of its own, with the same numbers', () => {
    const fused = diagnose.probe(fusedNet(name), { x, labels }, { trial: false, lr: 0.1 });
    const indices = [0, 0, 1, 1, 2];
    expect(fused.layers).toEqual(probe.layers.map((statistics, i) => ({ ...statistics, layer: indices[i] })));
  });

  test('it survives JSON and structured cloning, and the model is unchanged', () => {
    expect(JSON.parse(JSON.stringify(probe))).toEqual(probe);
    expect(structuredClone(probe)).toEqual(probe);
    const before = Object.values(model.parameters).map(({ data }) => hash(data.slice()));
    expect(diagnose.probe(model, { x, labels }, { trial: false, lr: 0.1 })).toEqual(probe);
    expect(Object.values(model.parameters).map(({ data }) => hash(data.slice()))).toEqual(before);
  });
});

test('dead units, equal rows of weights, and values that are not finite', () => {
  const model = nn.sequential([nn.linear(6, 8, { seed: 1 }), nn.activation('relu'), nn.linear(8, 3, { seed: 2 })]);
  const [weight, bias] = [model.parameters['0.weight'].data, model.parameters['0.bias'].data];
  bias.fill(-1e3, 0, 3);
  const statisticsOf = (p: Probe, i: number): LayerStatistics => p.layers[i];
  expect(statisticsOf(diagnose.probe(model, { x, labels }, { trial: false }), 1).dead).toBe(3 / 8);
  weight.fill(0.5);
  bias.fill(0);
  expect(statisticsOf(diagnose.probe(model, { x, labels }, { trial: false }), 0).weight).toMatchObject({
    symmetric: true,
    symmetricBias: true,
  });
  bias[1] = 1;
  expect(statisticsOf(diagnose.probe(model, { x, labels }, { trial: false }), 0).weight).toMatchObject({
    symmetric: true,
    symmetricBias: false,
  });
  weight[7] = 0.25;
  expect(statisticsOf(diagnose.probe(model, { x, labels }, { trial: false }), 0).weight).toMatchObject({
    symmetric: false,
  });
  weight[0] = Number.NaN;
  const bad = diagnose.probe(model, { x, labels }, { trial: false });
  expect(statisticsOf(bad, 0).nonFinite).toBe(1 / 8);
  expect(statisticsOf(bad, 0).weight?.nonFinite).toBe(1 / 48);
  expect(Number.isFinite(statisticsOf(bad, 0).weight?.norm)).toBe(true);
  expect(bad.loss).toBe(null);
  expect(JSON.parse(JSON.stringify(bad))).toEqual(bad);
});

test('after a training step dropout drops nothing in a probe, forward or backward', async () => {
  const model = nn.sequential([
    nn.linear(6, 8, { seed: 1 }),
    nn.dropout({ p: 0.5, seed: 3 }),
    nn.linear(8, 3, { seed: 2 }),
  ]);
  const before = diagnose.probe(model, { x, labels }, { trial: false });
  for await (const _ of nn.fit(model, { x, labels }, { batchSize: 40, seed: 1, optimizer: nn.sgd({ lr: 0 }) }));
  expect(diagnose.probe(model, { x, labels }, { trial: false })).toEqual(before);
});

test('norms are of the finite values; the share of the others is in the probe', () => {
  const model = nn.sequential([nn.linear(6, 8, { seed: 1 }), nn.linear(8, 3, { seed: 2 })]);
  const w = model.parameters['0.weight'].data;
  w[5] = Infinity;
  const length = Math.sqrt(w.reduce((sum, v) => sum + (Number.isFinite(v) ? v * v : 0), 0));
  const { weight, broken } = diagnose.probe(model, { x, labels }, { trial: false, lr: 1 }).layers[0];
  expect(Math.abs(weight!.norm / length - 1)).toBeLessThan(1e-6);
  expect(weight).toMatchObject({ nonFinite: 1 / 48, gradientNonFinite: 1 });
  expect(weight).not.toHaveProperty('update');
  expect(broken).toEqual({ '0.weight': 1 / 48 });
});

test('where activations are flat: tanh beyond 2.178, relu below 0', () => {
  const tail = 1 - cdf(Math.acosh(1 / Math.sqrt(0.05)));
  expect(Math.abs(flat('tanh', [0, 0]).usual - 2 * tail)).toBeLessThan(1e-3);
  expect(flat('tanh', [0, 0]).silent).toBe(false);
  expect(Math.abs(flat('relu', [0, 0]).usual - 0.5)).toBeLessThan(0.005);
  expect(flat('relu', [0, 0])).toMatchObject({ silent: true });
  expect(Math.abs(flat('relu', [0, 0]).bound - 0.05)).toBeLessThan(1e-6);
});

test('dropout drops and draws nothing, prelu and glu have statistics', () => {
  const make = (rng: ReturnType<typeof random.philox>) =>
    nn.sequential([
      nn.linear(6, 8, { seed: 1 }),
      nn.dropout({ p: 0.5, rng }),
      nn.prelu(8),
      nn.linear(8, 8, { seed: 2 }),
      nn.glu(4),
      nn.linear(4, 3, { seed: 3 }),
    ]);
  const rng = random.philox(1);
  const before = rng.state();
  const { layers } = diagnose.probe(make(rng), { x, labels }, { trial: false });
  expect(rng.state()).toEqual(before);
  expect(layers.map(({ kind, units }) => [kind, units])).toEqual([
    ['linear', 8],
    ['dropout', 8],
    ['prelu', 8],
    ['linear', 8],
    ['glu', 4],
    ['linear', 3],
  ]);
  expect(layers[1].meanSquare).toBe(layers[0].meanSquare);
  // The gradient passes unchanged through a dropout that drops nothing.
  expect(layers[0].gradient.norm).toBe(layers[1].gradient.norm);
});

describe('during a training', () => {
  const optimizer = nn.adam({ lr: 0.01 });
  const net = () =>
    nn.sequential([
      nn.linear(6, 8, { seed: 1, activation: 'gelu' }),
      nn.dropout({ p: 0.2, seed: 5 }),
      nn.linear(8, 8, { seed: 2 }),
      nn.activation('tanh'),
      nn.linear(8, 3, { seed: 3 }),
    ]);
  const train = async (every?: number) => {
    const model = net();
    const steps = [];
    const weights = [];
    for await (const step of nn.fit(
      model,
      { x, labels },
      {
        epochs: 3,
        batchSize: 16,
        seed: 4,
        optimizer,
        clipNorm: 0.5,
        ...(every === undefined ? {} : { probe: { every } }),
      },
    )) {
      steps.push(step);
      weights.push(model.parameters['2.weight'].data.slice());
    }
    return { steps, weights, hashes: Object.values(model.parameters).map(({ data }) => hash(data.slice())) };
  };

  test('it changes no bit, and there is one every so many steps, from the first', async () => {
    const [plain, probed] = [await train(), await train(4)];
    expect(probed.hashes).toEqual(plain.hashes);
    expect(probed.steps.map(({ probe: _, ...step }) => step)).toEqual(plain.steps);
    expect(probed.steps.map(({ probe }) => probe !== undefined)).toEqual(
      probed.steps.map(({ step }) => step % 4 === 0),
    );
  });

  test('it has the rows and the loss of the step, and the length of the update', async () => {
    const { steps, weights } = await train(1);
    steps.forEach(({ probe, loss }, i) => {
      expect(probe!.loss).toBe(loss);
      expect(probe!.rows).toBe(i % 3 === 2 ? 8 : 16);
      expect(JSON.parse(JSON.stringify(probe))).toEqual(probe);
      if (i === 0) return;
      const [before, after] = [weights[i - 1], weights[i]];
      const moved = Math.sqrt(after.reduce((sum, w, k) => sum + (w - before[k]) ** 2, 0));
      const length = Math.sqrt(before.reduce((sum, w) => sum + w * w, 0));
      const statistics = probe!.layers.find(({ layer, kind }) => layer === 2 && kind === 'linear');
      expect(Math.abs(statistics!.weight!.norm / length - 1)).toBeLessThan(1e-6);
      expect(Math.abs(statistics!.weight!.update! / (moved / length) - 1)).toBeLessThan(1e-5);
    });
  });

  test('a probe between two steps changes nothing, with more rows than a step has too', async () => {
    const alone = await train();
    const model = net();
    const data = { x, labels };
    for await (const _ of nn.fit(model, data, { epochs: 3, batchSize: 16, seed: 4, optimizer, clipNorm: 0.5 })) {
      diagnose.probe(model, { x: x.subarray(0, 6 * 16), labels: labels.subarray(0, 16) }, { trial: false });
      const many = { x: new Float32Array(6 * 200), labels: new Uint8Array(200) };
      expect(diagnose.probe(model, many, { trial: false }).rows).toBe(200);
    }
    expect(Object.values(model.parameters).map(({ data: w }) => hash(w.slice()))).toEqual(alone.hashes);
    expect(
      diagnose.probe(model, { x: new Float32Array(6 * 200), labels: new Uint8Array(200) }, { trial: false }).rows,
    ).toBe(200);
  });

  test.each([
    [{ every: 0 }, RangeError, /every of probe is 0/],
    [{ every: 1.5 }, RangeError, /every of probe is 1.5/],
    [{}, TypeError, /every of probe is undefined/],
    [{ often: 1 }, TypeError, /unknown option often/],
    [true, TypeError, /the options are true/],
    [0, TypeError, /the options are 0/],
    [false, TypeError, /the options are false/],
  ])('probe: %o is an error', (probe, kind, message) => {
    const call = () => nn.fit(net(), { x, labels }, { optimizer, probe: probe as never });
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});

test('wrong arguments are errors', () => {
  const model = fusedNet('tanh');
  expect(() => diagnose.probe({} as never, { x, labels }, { trial: false })).toThrow(/pass one made by nn.sequential/);
  expect(() => diagnose.probe(model, { x: x.subarray(0, 7), labels }, { trial: false })).toThrow(
    /no whole number of rows/,
  );
  expect(() => diagnose.probe(model, { x: new Float32Array(0), labels: [] }, { trial: false })).toThrow(
    /x has no rows/,
  );
  expect(() => diagnose.probe(model, { x, labels: labels.subarray(1) }, { trial: false })).toThrow(
    /labels has 39 values/,
  );
  expect(() => diagnose.probe(model, { x, labels }, { trial: false, lr: -1 })).toThrow(/lr is -1/);
  expect(() => diagnose.probe(model, { x, labels }, { trial: false, rate: 1 } as never)).toThrow(/unknown option rate/);
  expect(() => diagnose.verdicts({} as never, model)).toThrow(/pass what diagnose.probe gave/);
  const probe = diagnose.probe(model, { x, labels }, { trial: false });
  for (const layers of [[], [null], probe.layers.slice(1)])
    expect(() => diagnose.verdicts({ ...probe, layers } as never, model)).toThrow(/probe is of another model/);
  expect(() => diagnose.verdicts(probe, model, [1] as never)).toThrow(/x is the array \[1\]/);
});
