// While threads make a step of a model, every function that is given one of its parameters, or the model, is an error that changes
// nothing. Here a model is only marked as in a step; test/threads has such steps.

import { expect, test } from 'vitest';
import { diagnose, init, type Model, nn, random } from '../../src/index.js';
import { setModelBusy } from '../../src/nn/model.js';
import type { Any } from '../check/case.js';
import { calls } from '../fuzz/calls.js';
import { replaceable } from '../fuzz/invalid.js';
import { hash, noise } from '../oracle.js';

const isTensor = (value: Any) => typeof value === 'object' && value !== null && 'data' in value && 'shape' in value;
const isModel = (value: Any) => typeof value?.forward === 'function' && 'layers' in value;

/** A call of the package that is given a parameter of a model in a step. Returns its error. */
async function errorOf(run: () => Any): Promise<string> {
  try {
    const result = await run();
    if (typeof result?.next === 'function') await result.next();
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

/** A model whose first weight has n values. */
const modelOf = (n: number) => nn.sequential([nn.linear(n, 1, { seed: 1, bias: false })]);
const weightOf = (model: Model) => model.parameters['0.weight'];

const named = calls.map((call, i): [string, (typeof calls)[number]] => [`${i} ${call.name}`, call]);
test.each(named)('%s', async (_, call) => {
  const count = replaceable(call, call.args()).length;
  for (let at = 0; at < count; at++) {
    const args = call.args();
    const [object, key] = replaceable(call, args)[at];
    const value = object[key];
    const kind = isModel(value)
      ? 'model'
      : isTensor(value)
        ? 'tensor'
        : value?.constructor === Float32Array
          ? 'array'
          : '';
    if (kind === '') continue;
    const model = kind === 'model' ? (value as Model) : modelOf((value.data ?? value).length);
    const kept = Object.values(model.parameters).map((one) => one.data);
    const before = kept.map(hash);
    if (kind === 'tensor') object[key] = weightOf(model);
    if (kind === 'array') object[key] = kept[0];
    setModelBusy(model, true);
    const error = await errorOf(() => call.run(...args));
    setModelBusy(model, false);
    expect(error, String(key)).toMatch(
      /is under way on threads; wait for it$|of which threads make a step; wait for it$/,
    );
    expect(kept.map(hash)).toEqual(before);
    // Afterwards the same call has no such error.
    expect(await errorOf(() => call.run(...args))).not.toMatch(/threads/);
  }
});

test('functions of a model, a draw into a part of a parameter, and a fix', async () => {
  const model = nn.sequential([
    ...Array.from({ length: 20 }, (_, i) => nn.linear(20, 20, { seed: i, activation: 'tanh' })),
    nn.linear(20, 3, { seed: 30 }),
  ]);
  const batch = { x: noise(1, 20 * 40), labels: Uint8Array.from({ length: 40 }, (_, i) => i % 3) };
  const fix = diagnose.probe(model, batch, { trial: false }).verdicts.find((verdict) => verdict.fix.apply)!.fix;
  const { data } = model.parameters['2.weight'];
  const before = hash(nn.save(model));
  const rng = random.philox(1);
  const state = JSON.stringify(rng.state());
  setModelBusy(model, true);
  for (const call of [
    () => fix.apply?.({ rng }),
    () => rng.normal({ out: data.subarray(3, 5) }),
    () => rng.normal({ out: new Float32Array(data.buffer, data.byteOffset - 4, 2) }),
    () => init.zeros([2, 10], { out: data.subarray(0, 20) }),
    () => model.forward(batch.x),
    () => model.parameters['2.weight'].data,
    () => nn.lsuv(model, batch.x, { rng }),
    () => nn.save(model),
    () => nn.fit(model, batch, { optimizer: nn.adam() }),
  ])
    expect(await errorOf(call)).toMatch(/^(fix|random|init|model|nn)\.\w+.*threads.*; wait for it$/);
  expect(JSON.stringify(rng.state())).toBe(state);
  expect(await errorOf(() => fix.apply?.({ rng }))).toMatch(/^fix\.apply: a step of this model is under way/);
  setModelBusy(model, false);
  expect(hash(nn.save(model))).toBe(before);
  fix.apply?.({ rng });
  expect(hash(nn.save(model))).not.toBe(before);
});

test('models beside one in a step are not in a step', () => {
  const models = [modelOf(20), modelOf(20), modelOf(20)];
  const [first, , last] = models.map(weightOf);
  expect(first.data.buffer).toBe(last.data.buffer);
  setModelBusy(models[1], true);
  for (const one of [first, last]) {
    init.ones(one);
    expect(one.data.every((v) => v === 1)).toBe(true);
  }
  setModelBusy(models[1], false);
});
