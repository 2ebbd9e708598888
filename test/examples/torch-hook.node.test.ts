// examples/diagnose: what it writes of a PyTorch model has the statistics of the same model here, and its verdicts are printed.

import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { diagnose, nn } from '../../src/index.js';
import { has, newFolder, run } from '../formats/python.js';
import { noise } from '../oracle.js';

const tsx = resolve('node_modules/tsx/dist/cli.mjs');
const print = async (file: string) =>
  (await promisify(execFile)(process.execPath, [tsx, 'examples/diagnose', file])).stdout;

const torch = has('torch');
const rows = 60;
const program = (layers: string, x: string, change = '') => `
import json, sys
sys.path.insert(0, 'examples/diagnose')
import torch
from torch import nn
from torch_hook import write
given = json.load(open(sys.argv[1] + '/given.json'))
torch.manual_seed(1)
model = nn.Sequential(${layers})
with torch.no_grad():
    for (name, p), values in zip(model.named_parameters(), given['parameters']): p.copy_(torch.tensor(values).reshape(p.shape))
    ${change}
x = torch.tensor(given['x']).reshape(${x})
write(sys.argv[1] + '/network.json', model.eval(), nn.functional.cross_entropy, x, torch.tensor(given['labels']))
assert not any(m._forward_hooks for m in model.modules())
`;
const labels = Uint8Array.from({ length: rows }, (_, i) => i % 3);
const read = (folder: string) => {
  const { layers, ...given } = JSON.parse(readFileSync(join(folder, 'network.json'), 'utf8'));
  return diagnose.network(layers, { ...given, lr: 0.1 });
};

test.runIf(torch).each([
  ['Tanh', 'tanh'],
  ['GELU', 'gelu'],
  ['ReLU', 'relu'],
  ['LeakyReLU', ['leakyRelu', { slope: 0.2 }]],
  ['SiLU', 'silu'],
] as const)('%s: the statistics and verdicts of the same model here', async (name, f) => {
  const x = noise(1, rows * 8, 2);
  const layers = Array.from({ length: 9 }, (_, l) => nn.linear(l ? 16 : 8, l < 8 ? 16 : 3, { seed: l }));
  for (const { weight } of layers) weight.data.set(noise(2, weight.data.length, 0.1));
  const [kind, options] = Array.isArray(f) ? f : [f];
  const model = nn.sequential(
    layers.flatMap((layer, l) => (l < 8 ? [layer, nn.activation(kind as 'leakyRelu', options)] : [layer])),
  );
  const expected = diagnose.probe(model, { x, labels }, { trial: false, lr: 0.1 });
  const folder = newFolder();
  const parameters = Object.values(model.parameters).map(({ data }) => Array.from(data));
  const given = { x: Array.from(x), labels: Array.from(labels), parameters };
  writeFileSync(join(folder, 'given.json'), JSON.stringify(given));
  const made = layers.map(({ weight: { shape } }, l) => {
    const after = l < 8 ? `, nn.${name}(${name === 'LeakyReLU' ? '0.2' : ''})` : '';
    return `nn.Linear(${shape[1]}, ${shape[0]})${after}`;
  });
  run(program(made.join(', '), `${rows}, 8`), folder);
  const got = read(folder);

  const near = (a: number | undefined, b: number | undefined, scale = Math.abs(b ?? 0)) =>
    expect(Math.abs(a! - b!)).toBeLessThanOrEqual(1e-4 * scale);
  near(got.loss!, expected.loss!);
  near(got.input?.variance, expected.input.variance);
  expected.layers.forEach((layer, i) => {
    const other = got.layers[i];
    const { units, dead, saturated, nonFinite } = layer;
    expect(other).toMatchObject({ name: String(i), layer: i, units, dead, nonFinite });
    expect(other.saturated).toBe(saturated);
    expect(other.activation ?? other.kind).toBe(layer.kind);
    near(other.meanSquare, layer.meanSquare);
    near(other.gradient?.norm, layer.gradient.norm);
    for (const key of ['norm', 'gradientNorm', 'update'] as const)
      if (layer.weight) near(other.weight?.[key], layer.weight[key]);
  });
  expect(got.verdicts.map(({ code, message, fix }) => [code, message, fix.message])).toEqual(
    expected.verdicts.map(({ code, message, fix }) => [code, message, fix.message]),
  );
  expect(got.verdicts.length).toBeGreaterThan(0);
  if (name !== 'Tanh') return;
  const printed = await print(join(folder, 'network.json'));
  for (const { level, message, fix } of expected.verdicts)
    expect(printed).toContain(`${level}: ${message}\n  ${fix.message}`);
});

test.runIf(torch)('convolutions have channels as units; what is not finite is null', async () => {
  const folder = newFolder();
  const x = Array.from(noise(1, rows * 2 * 36, 2));
  writeFileSync(join(folder, 'given.json'), JSON.stringify({ x, labels: Array.from(labels), parameters: [] }));
  const layers = 'nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(), nn.Linear(16, 3)';
  run(program(layers, `${rows}, 2, 6, 6`, 'model[0].bias[1:] = -1e3'), folder);
  const { layers: seen, verdicts } = read(folder);
  expect(seen.map(({ name, kind, units, positions }) => [name, kind, units, positions])).toEqual([
    ['0', 'conv', 4, 16],
    ['1', 'relu', 4, 16],
    ['2', 'maxpool2d', 4, 4],
    ['3', 'flatten', 16, undefined],
    ['4', 'dropout', 16, undefined],
    ['5', 'linear', 3, undefined],
  ]);
  expect(seen[1].dead).toBe(0.75);
  expect(verdicts).toEqual([]);
  run(program(layers, `${rows}, 2, 6, 6`, 'model[0].weight[0, 0, 0, 0] = float("nan")'), folder);
  expect(read(folder).verdicts[0].message).toMatch(/^1 % of 0\.weight of layer 0 are NaN or infinite/);
  expect(await print(join(folder, 'network.json'))).toMatch(/^error: 1 % of 0\.weight/);
});

test.runIf(torch)('words, a recurrent layer, a frozen layer', () => {
  const folder = newFolder();
  const x = Array.from({ length: rows * 5 }, (_, i) => (7 * i) % 20);
  writeFileSync(join(folder, 'given.json'), JSON.stringify({ x, labels: Array.from(labels), parameters: [] }));
  const layers = 'nn.Embedding(20, 4), nn.Linear(4, 6), Last(6, 6, batch_first=True), nn.Linear(6, 3)';
  const last = `
class Last(nn.LSTM):
    def forward(self, x): return super().forward(x)[0][:, -1]
`;
  run(program(layers, `${rows}, 5`, 'model[1].requires_grad_(False)').replace('given =', `${last}\ngiven =`), folder);
  const { layers: seen, ...rest } = read(folder);
  expect(rest).not.toHaveProperty('input');
  expect(seen.map(({ kind, units, positions }) => [kind, units, positions])).toEqual([
    ['embedding', 4, 5],
    ['linear', 6, 5],
    ['last', 6, undefined],
    ['linear', 3, undefined],
  ]);
  expect(seen.map(({ weight }) => weight?.gradientNorm !== undefined)).toEqual([false, false, false, true]);
  expect(seen.every(({ gradient }) => gradient && gradient.norm > 0)).toBe(true);
});

test('without a file it says what to pass', () => {
  expect(() => execFileSync(process.execPath, [tsx, 'examples/diagnose'], { stdio: 'pipe' })).toThrow(
    /pass the name of a file/,
  );
});
