// A training whose loss or parameters are not finite says where that begins, once, in the way that is asked for.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Fit, type Model, nn, random } from '../../src/index.js';
import { noise } from '../oracle.js';

const rows = 40;
const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
afterEach(() => void warned.mockClear());

type Data = { x: Float32Array; targets: Float32Array };
const data = (): Data => ({ x: noise(1, 3 * rows, 2), targets: noise(2, 2 * rows) });
const layers = () => [nn.linear(3, 5, { seed: 1 }), nn.activation('tanh'), nn.linear(5, 2, { seed: 2 })];
const options = (o: Partial<Fit>): Fit => ({
  epochs: 2,
  batchSize: 8,
  loss: 'meanSquaredError',
  optimizer: nn.sgd({ lr: 0.01 }),
  seed: 3,
  ...o,
});

/** What a training says: its warnings, or its error. */
async function said(given: Data, o: Partial<Fit>, model = nn.sequential(layers()), use = 'awaited'): Promise<string[]> {
  warned.mockClear();
  const training = nn.fit(model, given, options(o));
  const run = async () => {
    for await (const _ of training);
  };
  const error = await (use === 'awaited' ? training : run()).then(
    () => undefined,
    (reason) => reason,
  );
  if (error) expect(error).toBeInstanceOf(RangeError);
  if (error) expect(warned).not.toHaveBeenCalled();
  return error ? [error.message] : warned.mock.calls.map(([text]) => text);
}

/** The steps, by the rows that they have, of a training of such options. */
async function stepsOfRows(o: Partial<Fit>): Promise<number[]> {
  const { epochs, batchSize, shuffle = true, rng = random.philox(3) } = options(o);
  const order = Array.from({ length: epochs! }, () =>
    shuffle ? rng.order(rows) : Uint32Array.from({ length: rows }, (_, i) => i),
  );
  return Array.from({ length: rows }, (_, row) => Math.floor(order[0].indexOf(row) / batchSize!));
}

const ways = [
  ['warn', undefined],
  ['warn', 'warn'],
  ['throw', 'throw'],
  ['nothing', 'ignore'],
] as const;

describe.each(ways)('%s (onNonFinite: %s)', (way, onNonFinite) => {
  test.each(['x', 'targets'] as const)(
    'one wrong value of %s, wherever it is: the step, the value and its row',
    async (name) => {
      for (const shuffle of [true, false])
        for (const row of [0, 7, 8, 25, 39])
          for (const value of [Number.NaN, Infinity, -Infinity])
            for (const use of ['awaited', 'iterated over']) {
              const given = data();
              const at = row * (name === 'x' ? 3 : 2) + 1;
              given[name][at] = value;
              const texts = await said(given, { shuffle, onNonFinite }, undefined, use);
              const [text] = texts;
              expect(texts.length).toBe(way === 'nothing' ? 0 : 1);
              if (way === 'nothing') continue;
              const step = (await stepsOfRows({ shuffle }))[row];
              // tanh makes 1 of an infinite x: the loss is finite, and the parameters are NaN after the step.
              const hidden = name === 'x' && !Number.isNaN(value);
              expect(text).toContain(`nn.fit: the loss of step ${hidden ? step + 1 : step} is `);
              expect(text).toContain(`: ${name}[${at}] (row ${row}) is ${value}; pass numbers that are finite`);
            }
    },
  );

  test('a parameter that is not finite from the start', async () => {
    for (const name of ['0.weight', '0.bias', '2.weight', '2.bias'])
      for (const value of [Number.NaN, Infinity]) {
        const model = nn.sequential(layers());
        model.parameters[name].data[1] = value;
        const texts = await said(data(), { onNonFinite, optimizer: nn.adam() }, model);
        if (way === 'nothing') expect(texts).toEqual([]);
        else {
          const [text] = texts;
          // An infinite bias before tanh makes no NaN in the first step.
          if (name.startsWith('0.') && value === Infinity)
            expect(text).toMatch(/is (not finite|NaN|Infinity)|are not finite/);
          else
            expect(text).toContain(
              `nn.fit: the loss of step 0 is ${text.match(/is (\w+)/)![1]}: ${name}[1] is ${value} from the start; pass layers with finite`,
            );
        }
      }
  });

  test('a learning rate that is too large', async () => {
    const texts = await said(data(), { onNonFinite, optimizer: nn.sgd({ lr: 1e20 }), epochs: 3 });
    expect(texts.length).toBe(way === 'nothing' ? 0 : 1);
    if (way !== 'nothing')
      expect(texts[0]).toMatch(
        /^nn\.fit: the loss of step \d+ is (NaN|Infinity): .*; pass a smaller lr \(it is 100000000000000000000\), clipNorm, or x/,
      );
  });
});

test('of two wrong values it is the one whose step comes first, although its row is the later one', async () => {
  const steps = await stepsOfRows({});
  const all = Array.from(steps, (_, row) => row);
  const pairs = all.flatMap((a) => all.filter((b) => b > a && steps[b] < steps[a]).map((b) => [a, b] as const));
  expect(pairs.length).toBeGreaterThan(100);
  for (const [later, first] of pairs.filter((_, i) => i % 11 === 0)) {
    const given = data();
    for (const row of [later, first]) given.x[3 * row] = Number.NaN;
    expect(await said(given, {})).toEqual([
      `nn.fit: the loss of step ${steps[first]} is NaN: x[${3 * first}] (row ${first}) is NaN; pass numbers that are finite`,
    ]);
  }
});

test('numbers that grow too large in the model or in the loss, and which layer that is', async () => {
  const large = data();
  large.x.fill(1e30);
  const deep = () =>
    nn.sequential([
      nn.linear(3, 3, { seed: 1 }),
      nn.activation('relu'),
      nn.linear(3, 3, { seed: 2 }),
      nn.linear(3, 2, { seed: 3 }),
    ]);
  const scaled = deep();
  for (const { data: values } of Object.values(scaled.parameters)) values.fill(1e10);
  expect(await said(large, {}, scaled)).toEqual([
    expect.stringMatching(
      /^nn\.fit: the loss of step 0 is (NaN|Infinity): it begins in the output of layers\[0\] \(linear\); pass x and targets with values near 1, or smaller initial weights; diagnose\.probe measures each layer$/,
    ),
  ]);
  const last = deep();
  last.parameters['2.weight'].data.fill(1e3);
  last.parameters['3.weight'].data.fill(3e38);
  expect(await said(data(), {}, last)).toEqual([expect.stringContaining('the output of layers[3] (linear)')]);
  const targets = data();
  targets.targets.fill(1e30);
  expect(await said(targets, {})).toEqual([
    expect.stringContaining('is Infinity: the outputs are too large for the loss'),
  ]);
});

test('parameters that the last step made', async () => {
  const one = { epochs: 1, batchSize: rows, optimizer: nn.sgd({ lr: 3e38 }) };
  const large = data();
  large.targets.fill(1e9);
  const texts = await said(large, one);
  expect(texts).toEqual([
    expect.stringMatching(
      /^nn\.fit: the last step made parameters that are not finite: \d\.\w+\[\d+\] is -?(Infinity|NaN); pass a smaller lr/,
    ),
  ]);
  expect(await said(large, { ...one, onNonFinite: 'throw' })).toEqual(texts);
  expect(await said(large, { ...one, onNonFinite: 'ignore' })).toEqual([]);
});

test('labels, layers in place, layers that draw and a probe change nothing of that', async () => {
  const model = () =>
    nn.sequential([
      nn.activation('tanh'),
      nn.dropout({ p: 0.1, seed: 1 }),
      nn.linear(3, 4, { seed: 1, activation: 'gelu' }),
      nn.swiglu(2),
      nn.linear(2, 3, { seed: 2 }),
    ]);
  const x = noise(1, 3 * rows, 2);
  x[50] = Number.NaN;
  const labels = Array.from({ length: rows }, (_, i) => i % 3);
  for (const probe of [undefined, { every: 1 }]) {
    await nn.fit(model(), { x, labels }, { optimizer: nn.adam(), probe, shuffle: false });
    expect(warned).toHaveBeenCalledExactlyOnceWith(
      'nn.fit: the loss of step 0 is NaN: x[50] (row 16) is NaN; pass numbers that are finite',
    );
    warned.mockClear();
  }
});

test('with an error the parameters are those before the step', async () => {
  const given = data();
  given.x[100] = Number.NaN;
  const model = nn.sequential(layers());
  let before: Uint8Array | undefined;
  const run = async () => {
    for await (const _ of nn.fit(model, given, options({ onNonFinite: 'throw', shuffle: false })))
      before = nn.save(model);
  };
  await expect(run()).rejects.toThrow('nn.fit: the loss of step 4 is NaN: x[100] (row 33) is NaN');
  expect(nn.save(model)).toEqual(before);
  expect(() => nn.save(model, { training: true })).toThrow(/not being trained/);
});

test('nothing is said of a training whose numbers are finite, and its bits do not depend on the option', async () => {
  const models: Model[] = [];
  for (const [, onNonFinite] of ways) {
    const model = nn.sequential(layers());
    expect(await said(data(), { onNonFinite }, model)).toEqual([]);
    models.push(model);
  }
  const [first, ...others] = models.map((model) => nn.save(model));
  for (const other of others) expect(other).toEqual(first);
  expect(() => nn.fit(nn.sequential(layers()), data(), options({ onNonFinite: 'error' as never }))).toThrow(
    /nn\.fit: onNonFinite is the string "error"; pass one of warn, throw, ignore/,
  );
});
