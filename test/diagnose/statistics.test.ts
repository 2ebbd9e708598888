// Verdicts from statistics alone.

import { expect, test } from 'vitest';
import { diagnose, gain, nn } from '../../src/index.js';
import { ailing, labels, x } from './ailments.js';

test('the statistics say what the parameters of an activation are, where they are not the defaults', () => {
  const model = (slope: number) =>
    nn.sequential(
      Array.from({ length: 31 }, (_, l) => {
        const f = l < 30 ? { activation: ['leakyRelu', { slope }] as const } : {};
        return nn.linear(l ? 50 : 64, l < 30 ? 50 : 10, { seed: l, ...f });
      }),
    );
  const [usual, other] = [0.01, 0.5].map((slope) => {
    const probe = diagnose.probe(model(slope), { x, labels }, { trial: false });
    const [{ fix }] = diagnose.verdicts(JSON.parse(JSON.stringify(probe)));
    expect(fix.gain).toBeCloseTo(gain('leakyRelu', { slope }), 6);
    return probe.layers[1];
  });
  expect(usual).not.toHaveProperty('numbers');
  expect(other).toMatchObject({ kind: 'leakyRelu', numbers: [0.5, 0] });
});

test('layers are numbered as in model.layers: twelve with activations of their own end at 11', () => {
  const layers = Array.from({ length: 12 }, (_, l) =>
    nn.linear(l ? 40 : 64, l < 11 ? 40 : 10, { seed: l, ...(l < 11 ? { activation: 'tanh' } : {}) }),
  );
  const [{ message, layer }] = diagnose.probe(nn.sequential(layers), { x, labels }, { trial: false }).verdicts;
  expect(message).toMatch(/^From layer 10 back to layer 0 /);
  expect(layer).toBe(0);
});

test('verdicts of broken statistics are errors, none from within', () => {
  const good = diagnose.probe(ailing[1][1](), { x, labels }, { trial: false });
  const visit = (path: (string | number)[], value: unknown) => {
    for (const bad of [null, 'x', {}, [], Number.NaN, -1, undefined, true]) {
      const copied = structuredClone({ ...good, layers: good.layers.slice(0, 4) });
      let parent: never = copied as never;
      for (const key of path.slice(0, -1)) parent = parent[key as never];
      parent[path[path.length - 1] as never] = bad as never;
      let error: Error | undefined;
      try {
        diagnose.verdicts(copied);
      } catch (caught) {
        error = caught as Error;
      }
      if (error) expect(error.message, `${path} = ${bad}`).toMatch(/^diagnose\.verdicts: /);
    }
    if (typeof value === 'object' && value !== null && !path.includes('counts'))
      for (const [key, part] of Object.entries(value)) visit([...path, key], part);
  };
  const { layers, ...rest } = good;
  for (const bad of [null, 'x', {}, [], 1, { meanSquare: 1 }, { nonFinite: 0, meanSquare: Number.NaN }])
    for (const key of ['gradient', 'weight', 'broken'] as const) {
      if (key === 'broken' && typeof bad === 'object' && bad !== null && Object.keys(bad).length !== 2) continue;
      const broken = [{ ...layers[0], [key]: bad }, ...layers.slice(1)];
      expect(() => diagnose.verdicts({ ...rest, layers: broken } as never), `${key}: ${bad}`).toThrow(TypeError);
    }
  for (const key of ['layer', 'units', 'meanSquare', 'nonFinite', 'dead', 'kind'] as const)
    for (const bad of [null, undefined, Number.NaN, {}]) {
      const broken = [layers[0], { ...layers[1], [key]: bad }, ...layers.slice(2)];
      expect(() => diagnose.verdicts({ ...rest, layers: broken } as never), `${key}: ${bad}`).toThrow(TypeError);
    }
  visit(['layers', 1], good.layers[1]);
  visit(['layers', 0], good.layers[0]);
  for (const key of ['layers', 'input', 'rows', 'loss']) visit([key], undefined);
});
