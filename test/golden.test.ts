// The same bits in every engine: a hash for each generator, initialiser and kernel, in golden.json. A hash
// changes only where a formula does; `npx vitest run test/golden -u` writes them anew, CHANGELOG.md says why.

import { expect, test } from 'vitest';
import { type Activation, activation, activations } from '../src/activation.js';
import { init, loss, nn, random, softmax } from '../src/index.js';
import { hash, noise, sweep } from './oracle.js';

const n = 10_007;
const results: Record<string, () => ArrayBufferView | Promise<ArrayBufferView>> = {};

for (const [name, make] of Object.entries({ philox: () => random.philox(1), torch: () => random.torch(1) })) {
  results[`${name} bits`] = () => make().bits(n);
  results[`${name} uniform`] = () => make().uniform(n, { low: -1, high: 3 });
  results[`${name} normal`] = () => make().normal(n, { mean: 1, std: 0.1 });
  results[`${name} few normals`] = () => make().normal(15);
  results[`${name} truncatedNormal`] = () => make().truncatedNormal(n, { low: -1, high: 5 });
  results[`${name} bernoulli`] = () => make().bernoulli(n, { p: 0.3 });
  results[`${name} permutation`] = () => make().permutation(n);
  results[`${name} order`] = () => make().order(n);
  results[`${name} kaimingNormal`] = () => init.kaimingNormal([50, 40], { rng: make() });
  results[`${name} orthogonal`] = () => init.orthogonal([50, 40], { rng: make() });
}
results['torch truncatedNormal far out'] = () => random.torch(1).truncatedNormal(n, { low: 1, high: 3 });
results['torch truncatedNormal 2.11'] = () => random.torch(1, { release: '2.11' }).truncatedNormal(n);
results['philox fork'] = () => random.philox('seed').fork('layer').fork(1).bits(16);

// NaN has no bits of its own: engines may differ in them.
const numbers = sweep().filter((v) => !Number.isNaN(v));
const small = noise(1, n, 8);
for (const name of Object.keys(activations) as Activation[]) {
  const kept = () => (activations[name].keeps === ('x' as string) ? small : activation[name].forward(small));
  results[`${name} forward`] = () => activation[name].forward(numbers);
  results[`${name} backward`] = () =>
    activation[name].backward({ [activations[name].keeps]: kept(), dy: noise(2, n) } as never);
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

results['twenty steps of adamW'] = async () => {
  const model = nn.sequential([nn.linear(33, 7, { seed: 5 })]);
  const data = { x: noise(6, 33 * 200), labels: Uint8Array.from({ length: 200 }, (_, i) => i % 7) };
  for await (const _ of nn.fit(model, data, { epochs: 2, batchSize: 20, seed: 1, optimizer: nn.adamW() }));
  return model.parameters['0.weight'].data;
};

test('all hashes', async () => {
  const hashes: Record<string, number> = {};
  for (const [name, result] of Object.entries(results)) hashes[name] = hash(await result());
  await expect(`${JSON.stringify(hashes, null, 2)}\n`).toMatchFileSnapshot('./golden.json');
});
