// Trials: verdicts on the learning rate, the data and the weights, by training; and fixes that are tried.

import { describe, expect, test } from 'vitest';
import { diagnose, init, type Model, nn, random } from '../../src/index.js';
import { hash } from '../oracle.js';

const [ROWS, INPUTS, CLASSES] = [512, 16, 4];
const x = random.philox('trial x').normal(ROWS * INPUTS);
const teacher = nn.sequential([
  nn.linear(INPUTS, 24, { seed: 'teacher 0', activation: 'tanh' }),
  nn.linear(24, CLASSES, { seed: 'teacher 1' }),
]);
for (const { data } of Object.values(teacher.parameters)) data.forEach((w, i) => (data[i] = 3 * w));
const outputs = teacher.forward(x);
const labels = Uint8Array.from({ length: ROWS }, (_, row) => {
  const of = outputs.subarray(CLASSES * row, CLASSES * (row + 1));
  return of.indexOf(Math.max(...of));
});

/** A network with two hidden layers, drawn by Kaiming's rule times a factor. */
function net(factor = 1, depth = 2, p = 0): Model {
  const layers = Array.from({ length: depth + 1 }, (_, l) => {
    const isLast = l === depth;
    const layer = nn.linear(l === 0 ? INPUTS : 24, isLast ? CLASSES : 24, { seed: `layer ${l}` });
    init.kaimingNormal(layer.weight, { seed: `weight ${l}`, gain: (isLast ? 1 : Math.SQRT2) * factor });
    return isLast ? [layer] : [layer, nn.activation('relu'), ...(p > 0 ? [nn.dropout({ p, seed: `drop ${l}` })] : [])];
  });
  return nn.sequential(layers.flat());
}
const bits = (model: Model) => Object.values(model.parameters).map(({ data }) => hash(data.slice()));
const codes = ({ verdicts }: ReturnType<typeof diagnose.probe>) =>
  verdicts.map(({ code, level }) => `${code} ${level}`);

/** The accuracy after ten epochs. */
async function learns(model: Model, data: { x: Float32Array; labels: Uint8Array }, lr: number): Promise<number> {
  await nn.fit(model, data, { epochs: 10, seed: 1, optimizer: nn.sgd({ lr }), onNonFinite: 'ignore' });
  return nn.evaluate(model, data).accuracy;
}

test('a network that learns has no verdict, and is what it was', () => {
  const model = net(1, 2, 0.1);
  const before = bits(model);
  const states = () => model.layers.map(({ source }) => JSON.stringify(source?.state()));
  const generators = states();
  const found = diagnose.probe(model, { x, labels }, { lr: 0.1 });
  expect(found.verdicts).toEqual([]);
  expect(found.trial).toMatchObject({ quality: 'accuracy', rows: ROWS / 4 });
  expect(bits(model)).toEqual(before);
  expect(states()).toEqual(generators);
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  // The same again: nothing is left of the first.
  expect(diagnose.probe(model, { x, labels }, { lr: 0.1 })).toEqual(found);
});

test.each([
  [1e-5, 'short'],
  [300, 'long'],
])('a learning rate of %d is too %s, and another is told that learns', async (lr, size) => {
  const found = diagnose.probe(net(), { x, labels }, { lr });
  expect(codes(found)).toEqual(['learningRate error']);
  const [{ message, fix, figures }] = found.verdicts;
  expect(message).toMatch(lr === 300 ? /a learning rate|learning rate is too large/ : new RegExp(`too ${size}`));
  expect(Object.values(figures).every(Number.isFinite)).toBe(true);
  expect(fix.message).toMatch(
    /Train with a learning rate of .* In a trial of \d+ steps \d+ % of 128 rows are right then/,
  );
  const model = net();
  fix.apply?.({ seed: 1 });
  expect(await learns(model, { x, labels }, fix.lr!)).toBeGreaterThan(0.7);
});

test('inputs far from 0 are to be standardised: then the network learns', async () => {
  const shifted = x.map((v) => 3 * v + 100);
  const found = diagnose.probe(net(), { x: shifted, labels }, { lr: 0.1 });
  expect(codes(found)).toEqual(['data error']);
  const { mean, std } = found.verdicts[0].fix.standardise!;
  expect([mean, std].map(Math.round)).toEqual([100, 3]);
  const mended = shifted.map((v) => (v - mean) / std);
  expect(await learns(net(), { x: mended, labels }, found.verdicts[0].fix.lr!)).toBeGreaterThan(0.8);
});

test('targets far from 0 are to be standardised', () => {
  const targets = outputs.map((v) => 17000 + 900 * v);
  const options = { loss: 'meanSquaredError', lr: 0.01 } as const;
  const found = diagnose.probe(net(), { x, targets }, options);
  expect(found.verdicts[0]).toMatchObject({ level: 'error' });
  const { message, standardiseTargets } = found.verdicts[0].fix;
  expect(message).toMatch(/Standardise the targets, \(t - 1.*\) \/ .*; what the model predicts is then/);
  const { mean, std } = standardiseTargets!;
  const mended = targets.map((t) => (t - mean) / std);
  const after = diagnose.probe(net(), { x, targets: mended }, { ...options, lr: found.verdicts[0].fix.lr! });
  expect(after.verdicts.filter(({ level }) => level === 'error')).toEqual([]);
  expect(after.trial).toMatchObject({ quality: 'loss' });
});

describe('weights from which nothing is learnt', () => {
  const ill = () => net(0.01, 4);
  const model = ill();
  const found = diagnose.probe(model, { x, labels }, { lr: 0.1 });
  const { fix } = found.verdicts[0];

  test('have a verdict, and the fix draws others that learn', async () => {
    expect(codes(found)).toEqual(['vanishing error']);
    expect(await learns(ill(), { x, labels }, 0.1)).toBeLessThan(0.5);
    expect(fix.apply!({ seed: 3 })).toBe(true);
    const once = bits(model);
    // Other draws replace these only if they learn about as much.
    const isNew = fix.apply!({ seed: 4 });
    expect(bits(model).join() === once.join()).toBe(!isNew);
    const other = ill();
    const again = diagnose.probe(other, { x, labels }, { lr: 0.1 }).verdicts[0].fix;
    expect(again.apply!({ seed: 3 })).toBe(true);
    expect(bits(other)).toEqual(once);
    expect(await learns(model, { x, labels }, fix.lr!)).toBeGreaterThan(0.8);
  });

  test('once they have learnt, a fix leaves them as they are', () => {
    // The model of the test before is trained: what is drawn anew is worse.
    const before = bits(model);
    expect(fix.apply!({ seed: 5 })).toBe(false);
    expect(bits(model)).toEqual(before);
  });

  test('a fix without a trial is checked by the signals of random rows', () => {
    const other = ill();
    const [{ fix: untried }] = diagnose.probe(other, { x, labels }, { trial: false }).verdicts;
    expect(untried).not.toHaveProperty('lr');
    expect(untried.apply!({ seed: 1 })).toBe(true);
    const good = net(1, 4);
    const before = bits(good);
    const [{ fix: wrong }] = diagnose.verdicts(
      { ...diagnose.probe(ill(), { x, labels }, { trial: false }), rows: ROWS },
      good,
    );
    // The statistics are of other weights than the model's, which are as good as what would be drawn.
    expect([true, false]).toContain(wrong.apply!({ seed: 1 }));
    expect(diagnose.probe(good, { x, labels }, { trial: false }).verdicts).toEqual([]);
    expect(bits(good).length).toBe(before.length);
  });
});

test('targets that are not finite are to blame themselves, with a trial too', () => {
  const targets = outputs.map((v, i) => (i === 3 ? Number.NaN : v));
  const [{ code, fix }] = diagnose.probe(net(), { x, targets }, { loss: 'meanSquaredError', lr: 0.1 }).verdicts;
  expect([code, fix.message, fix.apply]).toEqual([
    'nonFinite',
    'Look at the targets: they are not finite, or so large that the loss is not; scale them.',
    undefined,
  ]);
});

test('labels that have nothing to do with the inputs: nothing learns, and that is said', () => {
  const noise = Uint8Array.from(random.philox('labels').uniform(ROWS), (u) => Math.floor(CLASSES * u));
  const found = diagnose.probe(net(), { x, labels: noise }, { lr: 0.1 });
  expect(codes(found)).toEqual(['stuck warning']);
  expect(found.verdicts[0].message).toMatch(/labels or targets may have nothing to do with the inputs/);
});

test('there is no trial where none is wanted, needed or possible, and the report says why', async () => {
  const data = { x, labels };
  expect(diagnose.probe(net(), data, { lr: 300, trial: false })).not.toHaveProperty('trial');
  expect(diagnose.probe(net(), data)).not.toHaveProperty('trial');
  const large = nn.sequential([
    nn.linear(INPUTS, 3000, { seed: 0 }),
    nn.linear(3000, 3000, { seed: 1 }),
    nn.linear(3000, CLASSES, { seed: 2 }),
  ]);
  expect(diagnose.probe(large, data, { lr: 0.1 }).trial).toEqual({ skipped: 'the model is too large for it' });
  const model = net();
  for await (const _ of nn.fit(model, data, { seed: 0, optimizer: nn.sgd({ lr: 0.1 }) })) {
    expect(diagnose.probe(model, data, { lr: 0.1 }).trial).toEqual({ skipped: 'the model is being trained' });
    break;
  }
});

test('options of a trial are checked', () => {
  const probe = (given: object) => () => diagnose.probe(net(), { x, labels }, given);
  expect(probe({ lr: 0.1, optimizer: nn.adam() })).toThrow(/both lr and optimizer; pass one of them/);
  expect(probe({ optimizer: {} })).toThrow(/diagnose.probe: optimizer is .*; pass one, such as nn.sgd/);
  expect(probe({ batchSize: 0 })).toThrow(/batchSize is 0; pass a whole number at least 1/);
  expect(probe({ trial: 1 })).toThrow(/trial is 1; pass true or false/);
});
