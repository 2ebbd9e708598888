// Values of another realm (a frame, a node:vm context as Jest has it): they are values like ours. And what only looks like one.

import { createContext, runInContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import {
  activation,
  diagnose,
  gain,
  init,
  loss,
  nn,
  npy,
  random,
  safetensors,
  softmax,
  tensor,
  workspace,
} from '../../src/index.js';
import type { Any } from '../check/case.js';
import { hash } from '../oracle.js';

const context = createContext({});
const there = <T>(text: string): T => runInContext(text, context);
const Floats = there<Float32ArrayConstructor>('Float32Array');
const Words = there<Uint32ArrayConstructor>('Uint32Array');
const Bytes = there<Uint8ArrayConstructor>('Uint8Array');

/** A value as the other realm has it. */
function foreign(value: unknown): Any {
  if (value instanceof Float32Array) return new Floats(value);
  if (value instanceof Uint32Array) return new Words(value);
  if (value instanceof Uint8Array) return new Bytes(value);
  if (Array.isArray(value)) return there<ArrayConstructor>('Array').from(value, foreign);
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    const made = there<Record<string, unknown>>('({})');
    for (const [key, one] of Object.entries(value)) made[key] = foreign(one);
    return made;
  }
  return value;
}
const is = <T>(value: T): T => value;

/** Calls that are made with values of this realm, and with the same of the other. */
const x = random.philox(1).normal(12);
const calls: Record<string, (of: <T>(value: T) => T) => unknown> = {
  'a draw into an array': (of) => random.philox(0).normal(of({ out: of(new Float32Array(70)), std: 2 })),
  'a slice': (of) => random.philox(0).uniform(9, of({ slice: of([2, 7]) })),
  'bits into an array': (of) => random.torch(0).bits(of({ out: of(new Uint32Array(9)) })),
  'a state': (of) => random.restore(of(random.torch(3).state())).uniform(5),
  'a release': (of) => random.torch(0, of({ release: '2.11' })).normal(20),
  'an initialiser': (of) =>
    init.kaimingNormal(of([4, 3]), of({ seed: 1, mode: 'fanOut', out: of(new Float32Array(12)) })),
  'an initialiser of a tensor': (of) =>
    init.orthogonal(of({ shape: of([4, 3]), data: of(new Float32Array(12)) }), { seed: 1 }).data,
  'a tensor': (of) => tensor(of([3, 4]), of(x)).data,
  'gain of a name': (of) => gain('leakyRelu', of({ slope: 0.2 })),
  'an activation': (of) => activation.tanh.forward(of(x)),
  'an activation of few values, into an array': (of) =>
    activation.tanh.forward(of(x), { out: of(new Float32Array(12)) }),
  'an activation of many': (of) =>
    activation.gelu.forward(of(new Float32Array(40_000).fill(0.3)), of({ approximate: 'tanh' })),
  'a part of an array': (of) =>
    activation.relu.forward(of(x).subarray(3, 9), { out: of(new Float32Array(8)).subarray(1, 7) }),
  'an activation backward': (of) =>
    activation.leakyRelu.backward(of({ y: of(x), dy: of(x), slope: 0.5, out: of(new Float32Array(12)) })),
  'in place': (of) => {
    const inPlace = of(x.slice());
    return activation.silu.forward(inPlace, { out: inPlace });
  },
  'from and into a workspace': (of) => {
    const out = workspace(of({ bytes: 64 })).float32(12);
    return activation.softplus.forward(of(x), of({ out, beta: 2 }));
  },
  'gated units': (of) => activation.swiglu.forward(of(x), of({ columns: 4 })),
  prelu: (of) =>
    activation.prelu.forward(of(x), of({ slopes: of(Float32Array.of(0.1, 0.2, 0.3)), shape: of([4, 3]) } as Any)),
  dropout: (of) => activation.dropout.forward(of(x), of({ seed: 2 })),
  'softmax along an axis': (of) => softmax.forward(of(x), of({ shape: of([3, 4]), axis: 0 })),
  'cross-entropy': (of) =>
    loss.crossEntropy.backward(
      of({ logits: of(x), labels: of(Uint32Array.of(0, 2, 1)), columns: 4, weights: of(Float32Array.of(1, 2, 3, 4)) }),
    ),
  'cross-entropy without reduction, of labels in a list': (of) =>
    loss.crossEntropy.forward(of({ logits: of(x), labels: of([0, 2, 1]), columns: 4, reduction: 'none' })),
  'a loss of targets': (of) =>
    loss.huber.forward(of({ outputs: of(x), targets: of(x.slice().fill(1)), delta: 2 } as Any)),
  'a model': (of) => {
    const layers = [
      nn.linear(4, 5, of({ seed: 1, activation: of(['elu', of({ alpha: 2 })] as const) })),
      nn.linear(5, 2, { seed: 2 }),
    ];
    return nn.sequential(of([0, 1]).map((i) => layers[i])).forward(of(x));
  },
  'a probe': (of) => {
    const model = nn.sequential([nn.linear(4, 3, { seed: 1 })]);
    const { loss } = diagnose.probe(model, of({ x: of(x), labels: of(Uint8Array.of(1, 0, 2)) }), { trial: false });
    return loss;
  },
  'the theory': (of) =>
    JSON.stringify(diagnose.theory(of({ widths: of([9, 9, 9]), activation: 'tanh', weightVariance: 1 }))),
  'a file': (of) => npy.decode(of(npy.encode(tensor([12], x)))).data,
  'a model’s file': (of) => {
    const { tensors } = safetensors.decode(of(safetensors.encode(of({ a: of({ shape: of([12]), data: of(x) }) }))));
    return tensors.a.data;
  },
};

test.each(Object.entries(calls))('%s', (_, call) => {
  const result = (of: <T>(value: T) => T) => {
    const value = call(of);
    return ArrayBuffer.isView(value) ? hash(value) : value;
  };
  expect(result(foreign)).toEqual(result(is));
});

test('training', async () => {
  const train = async (of: <T>(value: T) => T) => {
    const model = nn.sequential([nn.linear(4, 3, { seed: 1 })]);
    const data = of({ x: of(x), labels: of([1, 0, 2]) });
    const schedule = there<() => number>('(epoch, lr) => lr / (1 + epoch)');
    const o = of({
      epochs: 3,
      batchSize: 2,
      optimizer: nn.adam(of({ lr: 0.1, betas: of([0.8, 0.9] as const) })),
      loss: of(['crossEntropy', of({ labelSmoothing: 0.1 })] as const),
      schedule,
      seed: 4,
    });
    for await (const _ of nn.fit(model, data, o));
    return hash(model.parameters['0.weight'].data);
  };
  expect(await train(foreign)).toBe(await train(is));
});

describe('wrong values of another realm are refused in the same words', () => {
  const gone = there<Float32Array>('new Float32Array(3)');
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const wrong: [name: string, value: unknown, says: RegExp][] = [
    ['shared memory', there('new Float32Array(new SharedArrayBuffer(12))'), /x is on shared memory/],
    ['an array without its memory', gone, /x is detached/],
    [
      'another class',
      there('new Float64Array(3)'),
      /x is a Float64Array of 3; pass a Float32Array; Float32Array\.from\(x\) makes one/,
    ],
    ['a list', there('[1, 2]'), /x is the array \[1, 2\]; pass a Float32Array; Float32Array\.from\(x\) makes one/],
    ['a buffer', there('new ArrayBuffer(8)'), /x is an ArrayBuffer; pass a Float32Array$/],
    ['an error', there('new Error()'), /x is an Error; pass a Float32Array$/],
    ['an object', there('({})'), /x is an object; pass a Float32Array$/],
    ['an object without a prototype', there('Object.create(null)'), /x is an object; pass a Float32Array$/],
  ];
  test.each(wrong)('%s', (_, value, says) => {
    expect(() => activation.relu.forward(value as Any)).toThrow(says);
    expect(() => activation.relu.forward(value as Any)).toThrow(TypeError);
  });
  test('options', () => {
    expect(() => random.philox(0).normal(2, there('({ sdt: 2 })'))).toThrow(/unknown option sdt/);
    expect(() => random.philox(0).normal(2, there('[2]'))).toThrow(/the options are the array \[2\]/);
    expect(() => random.philox(0).normal(2, there('({ std: null })'))).toThrow(/std is null/);
  });
  test('an error of another realm comes through as it is', () => {
    const error = there<Error>('new RangeError("mine")');
    const thrown = (): never => {
      throw error;
    };
    expect(() => gain(thrown)).toThrow(error);
    expect(() => diagnose.theory({ widths: [9, 9, 9], activation: thrown, weightVariance: 1 })).toThrow(error);
  });
});

describe('what only looks like a Float32Array', () => {
  const look = /x is no Float32Array but a Proxy or an heir of one; pass the array itself$/;
  const alike: [name: string, value: unknown][] = [
    ['a Proxy', new Proxy(new Float32Array(3), {})],
    ['a Proxy of another realm', there('new Proxy(new Float32Array(3), {})')],
    ['an heir', Object.create(new Float32Array(3))],
    ['an object with the prototype', Object.create(Float32Array.prototype)],
  ];
  test.each(alike)('%s', (_, value) => {
    expect(() => activation.relu.forward(value as Any)).toThrow(look);
    expect(() => activation.relu.forward(new Float32Array(3), { out: value as Any })).toThrow(
      /out is no Float32Array but a Proxy/,
    );
  });
  test('words', () => {
    expect(() => random.philox(0).bits({ out: new Proxy(new Uint32Array(3), {}) })).toThrow(
      /out is no Uint32Array but a Proxy or an heir of one/,
    );
  });
});
