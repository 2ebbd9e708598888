// Memory that belongs to nobody: the padding behind parameters, gradients and an optimizer's state, and all that a pass writes
// anew. Whatever is there, no result depends on it.

import { expect, test } from 'vitest';
import { diagnose, nn, type Step } from '../../src/index.js';
import { planFor } from '../../src/nn/model.js';
import * as optimizers from '../../src/nn/optimizers.js';
import { gradients } from '../../src/nn/step.js';
import { bind, workspace } from '../../src/wasm/memory.js';
import type { Any } from '../check/case.js';
import { noise } from '../oracle.js';

const network = () =>
  nn.sequential([
    nn.linear(5, 7, { seed: 1, activation: 'gelu' }),
    nn.prelu(7),
    nn.linear(7, 6, { seed: 2, activation: 'tanh' }),
    nn.glu(3),
    nn.activation('silu'),
    nn.linear(3, 3, { seed: 3, bias: false }),
  ]);
const rows = 13;
const data = { x: noise(1, rows * 5, 2), labels: Uint8Array.from({ length: rows }, (_, i) => (i * 7) % 3) };

/** Fills with NaN what belongs to nobody between two steps. */
function spoil(model: ReturnType<typeof network>): number {
  const plan = planFor('a test', model);
  const saved = Object.values(model.parameters).map(({ data }) => data.slice());
  // A step writes these anew, or their padding is nobody's.
  for (const values of [plan.parameters, plan.gradients, plan.x, plan.outputs, plan.outputGradient]) values.fill(NaN);
  for (const { y, dy } of plan.operations) for (const values of [y, dy]) values.fill(NaN);
  Object.values(model.parameters).forEach(({ data }, i) => void data.set(saved[i]));
  for (const at of plan.padding) for (const values of plan.state) values[at] = NaN;
  return plan.padding.length;
}

async function trained(optimizer: Any, options: object, spoiled: boolean) {
  const model = network();
  const steps: Step[] = [];
  const o = { optimizer, epochs: 3, batchSize: 5, seed: 1, ...options };
  for await (const step of nn.fit(model, data, o)) {
    if (spoiled) expect(spoil(model)).toBeGreaterThan(5);
    steps.push(step);
  }
  const weights = Object.values(model.parameters).map(({ data }) => data.slice());
  return { steps, weights, ...nn.evaluate(model, data), probe: diagnose.probe(model, data, { trial: false, lr: 0.1 }) };
}

test.each(Object.entries(optimizers))('%s: NaN in padding reaches no loss, norm, probe or weight', async (_, make) => {
  for (const options of [{}, { clipNorm: 0.01 }, { clipNorm: 0.01, probe: { every: 2 } }]) {
    const clean = await trained((make as Any)({ lr: 0.01 }), options, false);
    const spoiled = await trained((make as Any)({ lr: 0.01 }), options, true);
    expect(spoiled).toEqual(clean);
    expect(spoiled.steps.every(({ loss, gradientNorm = 0 }) => Number.isFinite(loss + gradientNorm))).toBe(true);
  }
});

test.each(Object.entries(optimizers))('%s: probed or not, the same bits', async (_, make) => {
  const plain = await trained((make as Any)({ lr: 0.01 }), { clipNorm: 0.01 }, true);
  const probed = await trained((make as Any)({ lr: 0.01 }), { clipNorm: 0.01, probe: { every: 1 } }, true);
  expect(probed.weights).toEqual(plain.weights);
  expect(probed.steps.map(({ gradientNorm }) => gradientNorm)).toEqual(plain.steps.map((s) => s.gradientNorm));
});

test('a pass forward and backward reads no gradient and no output of before', () => {
  const [one, other] = [network(), network()].map((model, i) => {
    const plan = planFor('a test', model);
    if (i === 1) spoil(model);
    plan.x.set(data.x.subarray(0, 5 * 4));
    const loss: Any = { backward: () => plan.outputGradient.fill(0.5, 0, 12) && 0 };
    gradients(plan, loss, 4);
    return plan.gradients.filter((_, at) => !plan.padding.includes(at));
  });
  expect(other).toEqual(one);
});

test('the length of an array of any length counts its values and no more', () => {
  const ws = workspace({ bytes: 1024 });
  const [x, y] = [ws.float32(20), ws.float32(20)];
  for (let n = 0; n <= 16; n++) {
    x.fill(NaN);
    y.fill(NaN);
    x.fill(3, 0, n);
    y.fill(1, 0, n);
    expect(bind(ws, 'distance', x, null)(n)).toBe(Math.sqrt(9 * n));
    expect(bind(ws, 'distance', x, y)(n)).toBe(Math.sqrt(4 * n));
  }
});
