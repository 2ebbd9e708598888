// Files and options that mean harm: whatever the bytes, decoding gives a valid result or an error of the package, in time
// and with nothing half done; whatever the options, no prototype is changed.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nn, npy, safetensors, tensor } from '../../src/index.js';
import { noise } from '../oracle.js';
import { calls } from './calls.js';
import { bits, property } from './cases.js';
import { OURS } from './strange.js';

// biome-ignore lint/suspicious/noExplicitAny: options are made of what the types forbid
type Any = any;

const make = (seed: number) =>
  nn.sequential([nn.linear(3, 4, { seed }), nn.activation('tanh'), nn.linear(4, 2, { seed })]);
const model = make(1);
const loaded = nn.save(make(2), { metadata: { epoch: '3' } });
const tensors = safetensors.encode(
  { a: tensor([2, 3], noise(1, 6)), b: tensor([]), 'naïve ✓': tensor([0, 4]) },
  { metadata: { of: 'x' } },
);
const array = npy.encode(tensor([2, 3], noise(1, 6)));

/** A change of some bytes: what fuzzers of binary formats do, and words that the formats have. */
const WORDS = ['"', '{', '}', '[', ']', ',', ':', '\\', '0', '-1', '1e999', '4294967296', '9007199254740993', 'null'];
WORDS.push(
  '"__proto__"',
  '"dtype":"F32"',
  '"shape":',
  '"data_offsets":',
  '[0,0]',
  "'",
  '(',
  ')',
  '()',
  "'<f4'",
  'True',
);
const change = fc.oneof<fc.Arbitrary<(bytes: number[]) => void>[]>(
  fc.tuple(fc.nat(), fc.nat(255)).map(
    ([at, to]) =>
      (b) =>
        void (b[at % b.length] = to),
  ),
  fc.tuple(fc.nat(), fc.nat(7)).map(
    ([at, bit]) =>
      (b) =>
        void (b[at % b.length] ^= 1 << bit),
  ),
  fc.tuple(fc.nat(11), fc.nat(255)).map(
    ([at, to]) =>
      (b) =>
        void (b[at] = to),
  ),
  fc.tuple(fc.nat(), fc.nat(9)).map(
    ([at, n]) =>
      (b) =>
        void b.splice(at % b.length, n),
  ),
  fc.tuple(fc.nat(), fc.nat()).map(
    ([at, from]) =>
      (b) =>
        void b.splice(at % b.length, 0, ...b.slice(from % b.length, (from % b.length) + 16)),
  ),
  fc.tuple(fc.nat(), fc.constantFrom(...WORDS)).map(([at, word]) => (b) => {
    const text = new TextEncoder().encode(word);
    b.splice(at % b.length, text.length, ...text);
  }),
  fc.nat().map((n) => (b) => void b.splice(n % (b.length + 1))),
);
const changes = fc.array(change, { minLength: 1, maxLength: 5 });

/** What comes of it: an error of the package, or what `valid` looks at. In no case more than a second. */
function survive<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array, valid: (made: T) => void): void {
  const since = performance.now();
  let made: T;
  try {
    made = decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toMatch(OURS);
    return;
  } finally {
    expect(performance.now() - since).toBeLessThan(1000);
    expect(Object.keys(Object.prototype)).toEqual([]);
  }
  valid(made);
}
/** The bytes in the middle of others, of which nothing is to be read. */
function placed(bytes: readonly number[]): Uint8Array {
  const around = new Uint8Array(bytes.length + 9).fill(0x31);
  around.set(bytes, 3);
  return around.subarray(3, 3 + bytes.length);
}
const changed = (file: Uint8Array, by: ((bytes: number[]) => void)[]) => {
  const bytes = [...file];
  for (const one of by) if (bytes.length > 0) one(bytes);
  return placed(bytes);
};
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

property('safetensors.decode', 330, changes, (by) => {
  const bytes = changed(tensors, by);
  survive(safetensors.decode, bytes, (made) => {
    let total = 0;
    for (const { shape, data } of Object.values(made.tensors)) {
      expect(data.length).toBe(count(shape));
      total += data.byteLength;
    }
    expect(total).toBeLessThan(bytes.length);
    expect(Object.values(made.metadata).every((text) => typeof text === 'string')).toBe(true);
  });
});

property('npy.decode', 330, changes, (by) => {
  const bytes = changed(array, by);
  survive(npy.decode, bytes, ({ shape, data }) => {
    expect(data.length).toBe(count(shape));
    expect(data.byteLength).toBeLessThan(bytes.length);
  });
});

const weights = () =>
  Object.values(model.parameters)
    .map(({ data }) => bits(data))
    .join('|');
property('nn.load: all of a file or nothing', 330, changes, (by) => {
  const before = weights();
  const bytes = changed(loaded, by);
  survive(
    (given) => {
      try {
        return nn.load(given, model);
      } catch (error) {
        expect(weights()).toBe(before);
        throw error;
      }
    },
    bytes,
    () => {
      const { tensors: read } = safetensors.decode(bytes);
      for (const [name, { data }] of Object.entries(model.parameters)) expect(bits(data)).toBe(bits(read[name].data));
    },
  );
});

property(
  'headers of npy that take long to read',
  10,
  fc.record({
    unit: fc.constantFrom('1', ' ', '1,', ', ', '()', '(', "'shape': (", "'shape': (1,), ", '\n', '1 '),
    n: fc.integer({ min: 1, max: 30_000 }),
    end: fc.constantFrom('x', '', ')', '}'),
  }),
  ({ unit, n, end }) => {
    for (const text of [
      `{'descr': '<f4', 'fortran_order': False, 'shape': (${unit.repeat(n)}${end}), }`,
      `{'descr': '<f4'${unit.repeat(n)}'fortran_order': False${unit.repeat(n)}'shape': ()${unit.repeat(n)}${end}`,
      unit.repeat(n) + end,
    ]) {
      const bytes = new Uint8Array(12 + text.length);
      bytes.set([0x93, 78, 85, 77, 80, 89, 2, 0]);
      new DataView(bytes.buffer).setUint32(8, text.length, true);
      bytes.set(new TextEncoder().encode(text), 12);
      survive(npy.decode, bytes, ({ shape, data }) => expect(data.length).toBe(count(shape)));
    }
  },
);

const file = (text: string) => {
  const header = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  return bytes;
};
test('a header of safetensors that nests deep, has many names or many axes', () => {
  const deep = 200_000;
  const entry = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
  const many = Array.from({ length: 5000 }, (_, i) => `"${i}":${entry}`).join();
  const axes = `{"dtype":"F32","shape":[${'0,'.repeat(50_000)}0],"data_offsets":[0,0]}`;
  for (const text of [
    '['.repeat(deep) + ']'.repeat(deep),
    `{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`,
    `{"a":${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}}`,
  ])
    survive(safetensors.decode, file(text), () => expect.unreachable());
  expect(Object.keys(safetensors.decode(file(`{${many}}`)).tensors).length).toBe(5000);
  survive(safetensors.decode, file(`{"a":${axes}}`), ({ tensors: { a } }) => expect(a.data.length).toBe(0));
});

test('what a file says of itself is told in short', () => {
  const long = 'x'.repeat(1_000_000);
  const entry = { dtype: 'F32', shape: [1], data_offsets: [0, 0] };
  for (const header of [
    { [long]: 5 },
    { [long]: entry },
    { a: { ...entry, dtype: long } },
    { a: { ...entry, shape: Array(100_000).fill(1) } },
    { a: { ...entry, shape: long } },
    { [long]: { ...entry, shape: [0] } },
  ]) {
    let message = '';
    try {
      nn.load(file(JSON.stringify(header)), model);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(OURS);
    expect(message.length).toBeLessThan(1000);
  }
});

test('bytes that are gone, shared or of a strange kind are errors that name the function', () => {
  const gone = new Uint8Array(64);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const strange: unknown[] = [gone, gone.buffer, 'x', 5, null, undefined, [1, 2], {}, new Map()];
  if (typeof SharedArrayBuffer !== 'undefined') strange.push(new Uint8Array(new SharedArrayBuffer(64)));
  for (const bytes of strange)
    for (const f of [safetensors.decode, npy.decode, (b: Any) => nn.load(b, model)])
      expect(() => f(bytes as Any)).toThrow(/^(safetensors\.decode|npy\.decode|nn\.load): bytes is /);
});

/** Options as an attacker would send them; each tells what it would have changed. */
const polluted = () => ({ polluted: 'yes' });
const bags: Record<string, (given: Any) => Any> = {
  'an own __proto__': (given) =>
    Object.defineProperty({ ...given }, '__proto__', {
      value: polluted(),
      enumerable: true,
      configurable: true,
      writable: true,
    }),
  'a __proto__ of JSON': (given) =>
    Object.assign(JSON.parse('{"__proto__":{"polluted":"yes","direction":"backward","out":5}}'), given),
  'a constructor': (given) => ({ ...given, constructor: { prototype: polluted() } }),
  'a prototype': (given) => ({ ...given, prototype: polluted() }),
  'a toString': (given) => ({ ...given, toString: () => 'x', valueOf: () => 1 }),
  'a getter that throws': (given) => {
    const [key = 'out'] = Object.keys(given);
    return Object.defineProperty({ ...given }, key, {
      enumerable: true,
      get: () => {
        throw new RangeError('test: mine');
      },
    });
  },
  'a constructor that throws': (given) =>
    Object.defineProperty({ ...given }, 'constructor', {
      get: () => {
        throw new RangeError('test: mine');
      },
    }),
  'a proxy': (given) => new Proxy({ ...given }, {}),
  'a proxy that denies all': (given) =>
    new Proxy({ ...given }, { ownKeys: () => [], has: () => false, getOwnPropertyDescriptor: () => undefined }),
  'a proxy that throws': (given) =>
    new Proxy(
      { ...given },
      {
        get: () => {
          throw new RangeError('test: mine');
        },
        ownKeys: () => {
          throw new RangeError('test: mine');
        },
      },
    ),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'no prototype': (given) => Object.assign(Object.create(null), given),
  'a prototype with the options': (given) => Object.create(given),
  'a prototype that is a proxy': (given) => Object.create(new Proxy(given, {})),
  frozen: (given) => Object.freeze({ ...given }),
  'a symbol': (given) => ({ ...given, [Symbol('polluted')]: 1 }),
};
const isBag = (arg: Any) =>
  Object.getPrototypeOf(Object(arg)) === Object.prototype && !Object.isFrozen(arg) && !('forward' in arg);

test.each(Object.entries(bags))('options with %s: an error, or no harm', async (name, bag) => {
  const known = Reflect.ownKeys(Object.prototype);
  const taken: string[] = [];
  for (const call of calls) {
    const args = call.args();
    for (const [i, arg] of args.entries()) {
      if (!isBag(arg)) continue;
      const given = call.args();
      given[i] = bag(given[i]);
      try {
        const made = call.run(...given) as Any;
        if (typeof made?.next === 'function') await made.next();
        // A tensor, a probe or names of a file may have more in them; options may not.
        const free = i < args.length - 1 || 'data' in arg || /^safetensors|restore/.test(call.name);
        if (/__proto__/.test(name) && !free) taken.push(call.name);
      } catch (error) {
        const { message } = error as Error;
        const theirs = /revoked|^test: mine$/.test(message);
        expect(
          theirs || (OURS.test(message) && (error instanceof TypeError || error instanceof RangeError)),
          `${call.name}: ${error}`,
        ).toBe(true);
      }
      expect(Reflect.ownKeys(Object.prototype)).toEqual(known);
      expect(({} as Any).polluted).toBe(undefined);
      expect((Object as Any).polluted).toBe(undefined);
    }
  }
  expect(taken).toEqual([]);
});
