// What an engine threw stays the cause of our error, and an error is not taken for one of another cause.

import { expect, test } from 'vitest';
import { activation, diagnose, nn, random, safetensors } from '../../src/index.js';
import { workspace } from '../../src/threads.js';

/** The error that a call throws. */
function errorOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('no error was thrown');
}

test('no memory for an array, and an array without its memory', () => {
  expect(errorOf(() => random.philox(0).normal(2 ** 45)).cause).toBeInstanceOf(RangeError);
  const gone = new Float32Array(4);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const { message, cause } = errorOf(() => activation.relu.forward(gone));
  expect(message).toContain('x is detached');
  expect(cause).toBeInstanceOf(TypeError);
});

test('a damaged progress of a training', () => {
  const model = nn.sequential([nn.linear(2, 2, { seed: 0 })]);
  const { tensors } = safetensors.decode(nn.save(model));
  const resume = safetensors.encode(tensors, { metadata: { 'fanwise.training': '{' } });
  const fit = () => nn.fit(model, { x: new Float32Array(2), labels: [0] }, { optimizer: nn.sgd({ lr: 0 }), resume });
  const { message, cause } = errorOf(fit);
  expect(message).toContain('resume has no training to go on from');
  expect(cause).toBeInstanceOf(SyntaxError);
});

test('a RangeError of one’s own activation is not taken for a theory without an edge of chaos', () => {
  const theory = (beyond: () => number) =>
    diagnose.theory({
      widths: [10, 10, 10],
      activation: (x) => (Math.abs(x) > 1000 ? beyond() : Math.max(0, x)),
      weightVariance: 1,
      biasVariance: 1,
    });
  expect(theory(() => Number.NaN).critical).toBe(null);
  expect(() =>
    theory(() => {
      throw new RangeError('beyond my table');
    }),
  ).toThrow(/^beyond my table$/);
});

test('a thread that does not start for what the engine says', async () => {
  const { getBuiltinModule } = process;
  class Worker {
    constructor() {
      throw new Error('Access to this API has been restricted');
    }
  }
  process.getBuiltinModule = (() => ({ Worker })) as never;
  try {
    const error = await workspace({ bytes: 64, threads: 2 }).catch((error) => error);
    expect(error.message).toBe(
      'workspace: a thread could not be started; Error: Access to this API has been restricted',
    );
    expect(error.cause.message).toBe('Access to this API has been restricted');
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
});

test('an initialiser that is unknown is not one that cannot be made in parts', async () => {
  const ws = await workspace({ bytes: 1024, threads: 1 });
  const out = ws.float32(4);
  await expect(ws.init('orthogonal' as never, [2, 2], { out })).rejects.toThrow(/cannot be made in parts/);
  await expect(ws.init('xavierNorml' as never, [2, 2], { out })).rejects.toThrow(
    /workspace\.init: name is the string "xavierNorml"; pass one of zeros, ones/,
  );
  await ws.close();
});
