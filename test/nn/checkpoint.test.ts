// Models in files.

import { describe, expect, test } from 'vitest';
import { nn, random, safetensors, type Tensor, tensor } from '../../src/index.js';
import { hash } from '../oracle.js';

describe('the parameters of a model in a file', () => {
  const network = (seed: number, width = 8) =>
    nn.sequential([
      nn.linear(4, width, { seed, activation: 'relu' }),
      nn.prelu(width),
      nn.linear(width, 3, { seed: seed + 1 }),
    ]);
  const hashes = (model: ReturnType<typeof network>) =>
    Object.values(model.parameters).map(({ data }) => hash(data.slice()));

  test('its parameters are read again to the bit, by the names of a state_dict', () => {
    const [model, other] = [network(1), network(5)];
    const bytes = nn.save(model, { metadata: { epoch: '3' } });
    expect(Object.keys(safetensors.decode(bytes).tensors)).toEqual([
      '0.weight',
      '0.bias',
      '1.weight',
      '2.weight',
      '2.bias',
    ]);
    expect(nn.load(bytes, other)).toEqual({ epoch: '3' });
    expect(hashes(other)).toEqual(hashes(model));
    const x = random.philox(1).normal(4 * 10);
    expect(other.forward(x)).toEqual(model.forward(x));
  });

  const tensors = (model: ReturnType<typeof network>) =>
    Object.fromEntries(
      Object.entries(model.parameters).map(([name, { shape, data }]) => [name, tensor(shape, data.slice())]),
    );
  test.each<[string, (t: Record<string, Tensor>) => Record<string, Tensor>, RegExp]>([
    ['a missing name', ({ '2.bias': _, ...t }) => t, /: the file lacks 2.bias; make a model/],
    ['an unknown name', (t) => ({ ...t, extra: tensor([1]) }), /: the model lacks extra; make a model/],
    [
      'a name that every object has',
      (t) => ({ ...t, constructor: tensor([1]) }) as never,
      /: the model lacks constructor; make/,
    ],
    ['another width', () => tensors(network(1, 9)), /0.weight is \[9,4\] in the file and \[8,4\] in the model/],
    [
      'another shape of as many values',
      (t) => ({ ...t, '0.weight': tensor([4, 8]) }),
      /0.weight is \[4,8\] in the file/,
    ],
    [
      'NaN',
      (t) => {
        t['2.weight'].data[5] = Number.NaN;
        return t;
      },
      /2.weight\[5\] is NaN; a model of such numbers/,
    ],
    [
      'infinity',
      (t) => {
        t['0.bias'].data[0] = -Infinity;
        return t;
      },
      /0.bias\[0\] is -Infinity/,
    ],
  ])('%s is an error, and the model is unchanged', (_, change, message) => {
    const model = network(2);
    const before = hashes(model);
    expect(() => nn.load(safetensors.encode(change(tensors(network(1)))), model)).toThrow(message);
    expect(hashes(model)).toEqual(before);
  });

  test('with strict: false what fits is loaded, and the rest is told', () => {
    const [from, model] = [network(1), network(2)];
    const file = tensors(from);
    const { '2.bias': _, ...rest } = file;
    // Of another width, and of no use: a count as PyTorch's batch norm has it, and a value that no model could have.
    const given = { ...rest, '1.weight': tensor([9]), constructor: tensor([1], Float32Array.of(Number.NaN)) } as never;
    const before = tensors(model);
    expect(nn.load(safetensors.encode(given, { metadata: { a: 'b' } }), model, { strict: false })).toEqual({
      metadata: { a: 'b' },
      missing: ['1.weight', '2.bias'],
      unexpected: ['1.weight', 'constructor'],
      inexact: 0,
    });
    const loaded = tensors(model);
    for (const name of ['0.weight', '0.bias', '2.weight']) expect(loaded[name]).toEqual(file[name]);
    for (const name of ['1.weight', '2.bias']) expect(loaded[name]).toEqual(before[name]);
  });

  test('strict: false with all that fits tells nothing, and with nothing that fits leaves the model as it is', () => {
    const model = network(2);
    expect(nn.load(nn.save(network(1)), model, { strict: false })).toEqual({
      metadata: {},
      missing: [],
      unexpected: [],
      inexact: 0,
    });
    expect(hashes(model)).toEqual(hashes(network(1)));
    const names = Object.keys(model.parameters);
    const none = nn.load(safetensors.encode({ a: tensor([1]) }), model, { strict: false });
    expect(none).toEqual({ metadata: {}, missing: names, unexpected: ['a'], inexact: 0 });
    expect(hashes(model)).toEqual(hashes(network(1)));
  });

  test('strict: false is as strict with values, with damage and with what is no option', () => {
    const model = network(2);
    const before = hashes(model);
    const file = tensors(network(1));
    file['2.weight'].data[5] = Number.NaN;
    const load =
      (bytes: unknown, o: unknown = { strict: false }) =>
      () =>
        nn.load(bytes as never, model, o as never);
    expect(load(safetensors.encode(file))).toThrow(/^nn.load: 2.weight\[5\] is NaN; a model of such numbers/);
    expect(load(new Uint8Array(3))).toThrow(/^nn.load: 3 bytes have no room for a header/);
    expect(load(nn.save(network(1)), { strict: 0 })).toThrow(/^nn.load: strict is 0; pass true or false/);
    expect(load(nn.save(network(1)), { strikt: true })).toThrow(/^nn.load: unknown option strikt; there are strict/);
    expect(hashes(model)).toEqual(before);
    expect(nn.load(nn.save(network(1), { metadata: { a: 'b' } }), model, { strict: true })).toEqual({ a: 'b' });
  });

  /** A file of values of other types, by their name. */
  const stored = (given: Record<string, [dtype: string, shape: number[], values: ArrayBufferView]>) => {
    let end = 0;
    const header = Object.entries(given).map(([name, [dtype, shape, { byteLength }]]) => {
      end += byteLength;
      return [name, { dtype, shape, data_offsets: [end - byteLength, end] }];
    });
    const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
    const parts = Object.values(given).map(([, , { buffer }]) => new Uint8Array(buffer as ArrayBuffer));
    return new Blob([BigUint64Array.of(BigInt(text.length)), text, ...parts]).arrayBuffer();
  };
  test('parameters of other types are converted; those of no use may be of any', async () => {
    const model = nn.sequential([nn.linear(2, 1, { seed: 1 })]);
    const weight: [string, number[], ArrayBufferView] = ['F64', [1, 2], Float64Array.of(0.1, -3)];
    const bias: [string, number[], ArrayBufferView] = ['F16', [1], Uint16Array.of(0x3e00)];
    const count: [string, number[], ArrayBufferView] = ['I64', [], BigInt64Array.of(7n)];
    const bytes = await stored({
      '0.weight': weight,
      '0.bias': bias,
      '1.num_batches_tracked': count,
      z: ['C64', [], count[2]],
    });
    expect(() => nn.load(bytes, model)).toThrow(/^nn.load: the model lacks 1.num_batches_tracked, z; make/);
    expect(nn.load(bytes, model, { strict: false })).toEqual({
      metadata: {},
      missing: [],
      unexpected: ['1.num_batches_tracked', 'z'],
      inexact: 1,
    });
    expect([...model.parameters['0.weight'].data]).toEqual([Math.fround(0.1), -3]);
    expect([...model.parameters['0.bias'].data]).toEqual([1.5]);
    expect(nn.load(await stored({ '0.weight': weight, '0.bias': bias }), model)).toEqual({});
    const complex = await stored({ '0.weight': weight, '0.bias': ['C64', [1], count[2]] });
    for (const strict of [true, false])
      expect(() => nn.load(complex, model, { strict } as never)).toThrow(/^nn.load: 0.bias is C64; this package reads/);
    // float64 has numbers of which float32 makes infinities.
    const large = await stored({ '0.weight': ['F64', [1, 2], Float64Array.of(1, 1e39)], '0.bias': bias });
    expect(() => nn.load(large, model)).toThrow(/0.weight\[1\] is Infinity/);
  });

  test('something that is no model or no file is an error', () => {
    expect(() => nn.save({} as never)).toThrow(/nn.save: model is an object; pass one made by nn.sequential/);
    expect(() => nn.load(new Uint8Array(3), {} as never)).toThrow(/nn.load: model is/);
    expect(() => nn.load(null as never, network(1))).toThrow(/bytes is null/);
  });
});
