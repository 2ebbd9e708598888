// Results of generators, initialisers, kernels and trainings, which have the same bits in every runtime. golden.test.ts and the
// runtimes of this folder compute them; golden.json has their hashes.

import { type Activation, activation, activations } from '../../src/activation/table.js';
import { diagnose, init, loss, nn, type Optimizer, random, softmax } from '../../src/index.js';
import { losses, type PointwiseLoss } from '../../src/nn/losses/pointwise.js';
import { optimizerRow } from '../../src/nn/optimizer.js';
import * as optimizers from '../../src/nn/optimizers.js';
import type { NumberOption } from '../../src/options.js';
import type { DistributionName } from '../../src/random/distributions.js';
import type { Draws } from '../../src/random/generator.js';
import { hash, noise, sweep } from '../oracle.js';
import { examples } from '../random/examples.js';

const n = 10_007;
export const results: Record<string, () => ArrayBufferView | Promise<ArrayBufferView>> = {};

for (const [name, make] of Object.entries({
  philox: () => random.philox(1),
  torch: () => random.torch(1),
  threefry: () => random.threefry(1),
})) {
  results[`${name} bits`] = () => make().bits(n);
  for (const distribution of Object.keys(examples) as DistributionName[])
    results[`${name} ${distribution}`] = () =>
      (make()[distribution] as Draws<object>)(n, examples[distribution].options);
  results[`${name} few normals`] = () => make().normal(15);
  results[`${name} permutation`] = () => make().permutation(n);
  results[`${name} order`] = () => make().order(n);
  results[`${name} kaimingNormal`] = () => init.kaimingNormal([50, 40], { rng: make() });
  results[`${name} orthogonal`] = () => init.orthogonal([50, 40], { rng: make() });
}
results['philox truncatedNormal usual'] = () => random.philox(1).truncatedNormal(n);
results.deltaOrthogonal = () => init.deltaOrthogonal([12, 8, 3, 3], { seed: 1 });
results['torch truncatedNormal far out'] = () => random.torch(1).truncatedNormal(n, { low: 1, high: 3 });
results['torch truncatedNormal 2.11'] = () => random.torch(1, { release: '2.11' }).truncatedNormal(n);
results['philox fork'] = () => random.philox('seed').fork('layer').fork(1).bits(16);

// The bits of NaN differ between engines.
const numbers = sweep().filter((v) => !Number.isNaN(v));
const small = noise(1, n, 8);
for (const name of Object.keys(activations) as Activation[]) {
  const saved = () => (activations[name].keeps === ('x' as string) ? small : activation[name].forward(small));
  results[`${name} forward`] = () => activation[name].forward(numbers);
  results[`${name} backward`] = () =>
    activation[name].backward({ [activations[name].keeps]: saved(), dy: noise(2, n) } as never);
}

const [rows, columns] = [91, 110];
const matrix = noise(3, rows * columns, 15);
const dy = noise(4, rows * columns);
const labels = Uint8Array.from({ length: rows }, (_, i) => (i * 31) % columns);
results['softmax forward'] = () => softmax.forward(matrix, { columns });
results['softmax backward'] = () => softmax.backward({ y: softmax.forward(matrix, { columns }), dy, columns });
results['logSoftmax forward'] = () => softmax.log.forward(matrix, { columns });
results['logSoftmax backward'] = () =>
  softmax.log.backward({ y: softmax.log.forward(matrix, { columns }), dy, columns });
results['crossEntropy forward'] = () => Float64Array.of(loss.crossEntropy.forward({ logits: matrix, labels, columns }));
results['crossEntropy backward'] = () => loss.crossEntropy.backward({ logits: matrix, labels, columns });

results['logSumExp forward'] = () => softmax.logSumExp.forward(matrix, { columns });
results['logSumExp backward'] = () => softmax.logSumExp.backward({ x: matrix, dy: dy.subarray(0, rows), columns });
results['softmax of the first axis'] = () => softmax.forward(matrix, { shape: [rows, columns], axis: 0 });
const weights = Float32Array.from({ length: columns }, (_, k) => (k % 7) / 3);
const smooth = { logits: matrix, labels, columns, labelSmoothing: 0.1, weights, ignoreIndex: 31 };
results['crossEntropy with options'] = () => loss.crossEntropy.backward(smooth);
for (const name of Object.keys(losses) as PointwiseLoss[]) {
  const passed = { [losses[name].from]: matrix, targets: dy } as never;
  results[`${name} forward`] = () =>
    loss[name as 'huber'].forward({ ...(passed as object), reduction: 'none' } as never) as never;
  results[`${name} backward`] = () => loss[name as 'huber'].backward(passed);
}
for (const name of ['glu', 'swiglu', 'geglu'] as const) {
  results[`${name} forward`] = () => activation[name].forward(matrix, { columns });
  results[`${name} backward`] = () =>
    activation[name].backward({ x: matrix, dy: dy.subarray(0, matrix.length / 2), columns });
}
const slopes = noise(7, columns);
results['prelu forward'] = () => activation.prelu.forward(matrix, { slopes });
results['prelu backward'] = () => activation.prelu.backward({ x: matrix, dy, slopes }).dx;
results['prelu slopes'] = () => activation.prelu.backward({ x: matrix, dy, slopes }).dslopes;
results.dropout = () => activation.dropout.forward(matrix, { p: 0.3, seed: 1 });

results['everything at once'] = async () => {
  const rng = random.philox(9);
  const layers = [
    nn.linear(33, 70, { rng, activation: 'gelu' }),
    nn.dropout({ p: 0.2, rng }),
    nn.linear(70, 24, { rng }),
    nn.swiglu(12),
    nn.prelu(12),
    nn.linear(12, 7, { rng, activation: 'softplus' }),
  ];
  const model = nn.sequential(layers);
  const x = noise(6, 33 * 200);
  nn.lsuv(model, x, { rng });
  const schedule = nn.warmUp({ over: 5, next: nn.cosine({ over: 15 }) });
  const o = { epochs: 2, batchSize: 20, rng, optimizer: nn.adamW({ lr: 0.01 }), schedule, clipNorm: 0.5 };
  const loss = ['huber', { delta: 0.5 }] as const;
  for await (const _ of nn.fit(model, { x, targets: noise(8, 7 * 200) }, { ...o, loss, scheduleEach: 'step' }));
  return model.parameters['0.weight'].data;
};

for (const name of Object.keys(activations) as Activation[]) {
  results[`twenty steps of a network with ${name}`] = async () => {
    const rng = random.philox(5);
    const layers = [nn.linear(33, 70, { rng }), nn.activation(name), nn.linear(70, 7, { rng })];
    const model = nn.sequential(layers);
    const data = { x: noise(6, 33 * 200), labels: Uint8Array.from({ length: 200 }, (_, i) => i % 7) };
    const optimizer = nn.sgd({ lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 1e-3 });
    for await (const _ of nn.fit(model, data, { epochs: 2, batchSize: 20, rng, optimizer }));
    return model.parameters['0.weight'].data;
  };
}

// Sorted: the exports of a module are in the order of their names, vitest has them in that of the file.
for (const [name, make] of Object.entries(optimizers).sort()) {
  const { lr } = optimizerRow(make).options;
  const options = (lr as NumberOption).value === undefined ? { lr: 0.1 } : {};
  results[`twenty steps of ${name}`] = () => twentySteps((make as (o: object) => Optimizer)(options));
}
async function twentySteps(optimizer: Optimizer) {
  const model = nn.sequential([nn.linear(33, 7, { seed: 5 })]);
  const data = { x: noise(6, 33 * 200), labels: Uint8Array.from({ length: 200 }, (_, i) => i % 7) };
  for await (const _ of nn.fit(model, data, { epochs: 2, batchSize: 20, seed: 1, optimizer }));
  return model.parameters['0.weight'].data;
}

results['a fix, applied'] = () => {
  const layers = Array.from({ length: 20 }, (_, l) => nn.linear(40, 40, { seed: l, activation: 'tanh' }));
  const model = nn.sequential([...layers, nn.linear(40, 7, { seed: 20 })]);
  const labels = Uint8Array.from({ length: 100 }, (_, i) => i % 7);
  const [{ fix }] = diagnose.probe(model, { x: noise(9, 40 * 100), labels }, { trial: false }).verdicts;
  fix.apply?.({ seed: 1 });
  return model.parameters['3.weight'].data;
};
results['a probe, and what is wrong'] = () => {
  const layers = Array.from({ length: 12 }, (_, l) =>
    nn.linear(40, 40, { seed: l, activation: l % 2 ? 'tanh' : 'gelu' }),
  );
  const model = nn.sequential([...layers, nn.linear(40, 7, { seed: 12 })]);
  const labels = Uint8Array.from({ length: 100 }, (_, i) => i % 7);
  const diagnosis = diagnose.probe(model, { x: noise(9, 40 * 100), labels }, { trial: false, lr: 0.1 });
  return new TextEncoder().encode(JSON.stringify(diagnosis));
};

/** The hash of each. */
export async function hashes(): Promise<Record<string, number>> {
  const all: Record<string, number> = {};
  for (const [name, result] of Object.entries(results)) all[name] = hash(await result());
  return all;
}
