// Networks, theory, files and memory under arguments that nobody chose, and every call with one argument wrong.

import fc from 'fast-check';
import { expect } from 'vitest';
import type { Activation } from '../../src/activation/table.js';
import {
  activation,
  diagnose,
  gain,
  type Layer,
  loss,
  nn,
  npy,
  random,
  safetensors,
  tensor,
  workspace,
} from '../../src/index.js';
import { type LossRow, losses } from '../../src/nn/losses/pointwise.js';
import { calls } from './calls.js';
import { type Any, bits, functions, place, property, room, seeds, shapes, values } from './cases.js';
import { OURS, snapshot, spots, strange } from './strange.js';

const widths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 4 });
const networks = fc.record({ widths, f: functions, seed: seeds, rows: fc.integer({ min: 1, max: 150 }) });
type Network = {
  widths: number[];
  f: { name: Activation; options: Record<string, unknown> };
  seed: number;
  rows: number;
};
/** A chain of linear layers with an activation between them, in the product or behind it. */
function network({ widths, f: { name, options }, seed }: Network, fused: boolean, more: () => Layer[] = () => []) {
  const layers = widths.slice(1).flatMap((width, l): Layer[] => {
    const last = l === widths.length - 2;
    const o = { seed: seed + l };
    if (last) return [nn.linear(widths[l], width, o)];
    if (fused) return [nn.linear(widths[l], width, { ...o, activation: [name, options] as Any }), ...more()];
    return [nn.linear(widths[l], width, o), nn.activation(name, options), ...more()];
  });
  return nn.sequential(layers);
}
const weights = (model: ReturnType<typeof nn.sequential>) =>
  Object.values(model.parameters)
    .map(({ data }) => bits(data))
    .join('|');
async function train(model: ReturnType<typeof nn.sequential>, data: Any, o: object = {}, each = () => {}) {
  const made: number[] = [];
  const options = { epochs: 2, batchSize: 16, seed: 3, optimizer: nn.adam({ lr: 0.01 }), ...o };
  for await (const { loss } of nn.fit(model, data, options as Any)) {
    made.push(loss);
    each();
  }
  return made;
}

property(
  'fused layers are unfused ones, rows are alone what they are together, a probe and a file change nothing',
  40,
  networks,
  async (net) => {
    const { widths, seed, rows } = net;
    const [inputs, outputs] = [widths[0], widths[widths.length - 1]];
    const x = values(rows * inputs, seed, 2);
    const labels = Uint8Array.from({ length: rows }, (_, r) => (seed + r * 7) % outputs);
    const data = { x, labels };
    const dropped = () => [nn.dropout({ p: 0.3, seed: 5 }), nn.prelu()];
    const [fused, apart] = [network(net, true, dropped), network(net, false, dropped)];
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
    const probe = diagnose.probe(fused, data, { lr: 0.1 });
    expect(weights(fused)).toBe(before);
    expect(JSON.parse(JSON.stringify(probe))).toEqual(
      JSON.parse(JSON.stringify(structuredClone(JSON.parse(JSON.stringify(probe))))),
    );
    const steps = await train(fused, data, { probe: { every: 2 } });
    expect(await train(apart, data)).toEqual(steps);
    expect(weights(apart)).toBe(weights(fused));

    const bytes = nn.save(fused, { metadata: { of: 'a test' } });
    const other = network({ ...net, seed: seed + 99 }, true, dropped);
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

/** The losses whose slope has no jump, beside which a straight line is no longer near. */
const smooth = Object.entries(losses as Record<string, LossRow>)
  .filter(([, { slope }]) => Math.abs(slope(1e-6, 0, 1) - slope(-1e-6, 0, 1)) < 1e-4)
  .map(([name]) => name);
property(
  'a step goes along the gradient: the loss falls by its square',
  20,
  fc.record({
    widths,
    seed: seeds,
    rows: fc.integer({ min: 1, max: 20 }),
    f: fc
      .constantFrom('tanh', 'sigmoid', 'softplus', 'silu', 'gelu', 'mish', 'squareplus', 'softsign')
      .map((name) => ({ name, options: {} })),
    named: fc.constantFrom('crossEntropy', ...smooth),
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
    const at = Object.values(model.parameters).map(({ data }) => data.slice());
    await train(model, data, { epochs: 1, batchSize: rows, loss: named, optimizer: nn.sgd({ lr: 1 }) });
    const gradient = Object.values(model.parameters).map(({ data }, k) => at[k].map((w, i) => w - data[i]));
    const square = gradient.reduce((sum, g) => sum + g.reduce((s, v) => s + v * v, 0), 0);
    const h = 2e-2 / Math.sqrt(square + 1e-12);
    const [up, down] = [h, -h].map((by) => {
      Object.values(model.parameters).forEach(({ data }, k) => data.set(at[k].map((w, i) => w + by * gradient[k][i])));
      return nn.evaluate(model, data, { loss: named }).loss;
    });
    // Of binary32 losses a difference has five digits, of small gradients fewer.
    expect(Math.abs((up - down) / (2 * h) - square)).toBeLessThan(0.02 * square + 2e-5 * Math.sqrt(square) + 1e-9);
  },
);

/** Every number finite, nothing undefined: what JSON keeps. */
function plain(value: unknown, path = ''): void {
  if (typeof value === 'number') expect(Number.isFinite(value), path).toBe(true);
  else if (typeof value === 'object' && value !== null)
    for (const [key, part] of Object.entries(value)) plain(part, `${path}.${key}`);
  else expect(['string', 'boolean', 'object'], path).toContain(typeof value);
}

property(
  'theory is finite and safe for JSON, whatever the network',
  20,
  fc.record({
    widths: fc.array(fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 100_000 })), {
      minLength: 2,
      maxLength: 30,
    }),
    f: functions,
    variance: fc.oneof(fc.double({ min: 0, max: 8, noNaN: true }), fc.constantFrom(0, 1e-30, 1e30)),
    bias: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 4, noNaN: true })),
    data: fc.oneof(fc.constant(1), fc.constantFrom(0, 1e-30, 1e30), fc.double({ min: 0, max: 100, noNaN: true })),
    initialiser: fc.option(fc.constantFrom('xavierNormal', 'kaimingUniform', 'lecunNormal', 'zeros', 'kerasHeNormal')),
  }),
  ({ widths, f: { name, options }, variance, bias, data, initialiser }) => {
    const made = initialiser ? { initialiser } : { weightVariance: variance };
    let told: unknown;
    try {
      told = diagnose.theory({
        widths,
        activation: [name, options] as Any,
        biasVariance: bias,
        meanSquare: data,
        ...made,
      });
    } catch (error) {
      // Some parameters make a function that is too rough, or lets nothing through.
      expect(error).toBeInstanceOf(RangeError);
      expect((error as Error).message).toMatch(/^[\w.]+: .*; /);
      return;
    }
    plain(told);
    expect(JSON.parse(JSON.stringify(told))).toEqual(told);
  },
);

property('a gain is finite, or an error that says why', 20, functions, ({ name, options }) => {
  try {
    const { forward, ...rest } = gain.describe(name, options);
    expect(forward > 0 && Number.isFinite(forward)).toBe(true);
    expect(Object.values(rest).every((v) => v >= 0)).toBe(true);
    expect(gain(name, options)).toBe(forward);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toMatch(/^gain[\w.]*: .*; /);
  }
});

property(
  'tensors come back from a file, whatever their names and shapes',
  30,
  fc.record({
    named: fc.dictionary(fc.string({ unit: 'grapheme' }), shapes, { maxKeys: 6 }),
    from: seeds,
    metadata: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
    at: place,
  }),
  ({ named, from, metadata, at }) => {
    const { put } = room();
    const tensors = Object.fromEntries(
      Object.entries(named)
        .filter(([name]) => name !== '__metadata__')
        .map(([name, shape]) => [
          name,
          tensor(
            shape,
            put(
              at,
              values(
                shape.reduce((a, b) => a * b, 1),
                from,
                4,
                true,
              ),
            ),
          ),
        ]),
    );
    const back = safetensors.decode(safetensors.encode(tensors, { metadata }));
    expect(Object.keys(back.tensors).sort()).toEqual(Object.keys(tensors).sort());
    expect({ ...back.metadata }).toEqual({ ...metadata });
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      const copy = Object.getOwnPropertyDescriptor(back.tensors, name)?.value;
      expect([copy.shape, bits(copy.data)]).toEqual([shape, bits(data)]);
      const one = npy.decode(npy.encode({ shape, data }));
      expect([one.shape, bits(one.data)]).toEqual([shape, bits(data)]);
    }
  },
);

property(
  'arrays of a workspace are apart, to its last byte',
  20,
  fc.record({
    sizes: fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 12 }),
    spare: fc.nat(40),
    words: fc.boolean(),
  }),
  ({ sizes, spare, words }) => {
    const bytes = sizes.reduce((sum, n) => sum + 16 * Math.ceil(n / 4), 0);
    const [ws, other] = [workspace({ bytes: bytes + spare }), workspace({ bytes: 4096 })];
    const beside = other.float32(1024).fill(-1);
    const arrays = sizes.map((n) => (words ? ws.uint32(n) : ws.float32(n)));
    arrays.forEach((a, i) => a.fill(i + 1));
    arrays.forEach((a, i) => expect(a.every((v) => v === i + 1)).toBe(true));
    expect(() => ws.float32((spare >> 2) + 8)).toThrow(/^workspace\.float32: \d+ bytes asked and \d+ left; make/);
    if (!words) {
      const floats = arrays as Float32Array[];
      floats.forEach((a) => void activation.relu.forward(a, { out: a }));
      floats.forEach((a) => void random.philox(1).normal({ out: a }));
      floats.forEach((a) => expect(bits(a)).toBe(bits(random.philox(1).normal(a.length))));
    }
    expect(beside.every((v) => v === -1)).toBe(true);
  },
);

property(
  'one wrong argument is an error in the words of the package that changes nothing, or it is right',
  300,
  fc.record({
    call: fc.constantFrom(...calls),
    which: fc.nat(30),
    by: fc.constantFrom(...strange),
    more: fc.boolean(),
  }),
  async ({ call, which, by, more }) => {
    const args = call.args();
    const all = spots(call, args);
    const [target, key] = all[which % all.length];
    target[key] = by();
    if (more && target !== args) target.strangerThanThat = 1;
    const before = snapshot(args);
    try {
      const made = call.run(...args) as Any;
      if (typeof made?.next === 'function') await made.next();
    } catch (error) {
      const { message } = error as Error;
      expect(error instanceof TypeError || error instanceof RangeError, `${call.name}: ${error}`).toBe(true);
      expect(message).toMatch(OURS);
      expect(snapshot(args)).toEqual(before);
    }
  },
);
