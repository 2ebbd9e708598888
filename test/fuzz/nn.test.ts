// Losses, networks and trainings with random arguments.

import fc from 'fast-check';
import { expect } from 'vitest';
import type { Row } from '../../src/activation/row.js';
import { type Activation, activations, parametersOf } from '../../src/activation/table.js';
import { diagnose, type Layer, loss, nn } from '../../src/index.js';
import { type LossRow, losses, type PointwiseLoss, parameterOf } from '../../src/nn/losses/pointwise.js';
import type { Any } from '../check/case.js';
import {
  allocator,
  bits,
  expectNear,
  functions,
  lengths,
  location,
  optionsOf,
  property,
  seeds,
  values,
} from './arbitraries.js';

property(
  'a loss of targets is its formula, its gradient the slope, its reductions sum and mean',
  40,
  fc.record({
    loss: fc
      .constantFrom(...(Object.keys(losses) as PointwiseLoss[]))
      .chain((name) =>
        fc.record({ name: fc.constant(name), options: optionsOf((losses[name] as LossRow).parameters) }),
      ),
    n: lengths,
    from: seeds,
    at: fc.tuple(location, location),
  }),
  ({ loss: { name, options }, n, from, at }) => {
    const { copyTo, guardsIntact } = allocator();
    const row: LossRow = losses[name];
    const a = Math.fround(parameterOf(name, row, options));
    const x = values(n, from, 6);
    const targets = row.shares ? values(n, from + 1, 1).map(Math.abs) : values(n, from + 1, 6);
    const passed = { [row.from]: x, targets, ...options };
    const f = loss[name] as Any;
    const each: Float32Array = f.forward({ ...passed, reduction: 'none' });
    const exactly = (v: number, i: number) => row.formula(v, targets[i], a);
    x.forEach((v, i) => expectNear(each[i], exactly(v, i), 6, 8 * (1 + a)));
    const sum = each.reduce((s, v) => s + v, 0);
    expect(f.forward({ ...passed, reduction: 'sum' })).toBe(sum);
    expect(f.forward(passed)).toBe(n === 0 ? 0 : sum / n);
    const dx: Float32Array = f.backward({ ...passed, reduction: 'sum' });
    x.forEach((v, i) => expectNear(dx[i], row.slope(v, targets[i], a), 6, 8 * (1 + a)));
    const dy = values(n, from + 2);
    const weighted: Float32Array = f.backward({ ...passed, reduction: 'none', dy });
    weighted.forEach((v, i) => expectNear(v, dx[i] * dy[i], 1));
    const inside = copyTo(at[0], x);
    f.backward({ ...passed, [row.from]: inside, targets: copyTo(at[1], targets), reduction: 'sum', out: inside });
    expect(bits(inside)).toBe(bits(dx));
    expect(guardsIntact()).toBe(true);
  },
);

property(
  'cross-entropy is its formula, with smoothing, weights and ignored labels',
  40,
  fc.record({
    rows: fc.integer({ min: 0, max: 7 }),
    columns: fc.integer({ min: 1, max: 20 }),
    from: seeds,
    smoothing: fc.constantFrom(0, 0.1, 1),
    weighted: fc.boolean(),
    ignoring: fc.boolean(),
    kind: fc.constantFrom<Any>(Uint8Array, Uint16Array, Uint32Array, Int32Array, Array),
    at: fc.tuple(location, location),
  }),
  ({ rows, columns, from, smoothing, weighted, ignoring, kind, at }) => {
    const { copyTo, guardsIntact } = allocator();
    const logits = values(rows * columns, from, 6);
    const ignoreIndex = ignoring ? 0 : undefined;
    const labels = kind.from({ length: rows }, (_: unknown, r: number) => (from + 7 * r) % columns);
    const weights = weighted ? values(columns, from + 1, 2).map(Math.abs) : undefined;
    const passed = { logits, labels, columns, labelSmoothing: smoothing, ignoreIndex, weights };
    const each = loss.crossEntropy.forward({ ...passed, reduction: 'none' });
    const w = (k: number) => weights?.[k] ?? 1;
    let count = 0;
    const dx = loss.crossEntropy.backward({ ...passed, reduction: 'sum' });
    for (let r = 0; r < rows; r++) {
      const row = Array.from(logits.subarray(r * columns, (r + 1) * columns));
      const label = labels[r];
      if (label === ignoreIndex) {
        expect(each[r]).toBe(0);
        continue;
      }
      count += w(label);
      const exactly = (x: number[]) => {
        const top = Math.max(...x);
        const sum = top + Math.log(x.reduce((s, v) => s + Math.exp(v - top), 0));
        const all = x.reduce((s, v, k) => s + w(k) * (sum - v), 0);
        return (1 - smoothing) * w(label) * (sum - x[label]) + (smoothing / columns) * all;
      };
      expectNear(each[r], exactly(row), 4, 30);
      row.forEach((v, k) => {
        const moved = (by: number) => exactly(row.map((u, i) => (i === k ? v + by : u)));
        expect(Math.abs(dx[r * columns + k] - (moved(1e-4) - moved(-1e-4)) / 2e-4)).toBeLessThan(1e-4);
      });
    }
    const sum = loss.crossEntropy.forward({ ...passed, reduction: 'sum' });
    expect(Math.abs(sum - each.reduce((s, v) => s + v, 0))).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(sum)));
    expect(loss.crossEntropy.forward(passed)).toBe(count === 0 ? 0 : sum / count);
    const inside = copyTo(at[0], logits);
    loss.crossEntropy.backward({ ...passed, logits: inside, reduction: 'sum', out: inside });
    expect(bits(inside)).toBe(bits(dx));
    expect(guardsIntact()).toBe(true);
  },
);

const widths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 4 });
const networks = fc.record({ widths, f: functions, seed: seeds, rows: fc.integer({ min: 1, max: 150 }) });
type Network = {
  widths: number[];
  f: { name: Activation; options: Record<string, unknown> };
  seed: number;
  rows: number;
};
/** Linear layers with an activation between them, fused or as layers of their own, and other layers behind each. */
function network({ widths, f: { name, options }, seed }: Network, fused: boolean, behind: () => Layer[] = () => []) {
  const layers = widths.slice(1).flatMap((width, l): Layer[] => {
    const last = l === widths.length - 2;
    const seeded = { seed: seed + l };
    if (last) return [nn.linear(widths[l], width, seeded)];
    if (fused) return [nn.linear(widths[l], width, { ...seeded, activation: [name, options] as Any }), ...behind()];
    return [nn.linear(widths[l], width, seeded), nn.activation(name, options), ...behind()];
  });
  return nn.sequential(layers);
}
const weights = (model: ReturnType<typeof nn.sequential>) =>
  Object.values(model.parameters)
    .map(({ data }) => bits(data))
    .join('|');
async function train(model: ReturnType<typeof nn.sequential>, data: Any, passed: object = {}) {
  const losses: number[] = [];
  const options = { epochs: 2, batchSize: 16, seed: 3, optimizer: nn.adam({ lr: 0.01 }), ...passed };
  for await (const { loss } of nn.fit(model, data, options as Any)) {
    losses.push(loss);
  }
  return losses;
}

property(
  'fused layers have the bits of unfused ones, a row those of a batch; a probe changes nothing, a file restores all',
  40,
  networks,
  async (net) => {
    const { widths, seed, rows } = net;
    const [inputs, outputs] = [widths[0], widths[widths.length - 1]];
    const x = values(rows * inputs, seed, 2);
    const labels = Uint8Array.from({ length: rows }, (_, r) => (seed + r * 7) % outputs);
    const data = { x, labels };
    const others = () => [nn.dropout({ p: 0.3, seed: 5 }), nn.prelu()];
    const [fused, apart] = [network(net, true, others), network(net, false, others)];
    const y = fused.forward(x);
    expect(bits(apart.forward(x))).toBe(bits(y));
    const r = rows >> 1;
    expect(bits(fused.forward(x.subarray(r * inputs, (r + 1) * inputs)))).toBe(
      bits(y.subarray(r * outputs, (r + 1) * outputs)),
    );
    const finite = y.every(Number.isFinite);
    const { loss: mean } = nn.evaluate(fused, data);
    const direct = loss.crossEntropy.forward({ logits: y, labels, columns: outputs });
    if (finite) expect(Math.abs(mean - direct)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(direct)));

    const before = weights(fused);
    const probe = diagnose.probe(fused, data, { trial: false, lr: 0.1 });
    expect(weights(fused)).toBe(before);
    expect(JSON.parse(JSON.stringify(probe))).toEqual(
      JSON.parse(JSON.stringify(structuredClone(JSON.parse(JSON.stringify(probe))))),
    );
    const steps = await train(fused, data, { probe: { every: 2 } });
    expect(await train(apart, data)).toEqual(steps);
    expect(weights(apart)).toBe(weights(fused));

    const bytes = nn.save(fused, { metadata: { of: 'a test' } });
    const other = network({ ...net, seed: seed + 99 }, true, others);
    const old = weights(other);
    if (Object.values(fused.parameters).every(({ data }) => data.every(Number.isFinite))) {
      expect(nn.load(bytes, other)).toEqual({ of: 'a test' });
      expect(weights(other)).toBe(weights(fused));
      expect(bits(other.forward(x))).toBe(bits(fused.forward(x)));
    } else {
      expect(() => nn.load(bytes, other)).toThrow(RangeError);
      expect(weights(other)).toBe(old);
    }
  },
);

/** The losses without a kink. */
const smoothLosses = Object.entries(losses as Record<string, LossRow>)
  .filter(([, { slope }]) => Math.abs(slope(1e-6, 0, 1) - slope(-1e-6, 0, 1)) < 1e-4)
  .map(([name]) => name);

/** The activations without a kink or a step. */
const smoothActivations = (Object.keys(activations) as Activation[]).filter((name) => {
  const row: Row = activations[name];
  const [a, b] = parametersOf(name, row, {});
  const f = (x: number) => row.formula(x, a, b);
  const [h, grid] = [1e-5, Array.from({ length: 1025 }, (_, i) => (i - 512) / 64)];
  return grid.every((x) => Math.abs(f(x + h) - 2 * f(x) + f(x - h)) < 1e-3 * h);
});
property(
  'a step follows the gradient: along it the loss changes by its square',
  20,
  fc.record({
    widths,
    seed: seeds,
    rows: fc.integer({ min: 1, max: 20 }),
    f: fc.constantFrom(...smoothActivations).map((name) => ({ name, options: {} })),
    named: fc.constantFrom('crossEntropy', ...smoothLosses),
  }) as fc.Arbitrary<Network & { named: Any }>,
  async ({ named, ...net }) => {
    const { widths, seed, rows } = net;
    const outputs = widths[widths.length - 1];
    const x = values(rows * widths[0], seed, 1);
    const targets = values(rows * outputs, seed + 1, 0.5).map(Math.abs);
    const data: Any =
      named === 'crossEntropy'
        ? { x, labels: Uint8Array.from({ length: rows }, (_, r) => r % outputs) }
        : { x, targets };
    const model = network(net, true);
    const before = Object.values(model.parameters).map(({ data }) => data.slice());
    await train(model, data, { epochs: 1, batchSize: rows, loss: named, optimizer: nn.sgd({ lr: 1 }) });
    const gradient = Object.values(model.parameters).map(({ data }, k) => before[k].map((w, i) => w - data[i]));
    const square = gradient.reduce((sum, g) => sum + g.reduce((s, v) => s + v * v, 0), 0);
    const h = 2e-2 / Math.sqrt(square + 1e-12);
    const [up, down] = [h, -h].map((by) => {
      Object.values(model.parameters).forEach(({ data }, k) =>
        data.set(before[k].map((w, i) => w + by * gradient[k][i])),
      );
      return nn.evaluate(model, data, { loss: named }).loss;
    });
    // The difference of two losses in binary32 has about five digits, fewer where the gradient is small.
    expect(Math.abs((up - down) / (2 * h) - square)).toBeLessThan(0.02 * square + 2e-5 * Math.sqrt(square) + 1e-9);
  },
);
