import { describe, expect, test } from 'vitest';
import { diagnose, init, nn, random } from '../../src/index.js';
import { hash } from '../oracle.js';
import { ailing, changed, healthy, labels, named, net, normal, rows, x } from './ailments.js';

describe.each(ailing)('%s', (_, make, expected, mechanical, words) => {
  const model = make();
  const probe = diagnose.probe(model, { x, labels }, { trial: false });
  const { verdicts } = probe;

  test('its ailment is found, and nothing else', () => {
    expect(verdicts.map(({ code, level }) => [code, level])).toEqual(expected.map(([code, level]) => [code, level]));
    verdicts.forEach(({ layer, message, figures, fix }, i) => {
      if (expected[i][2] >= 0) expect(layer).toBe(expected[i][2]);
      expect(message).toMatch(/^[A-Z0-9].*\.$/);
      expect(Object.values(figures).every(Number.isFinite)).toBe(true);
      expect(fix.message).toMatch(/^[A-Z].*\.$/);
      expect(fix.initialiser !== undefined).toBe(mechanical);
    });
    expect(verdicts[0].fix.message).toMatch(words);
  });

  test('it goes through JSON and messages; a probe without the batch finds the same', () => {
    expect(JSON.parse(JSON.stringify(verdicts))).toEqual(verdicts);
    expect(structuredClone(verdicts)).toEqual(verdicts);
    expect(diagnose.verdicts(structuredClone(probe), model)).toEqual(verdicts);
  });

  test('its fix heals', () => {
    const { apply } = verdicts[0].fix;
    expect(apply !== undefined).toBe(mechanical);
    if (!apply) return;
    apply({ seed: 3 });
    expect(diagnose.probe(model, { x, labels }, { trial: false }).verdicts).toEqual([]);
    const once = hash(model.parameters['0.weight'].data.slice());
    apply({ seed: 4 });
    expect(hash(model.parameters['0.weight'].data.slice())).not.toBe(once);
    apply({ seed: 3 });
    expect(hash(model.parameters['0.weight'].data.slice())).toBe(once);
    expect(() => apply({ seed: 1, rng: random.philox(1) })).toThrow(/fix.apply: both rng and seed/);
  });
});

test.each(healthy)('%s: nothing is found', (_, make) => {
  const model = make();
  for (const n of [3, 30, rows])
    expect(
      diagnose.probe(model, { x: x.subarray(0, 64 * n), labels: labels.subarray(0, n) }, { trial: false }).verdicts,
    ).toEqual([]);
});

test('an output layer may be saturated or dead: it is not judged', async () => {
  const hidden = nn.linear(2, 20, { seed: 1, activation: 'tanh' });
  const model = nn.sequential([hidden, nn.linear(20, 1, { seed: 2 }), nn.activation('sigmoid')]);
  const data = { x: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), targets: Float32Array.of(0, 1, 1, 0) };
  const options = {
    loss: 'meanSquaredError',
    epochs: 3000,
    batchSize: 4,
    seed: 1,
    optimizer: nn.adam({ lr: 0.03 }),
  } as const;
  for await (const _ of nn.fit(model, data, options));
  const { verdicts, layers } = diagnose.probe(model, data, { trial: false, loss: 'meanSquaredError' });
  expect(layers[3].saturated).toBe(1);
  expect(verdicts).toEqual([]);
});

test('values that grew beyond float32 and weights that a step threw out of range have different messages', async () => {
  const model = net('relu', 60, 30, normal(3));
  const optimizer = nn.sgd({ lr: 1 });
  const [told] = diagnose.probe(model, { x, labels }, { trial: false }).verdicts;
  expect(told.message).toMatch(/they grew from layer to layer/);
  for await (const { probe, step } of nn.fit(
    model,
    { x, labels },
    { batchSize: 64, optimizer, seed: 1, probe: { every: 1 }, onNonFinite: 'ignore' },
  )) {
    const [found] = diagnose.verdicts(probe!, model);
    expect(found.message).toMatch(step === 0 ? /they grew from layer to layer/ : /a step was so long/);
  }
});

test('what apply draws: the gain for hidden layers, 1 for the last, and the first makes up for the inputs', () => {
  const model = net('tanh', 3, 200, normal(2));
  const data = { x: x.map((v) => 10 * v), labels };
  const [{ fix }] = diagnose.probe(model, data, { trial: false }).verdicts;
  fix.apply?.({ seed: 5 });
  const scaled = Object.entries(model.parameters)
    .filter(([name]) => name.endsWith('weight'))
    .map(([, { shape, data: w }]) => Math.sqrt((shape[1] * w.reduce((sum, v) => sum + v * v, 0)) / w.length));
  const expected = [fix.gain! / 10, fix.gain!, fix.gain!, 1];
  scaled.forEach((gain, l) => {
    const { length } = Object.values(model.parameters)[2 * l].data;
    expect(Math.abs(gain / expected[l] - 1), `layer ${l}`).toBeLessThan(5 * Math.sqrt(1 / (2 * length)) + 0.01);
  });
});

test('errors come first, and the worst of several layers is named', () => {
  const model = changed(net('relu', 3, 100, normal(0.02)), (valuesOf) => {
    valuesOf('2.bias').fill(-10, 0, 75);
    valuesOf('4.bias').fill(-10, 0, 85);
  });
  const { verdicts } = diagnose.probe(model, { x, labels }, { trial: false });
  expect(verdicts.map(({ level }) => level)).toEqual(verdicts.map(({ level }) => level).sort());
  const dead = verdicts.find(({ code }) => code === 'dead');
  expect(dead).toMatchObject({ layer: 5, figures: { layers: 2 } });
});

test('a fix says when layers are too narrow for their depth', () => {
  const [{ fix }] = diagnose.probe(net('leakyRelu', 12, 8, normal(0.01)), { x, labels }, { trial: false }).verdicts;
  expect(fix.message).toMatch(/Layers this narrow stray far/);
});

test('data: what is not finite in them, and a scale that saturates', () => {
  const bad = x.slice();
  bad[3] = Number.NaN;
  const [verdict, ...rest] = diagnose.probe(net('tanh', 2, 100), { x: bad, labels }, { trial: false }).verdicts;
  expect(rest).toEqual([]);
  expect(verdict).toMatchObject({ code: 'nonFinite', level: 'error', layer: 0 });
  expect(verdict.message).toMatch(/^Less than 1 % of the inputs are NaN or infinite/);
  expect(verdict.fix).toEqual({ message: 'Leave out or mend the rows that are not finite.' });

  const pixels = { x: x.map((v) => 100 * v), labels };
  const model = net('tanh', 3, 100, named('lecunNormal'));
  const [stuck] = diagnose.probe(model, pixels, { trial: false }).verdicts;
  expect(stuck).toMatchObject({ code: 'saturated', layer: 1 });
  expect(stuck.fix.message).toMatch(
    /The inputs' mean square is \d+: standardise them, or divide the first layer's gain by its root\.$/,
  );
  stuck.fix.apply?.({ seed: 1 });
  expect(diagnose.probe(model, pixels, { trial: false }).verdicts).toEqual([]);
});

test('targets, a loss beyond float32, inputs of zeros, a bias, a slope: each has its own message', () => {
  const model = () => net('relu', 3, 50, named('kaimingNormal'));
  const targets = (value: number) => ({ x, targets: new Float32Array(10 * rows).fill(value) });
  for (const value of [Number.NaN, Infinity, 3e38]) {
    const { loss, verdicts } = diagnose.probe(model(), targets(value), { trial: false, loss: 'meanSquaredError' });
    expect(loss).toBe(null);
    expect(verdicts.map(({ code, message, fix }) => [code, message, fix.message, fix.apply])).toEqual([
      [
        'nonFinite',
        'The loss or its gradient is NaN or infinite, though all that the layers make is finite.',
        'Look at the targets: they are not finite, or so large that the loss is not; scale them.',
        undefined,
      ],
    ]);
  }
  for (const f of ['relu', 'sigmoid'] as const) {
    const [zeros, ...rest] = diagnose.probe(
      net(f, 3, 50),
      {
        x: new Float32Array(64 * 20),
        labels: new Uint8Array(20),
      },
      { trial: false },
    ).verdicts;
    expect(rest).toEqual([]);
    expect(zeros).toMatchObject({
      code: 'dead',
      level: 'error',
      message: 'All inputs are 0: there is nothing to learn from.',
    });
    expect(zeros.fix).toEqual({ message: 'Look at how the batch is made.' });
  }
  const biased = model();
  biased.parameters['2.bias'].data[3] = -Infinity;
  expect(diagnose.probe(biased, { x, labels }, { trial: false }).verdicts[0].message).toMatch(
    /^2 % of 2\.bias of layer 2 are NaN/,
  );
  const sloped = nn.sequential([nn.linear(64, 20, { seed: 1 }), nn.prelu(), nn.linear(20, 10, { seed: 2 })]);
  sloped.parameters['1.weight'].data[0] = Number.NaN;
  expect(diagnose.probe(sloped, { x, labels }, { trial: false }).verdicts[0].message).toMatch(
    /^100 % of 1\.weight of layer 1 are NaN/,
  );
});

test.each([
  ['exploding', () => net('relu', 1, 50, normal(1e6)), 1],
  ['vanishing', () => net('relu', 1, 50, normal(1e-12)), 1],
  ['exploding', () => net('relu', 3, 50, named('kaimingNormal')), 1e30],
  ['vanishing', () => net('tanh', 3, 50, named('lecunNormal')), 1e-30],
] as const)('%s, by the outputs alone', (code, make, scale) => {
  const model = make();
  const data = { x: x.map((v) => v * scale), labels };
  const { verdicts } = diagnose.probe(model, data, { trial: false });
  expect(verdicts.map(({ code, level }) => [code, level])).toEqual([[code, 'error']]);
  verdicts[0].fix.apply?.({ seed: 1 });
  expect(diagnose.probe(model, data, { trial: false }).verdicts).toEqual([]);
});

test('softsign falls at its edge and grows at its gain: a gain between carries 40 layers', () => {
  const model = net('softsign', 40, 100);
  const [{ fix }] = diagnose.probe(model, { x, labels }, { trial: false }).verdicts;
  expect(fix.gain).toBeGreaterThan(1);
  expect(fix.gain).toBeLessThan(2.3375);
  expect(fix.message).toMatch(/a gradient keeps its length through 40 layers of softsign/);
  fix.apply?.({ seed: 1 });
  expect(diagnose.probe(model, { x, labels }, { trial: false }).verdicts).toEqual([]);
});

test('equal units need only be drawn apart; nothing heals an activation that is 0 everywhere', () => {
  const equal = net('sigmoid', 4, 50, (w) => init.zeros(w));
  expect(diagnose.probe(equal, { x, labels }, { trial: false }).verdicts[0].fix).toMatchObject({
    initialiser: 'kaimingNormal',
  });
  const zero = () => nn.activation('hardtanh', { low: 0, high: 0 });
  const [first, second] = [nn.linear(64, 50, { seed: 1 }), nn.linear(50, 50, { seed: 2 })];
  const model = nn.sequential([first, zero(), second, zero(), nn.linear(50, 10, { seed: 3 })]);
  const [verdict] = diagnose.probe(model, { x, labels }, { trial: false }).verdicts;
  expect(verdict).toMatchObject({ code: 'dead', level: 'error' });
  expect(verdict.fix.message).toMatch(/lets no gradient through, whatever the weights/);
});

test('apply checks its options, and leaves the model as it was where it fails', () => {
  const [, make] = ailing.find(([name]) => name.startsWith('two activations'))!;
  const model = make();
  const [{ fix }] = diagnose.probe(model, { x, labels }, { trial: false }).verdicts;
  expect(() => fix.apply?.({ sede: 1 } as never)).toThrow(/unknown option sede/);
  expect(() => fix.apply?.(1 as never)).toThrow(/the options are 1/);
  expect(() => fix.apply?.(null as never)).toThrow(/the options are null/);
  // LSUV on a batch whose rows are all alike in the first layer.
  const before = Object.values(model.parameters).map(({ data }) => hash(data.slice()));
  const flat = diagnose.verdicts(
    diagnose.probe(model, { x, labels }, { trial: false }),
    model,
    new Float32Array(64 * 10),
  );
  expect(() => flat[0].fix.apply?.({ seed: 1 })).toThrow(/makes values of variance 0/);
  expect(Object.values(model.parameters).map(({ data }) => hash(data.slice()))).toEqual(before);
});

test('a step that was far too long: its probe says so, and a fix without the batch is told, not applied', async () => {
  const model = net('gelu', 6, 50, named('kaimingNormal', 8));
  const ignored = { probe: { every: 1 }, onNonFinite: 'ignore' } as const;
  const options = { epochs: 4, batchSize: 64, seed: 1, optimizer: nn.sgd({ lr: 10 }), ...ignored };
  const seen = new Set<string>();
  for await (const { probe } of nn.fit(model, { x, labels }, options)) {
    for (const { code, fix } of diagnose.verdicts(probe!, model)) {
      seen.add(code);
      if (fix.initialiser === 'lsuv') expect(fix.apply).toBe(undefined);
    }
  }
  expect([...seen]).toEqual(expect.arrayContaining(['exploding', 'nonFinite']));
});

describe('inputs far from 0', () => {
  test.each([
    [3.5, []],
    [-3.5, []],
    [4.5, [['data', 'warning']]],
    [-13, [['data', 'error']]],
  ] as const)('%f standard deviations', (shift, expected) => {
    const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
    const std = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length);
    const shifted = x.map((v) => 5 * ((v - mean) / std + shift));
    // Weights so small that more is wrong: what follows from the data is left out.
    const model = net('tanh', 20, 50, named('lecunNormal'));
    const { verdicts } = diagnose.probe(model, { x: shifted, labels }, { trial: false });
    expect(verdicts.filter(({ code }) => code === 'data').map(({ code, level }) => [code, level])).toEqual(expected);
    if (expected.length === 0) return;
    expect(verdicts.length).toBe(1);
    const [{ fix }] = verdicts;
    expect(fix.apply).toBe(undefined);
    expect(fix.message).toMatch(/^Standardise the inputs, \(x - -?\d+(\.\d+)?\) \/ 5, and whatever/);
    const standard = shifted.map((v) => (v - fix.standardise!.mean) / fix.standardise!.std);
    expect(diagnose.probe(model, { x: standard, labels }, { trial: false }).verdicts).toEqual([]);
  });

  test('of one value alone nothing is said', () => {
    const { verdicts } = diagnose.probe(
      net('tanh', 2, 50, named('lecunNormal')),
      { x: x.map(() => 3), labels },
      { trial: false },
    );
    expect(verdicts.map(({ code }) => code)).not.toContain('data');
  });
});

test('in a training with dropout no healthy layer is called dead', async () => {
  const dead = async (p: number) => {
    const layers = [0, 1, 2].flatMap((l) => [
      nn.linear(l === 0 ? 64 : 32, 32, { seed: l, activation: 'relu' }),
      nn.dropout({ p, seed: l }),
    ]);
    for (const { kind, parameters } of layers) if (kind === 'linear') parameters.bias.data.fill(0);
    const model = nn.sequential([...layers, nn.linear(32, 10, { seed: 9 })]);
    const options = { batchSize: 1, epochs: 3, seed: 1, optimizer: nn.sgd({ lr: 1e-3 }), probe: { every: 1 } };
    const found = { dead: 0, dropped: 0, steps: 0 };
    for await (const { probe } of nn.fit(model, { x, labels }, options)) {
      found.steps++;
      if (probe!.dropped) found.dropped++;
      if (diagnose.verdicts(probe!, model).some(({ code }) => code === 'dead')) found.dead++;
      // The same statistics without the mark are what was judged before.
      if (diagnose.verdicts({ ...probe!, dropped: false }, model).some(({ code }) => code === 'dead')) unmarked++;
    }
    expect(diagnose.probe(model, { x, labels }, { trial: false }).dropped).toBe(undefined);
    return found;
  };
  let unmarked = 0;
  expect(await dead(0.8)).toEqual({ dead: 0, dropped: 384, steps: 384 });
  expect(unmarked).toBeGreaterThan(0);
});
