// The arrays of a model's tensors stay where they are, whatever is done with the model, and have the latest values. Models that share
// memory, and trainings in memory of their own, have the bits of those that do not.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diagnose, init, type Layer, loss, type Model, nn, tensor } from '../../src/index.js';
import { planFor, valuesOf } from '../../src/nn/model.js';
import type { Any } from '../check/case.js';
import { property } from '../fuzz/arbitraries.js';
import { hash, noise } from '../oracle.js';

/** y = scale x, by a layer of one's own, which counts its training passes in a parameter that no gradient changes. */
function scaling(n: number, teacher?: Model): Layer {
  const scale = tensor([n], new Float32Array(n).fill(1));
  const count = tensor([1]);
  return {
    kind: 'scaling',
    inputs: n,
    outputs: n,
    parameters: { scale, count },
    scratch: 0,
    inPlace: false,
    keepsOutput: false,
    bind({ x, y, dx, dy, gradients }) {
      const forward = (rows: number) => {
        teacher?.forward(noise(rows, 4 * rows)); // another model within a pass of this one
        for (let i = 0; i < rows * n; i++) y[i] = scale.data[i % n] * x[i];
      };
      return {
        forward,
        train(rows) {
          count.data[0]++;
          forward(rows);
        },
        backward(rows) {
          gradients.scale.fill(0);
          gradients.count.fill(0);
          for (let i = 0; i < rows * n; i++) {
            gradients.scale[i % n] += x[i] * dy[i];
            if (dx) dx[i] = scale.data[i % n] * dy[i];
          }
        },
      };
    },
  };
}

/** Models of four inputs and two outputs: two on shared memory, one with layers of one's own, and a wide one. */
const kinds: (() => Model)[] = [
  () => nn.sequential([nn.linear(4, 8, { seed: 1 }), nn.activation('tanh'), nn.linear(8, 2, { seed: 2 })]),
  () =>
    nn.sequential([
      nn.linear(4, 6, { seed: 3, activation: 'gelu' }),
      nn.prelu(6),
      nn.dropout({ p: 0.3, seed: 1 }),
      nn.swiglu(3),
      nn.linear(3, 2, { seed: 4, bias: false }),
    ]),
  () => nn.sequential([nn.linear(4, 5, { seed: 5 }), scaling(5, kinds[0]()), nn.linear(5, 2, { seed: 6 })]),
  () => nn.sequential([nn.linear(4, 1100, { seed: 7, activation: 'relu' }), nn.linear(1100, 2, { seed: 8 })]),
];
const dataOf = (rows: number) => ({
  x: noise(1, 4 * rows),
  labels: Uint8Array.from({ length: rows }, (_, i) => (i * 7) % 2),
});
const data = dataOf(23);
/** More rows than are planned for the wide model: a probe computes in other memory. */
const manyRows = dataOf(150);

/** An optimizer that asks for more state than is planned, so that the training has memory of its own. */
const apart = (optimizer: ReturnType<typeof nn.adam>) => ({ ...optimizer, slots: optimizer.slots + 5 });

/** What is done with a model under training. Results are those that anyone can see. */
class Session {
  readonly model: Model;
  private steps: ReturnType<typeof nn.fit> | undefined;
  private file: Uint8Array | undefined;
  private readonly kept: Record<string, Float32Array> = {};
  constructor(
    kind: number,
    private readonly isApart: boolean,
  ) {
    this.model = kinds[kind]();
  }
  async run(action: number, at: number): Promise<unknown> {
    const { model } = this;
    const tensors = Object.entries(model.parameters);
    const [name, one] = tensors[at % tensors.length];
    const result = await [
      async () => {
        const optimizer = [nn.adam(), nn.sgd({ lr: 0.1, momentum: 0.5 })][at % 2];
        const o = { epochs: 9, batchSize: 4 + (at % 9), seed: at, clipNorm: 1, probe: { every: 3 } };
        this.steps = nn.fit(model, data, { ...o, optimizer: this.isApart ? apart(optimizer) : optimizer });
        return (await this.steps.next()).value;
      },
      async () => (await this.steps?.next())?.value,
      async () => (await this.steps?.next())?.value,
      async () => void (await this.steps?.return()),
      () => hash((this.kept[name] ??= one.data)),
      () => void ((this.kept[name] ?? one.data)[0] += 0.5),
      () => void init.normal(one, { seed: at, std: 0.2 }),
      () => Array.from(model.forward(data.x)),
      () => nn.evaluate(model, data),
      () =>
        diagnose
          .probe(model, [data, manyRows][at % 2], { trial: false })
          .layers.map(({ mean, weight }) => [mean, weight?.norm]),
      () => hash((this.file = nn.save(model))),
      () => this.file && nn.load(this.file, model),
      () => nn.lsuv(model, data.x, { seed: at }),
    ][action]();
    // Whoever took an array has the latest values in it, without asking again.
    const latest = Object.fromEntries(Object.entries(this.kept).map(([key, array]) => [key, hash(array)]));
    for (const [key, array] of Object.entries(this.kept)) expect(array).toBe(model.parameters[key].data);
    // Not after each action: this itself copies the newest values to the own arrays.
    if (at === 0) for (const [key, values] of valuesOf(model)) expect(latest[key] ?? hash(values)).toBe(hash(values));
    return [result, latest];
  }
}

const ACTIONS = 13;
const program = fc.array(
  fc.tuple(fc.nat(3), fc.integer({ min: 0, max: ACTIONS - 1 }), fc.nat(12)),
  { minLength: 5, maxLength: 60 }, // which model, what is done, and with what
);

/** The results of each model's actions; of all models at the same time, or of one. */
async function results(actions: [number, number, number][], isApart: boolean, only?: number) {
  const sessions = kinds.map((_, kind) => new Session(kind, isApart));
  const all: unknown[][] = kinds.map(() => []);
  for (const [which, action, at] of actions)
    if (only === undefined || only === which) all[which].push(await sessions[which].run(action, at));
  const weights = sessions.map(({ model }) => valuesOf(model).map(([, values]) => hash(values)));
  return kinds.map((_, i) => [all[i], weights[i]]);
}

property('models side by side have the bits of each alone, in place or apart', 40, program, async (actions) => {
  const together = await results(actions, false);
  expect(await results(actions, true)).toEqual(together);
  for (const i of kinds.keys()) expect((await results(actions, false, i))[i]).toEqual(together[i]);
});

describe('an array of a parameter', () => {
  test.each([1, 128, 129, 5000])(
    'is the same before and after a training of %i rows a step, and has its values',
    async (n) => {
      for (const make of kinds) {
        const [model, unseen] = [make(), make()];
        const arrays = Object.values(model.parameters).map((one) => one.data);
        const many = { x: noise(2, 4 * n), labels: new Uint8Array(n) };
        const o = () => ({
          epochs: 2,
          batchSize: n,
          seed: 0,
          optimizer: nn.rmsprop({ momentum: 0.5, centered: true }),
        });
        for await (const _ of nn.fit(model, many, o()));
        for await (const _ of nn.fit(unseen, many, o()));
        expect(Object.values(model.parameters).map((one) => one.data === arrays.shift())).not.toContain(false);
        expect(hash(nn.save(model))).toBe(hash(nn.save(unseen)));
        for (const [name, one] of Object.entries(model.parameters))
          expect(hash(one.data)).toBe(hash(unseen.parameters[name].data));
      }
    },
  );

  test('assigned is an error that changes nothing; its tensor is that of the layer', () => {
    const layer = nn.linear(2, 3, { seed: 1 });
    const model: Model = nn.sequential([layer, scaling(3)]);
    for (const name of Object.keys(model.parameters)) {
      const one = model.parameters[name] as Any;
      const { data } = one;
      const assign = () => {
        one.data = new Float32Array(data.length);
      };
      expect(assign).toThrow(TypeError);
      expect(assign).toThrow(/^model\.parameters: data is assigned, .*; use data\.set\(values\)$/);
      expect(() => Object.defineProperty(one, 'data', { value: data })).toThrow(TypeError);
      expect(one.data).toBe(data);
      expect({ ...one }).toEqual({ shape: one.shape, data });
      expect(() => {
        (model.parameters as Any)[name] = tensor(one.shape);
      }).toThrow(TypeError);
    }
    expect(() => {
      (layer.parameters as Any).weight = tensor([3, 2]);
    }).toThrow(TypeError);
    expect(model.parameters['0.weight']).toBe(layer.weight);
  });

  test('of a model dropped long ago is read and written as before', () => {
    const arrays = Array.from({ length: 3000 }, (_, i) => {
      const { data } = nn.sequential([nn.linear(4, 8, { seed: i })]).parameters['0.weight'];
      return [data.fill(i), data.subarray(1, 3)];
    });
    const found = arrays.map(([whole, part]) => [whole.every((v) => v === whole[0]), whole[31], part[1]]);
    expect(found).toEqual(arrays.map((_, i) => [true, i, i]));
  });
});

describe('a row of a million inputs', () => {
  const n = 1_000_000;
  const x = noise(3, 3 * n, 0.01);
  const targets = Float32Array.of(1, -1, 0.5);
  test('is planned by bytes, and trains', async () => {
    const model = nn.sequential([nn.linear(n, 1, { seed: 0 })]);
    const plan = planFor('a test', model);
    expect(plan.batchSize).toBe(16);
    expect(plan.ws.bytes).toBeLessThan(90 * 2 ** 20);
    const before = nn.evaluate(model, { x, targets }, { loss: 'meanSquaredError' }).loss;
    const o = { loss: 'meanSquaredError', epochs: 3, batchSize: 2, optimizer: nn.sgd({ lr: 1e-2 }), seed: 0 } as const;
    for await (const _ of nn.fit(model, { x, targets }, o));
    const outputs = model.forward(x);
    const after = nn.evaluate(model, { x, targets }, { loss: 'meanSquaredError' }).loss;
    expect(after).toBe(loss.meanSquaredError.forward({ outputs, targets }));
    expect(after).toBeLessThan(before / 2);
  });
  test('too long for 128 rows in 64 MiB is planned for a few', () => {
    expect(planFor('a test', nn.sequential([nn.linear(4_200_000, 1, { seed: 0 })])).batchSize).toBe(3);
  });
});

test('layers that are none are errors in our words', () => {
  const layer = (o: Any) => () => nn.sequential([nn.linear(2, 3, { seed: 1 }), { ...scaling(3), ...o }]);
  expect(layer({ parameters: { scale: { shape: [3], data: noise(1, 2) } } })).toThrow(
    /^nn\.sequential: scale of layers\[1\]: the data has 2 values and shape \[3\] 3; make them the same$/,
  );
  expect(layer({ parameters: { scale: 1 } })).toThrow(/^nn\.sequential: scale of layers\[1\] is 1; pass a tensor$/);
  expect(layer({ parameters: { scale: Object.freeze({ shape: [3], data: noise(1, 3) }) } })).toThrow(
    /^nn\.sequential: scale of layers\[1\] is frozen, or of a model of another copy of fanwise; make a tensor of its own$/,
  );
  for (const value of [undefined, null, 1])
    expect(layer({ parameters: value })).toThrow(
      new RegExp(`^nn\\.sequential: parameters of layers\\[1\\] is ${value}; pass tensors by name$`),
    );
  expect(layer({ scratch: '1' })).toThrow(/^nn\.sequential: scratch of layers\[1\] is the string "1"/);
  expect(layer({ outputs: 1.5 })).toThrow(/^nn\.sequential: outputs of layers\[1\] is 1\.5/);
  const foreign = noise(1, 3);
  expect(layer({ bind: ({ kernel, x, y }: Any) => kernel('prelu', foreign, x, x, y) })).toThrow(
    /^nn\.sequential: a layer binds prelu to an array of other memory; pass those of its memory, or a tensor's data of now$/,
  );
});

test('where a layer of one’s own cannot be bound, the other layers can be used again', () => {
  const layer = nn.linear(2, 3, { seed: 1 });
  const before = hash(layer.weight.data);
  const bad = { ...scaling(3), bind: () => nothing() };
  const nothing = (): never => {
    throw new Error('not today');
  };
  for (let i = 0; i < 3; i++) expect(() => nn.sequential([layer, bad])).toThrow('not today');
  expect(hash(layer.weight.data)).toBe(before);
  layer.weight.data.fill(0.5);
  const { data } = layer.weight;
  (layer.weight as Any).data = data.slice();
  const model = nn.sequential([layer]);
  expect([...model.forward(Float32Array.of(1, 1))]).toEqual([...layer.bias!.data].map((b) => Math.fround(b + 1)));
  expect(() => nn.sequential([layer])).toThrow(/layers\[0\] has a tensor of another model/);
  expect(() => void ((layer.weight as Any).data = data)).toThrow(/data is assigned/);
});
