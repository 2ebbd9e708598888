// One training step of the article's network: 784-100-10, batch 100, SGD with Nesterov momentum.

import { nn, random } from '../../src/index.js';
import { type Case, loop } from '../measure.js';

const plain = `
const { w1, b1, w2, b2, v, g } = p, B = 100, I = 784, H = 100, O = 10;
for (let r = 0; r < B; r++) for (let j = 0; j < H; j++) {
  let s = b1[j];
  for (let k = 0; k < I; k++) s += x[r * I + k] * w1[j * I + k];
  h[r * H + j] = Math.tanh(s);
}
for (let r = 0; r < B; r++) {
  let top = -Infinity, sum = 0;
  for (let j = 0; j < O; j++) {
    let s = b2[j];
    for (let k = 0; k < H; k++) s += h[r * H + k] * w2[j * H + k];
    z[r * O + j] = s;
    top = Math.max(top, s);
  }
  for (let j = 0; j < O; j++) sum += z[r * O + j] = Math.exp(z[r * O + j] - top);
  for (let j = 0; j < O; j++) z[r * O + j] = (z[r * O + j] / sum - (labels[r] === j ? 1 : 0)) / B;
}
for (const a of g) a.fill(0);
for (let r = 0; r < B; r++) for (let j = 0; j < O; j++) {
  const d = z[r * O + j];
  g[3][j] += d;
  for (let k = 0; k < H; k++) g[2][j * H + k] += d * h[r * H + k];
}
for (let r = 0; r < B; r++) for (let k = 0; k < H; k++) {
  let s = 0;
  for (let j = 0; j < O; j++) s += z[r * O + j] * w2[j * H + k];
  const y = h[r * H + k], d = s * (1 - y * y);
  g[1][k] += d;
  for (let i = 0; i < I; i++) g[0][k * I + i] += d * x[r * I + i];
}
[w1, b1, w2, b2].forEach((w, i) => {
  const gi = g[i], vi = v[i];
  for (let k = 0; k < w.length; k++) { vi[k] = 0.9 * vi[k] + gi[k]; w[k] -= 0.1 * (gi[k] + 0.9 * vi[k]); }
});`;

export async function cases(): Promise<Case[]> {
  const rng = random.philox(1);
  const rows = 100;
  const data = { x: rng.uniform(784 * rows), labels: Uint8Array.from({ length: rows }, (_, i) => i % 10) };
  const model = nn.sequential([nn.linear(784, 100, { rng }), nn.activation('tanh'), nn.linear(100, 10, { rng })]);
  const sizes = [78400, 100, 1000, 10];
  const [w1, b1, w2, b2] = Object.values(model.parameters).map(({ data: values }) => values.slice());
  const zeros = () => sizes.map((n) => new Float32Array(n));
  const p = { w1, b1, w2, b2, v: zeros(), g: zeros() };
  const baseline = loop('p, x, labels, h, z', plain);
  const [h, z] = [new Float32Array(rows * 100), new Float32Array(rows * 10)];

  // Fifty steps a call, so that the overhead of the iterator counts as in use; the speed is that of one step.
  const optimizer = nn.sgd({ lr: 0.1, momentum: 0.9, nesterov: true });
  const options = { epochs: 50, batchSize: rows, shuffle: false, seed: 0, optimizer };
  const steps = async () => {
    for await (const _ of nn.fit(model, data, options));
  };
  const probed = async () => {
    for await (const _ of nn.fit(model, data, { ...options, probe: { every: 1 } }));
  };
  const fifty = () => {
    for (let i = 0; i < 50; i++) baseline(p, data.x, data.labels, h, z);
  };
  return [
    {
      name: 'training step 784-100-10, batch 100',
      size: 1,
      amount: 50,
      unit: 'ms',
      ways: {
        workspace: steps as unknown as () => void,
        baseline: fifty,
      },
    },
    {
      // The same baseline: the ratio of the two ratios is the cost of a probe at each step.
      name: 'the same step, probed',
      size: 1,
      amount: 50,
      unit: 'ms',
      ways: { workspace: probed as unknown as () => void, baseline: fifty },
    },
  ];
}
