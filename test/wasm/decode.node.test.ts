// The texts that hold the WebAssembly modules: a decoded module works like the encoded one, and the encoder refuses what the
// decoder does not know.

import { readFileSync } from 'node:fs';
import { compileString } from 'assemblyscript/asc';
import { expect, test } from 'vitest';
import { decode } from '../../src/wasm/decode.js';
import * as activation from '../../src/wasm/generated/activation.js';
import * as nn from '../../src/wasm/generated/nn.js';
import * as random from '../../src/wasm/generated/random.js';
import { encode, moduleOf } from './encode.js';

/** A function with that many local variables, all in use until its end; from 128 on an index takes two bytes. */
const wide = (count: number) => {
  const many = Array.from({ length: count }, (_, i) => i);
  return `export function wide(x: i32): i32 {
  ${many.map((i) => `let v${i} = load<i32>(x + ${i});`).join('\n')}
  while (x > 0) { ${many.map((i) => `v${i} = v${(i * 7 + 3) % count} ^ ${i}; `).join('')} x--; }
  return ${many.map((i) => `v${i}`).join(' + ')};
}`;
};

const programs: [name: string, source: string, calls: [name: string, ...numbers: (number | bigint)[]][]][] = [
  ['an empty function', 'export function none(): void {}', [['none']]],
  [
    'a table of branches, loops, blocks with a result',
    `export function pick(x: i32): i32 {
      let sum = 0;
      for (let i = 0; i < x; i++) switch (i & 7) {
        case 0: sum += 3; break;
        case 1: sum *= 5;
        case 2: sum ^= x > 3 ? 77777 : -1; break;
        case 5: continue;
        default: sum -= i;
      }
      return sum;
    }`,
    [
      ['pick', 0],
      ['pick', 100],
    ],
  ],
  [
    'numbers of every kind and size',
    `export function long(x: i64): i64 { return x * 0x123456789abcdef - i64.MIN_VALUE; }
    export function single(x: f32): f32 { return x * 1.1 + 3.3e38; }
    export function double(x: f64): f64 { return Math.sqrt(x) / 1.7976931348623157e308 + f64(i32(x)); }
    export function bytes(x: i32): i32 { store<u8>(70000, x, 8); return load<i8>(70000, 8) - 2147483647; }`,
    [
      ['long', -77n],
      ['single', 2.5],
      ['double', 81.5],
      ['bytes', 200],
    ],
  ],
  [
    'globals, calls, calls through a table',
    `let state = 7;
    const list = [(x: i32): i32 => x + 1, (x: i32): i32 => x * 3];
    export function move(x: i32): i32 { state = state * x + 1; return state; }
    export function through(x: i32): i32 { return list[x & 1](move(x)); }
    export function faculty(x: f64): f64 { return x < 2 ? 1 : x * faculty(x - 1); }`,
    [
      ['move', 3],
      ['through', 4],
      ['through', 5],
      ['faculty', 20],
    ],
  ],
  [
    'vectors: lanes, shuffles, constants, loads of a lane; bulk copies',
    `export function vector(x: f32): f32 {
      let v = f32x4.replace_lane(f32x4.splat(x), 2, x * x);
      v = f32x4.add(v, f32x4(1, 2, 3, 4));
      v128.store(66000, v128.shuffle<f32>(v, f32x4.mul(v, v), 3, 6, 1, 4), 16);
      memory.copy(66100, 66016, 16);
      memory.fill(66104, 63, 4);
      v = v128.load_lane<u32>(66116 - 12, v128.load32_splat(66100), 1);
      return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + f32(i32x4.bitmask(v));
    }`,
    [['vector', 1.25]],
  ],
  [
    'variables of several types, one after the other',
    `export function mixed(x: i32): f64 {
      let a: f64 = 1, b: i32 = x, c: f32 = 2, d: i64 = 3, e: v128 = i32x4.splat(x);
      for (let i: i64 = 0; i < 9; i++) {
        a = a * 1.5 + f64(b); b ^= i32(d); c = c * f32(a) - f32(b); d = d * 7 + i64(b); e = i32x4.add(e, i32x4.splat(b));
      }
      return a + f64(b) + f64(c) + f64(d) + f64(i32x4.extract_lane(e, 1));
    }`,
    [['mixed', 5]],
  ],
  [
    'more variables than have an index of one byte',
    wide(600),
    [
      ['wide', 0],
      ['wide', 11],
    ],
  ],
];

test.each(programs)('%s', async (_, source, calls) => {
  for (const optimizeLevel of [0, 3]) {
    const options = { optimizeLevel, runtime: 'stub', enable: ['simd'], initialMemory: 2, use: 'abort=' };
    const { error, binary, stderr } = await compileString(source, options);
    expect(error, stderr.toString()).toBeNull();
    const { text, bytes } = encode(binary!);
    expect(text).not.toMatch(/["\\\n]/);
    expect(decode(text)).toEqual(bytes);
    const run = (module: Uint8Array) => {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module as Uint8Array<ArrayBuffer>));
      return calls.map(([name, ...numbers]) => (exports[name] as (...given: unknown[]) => unknown)(...numbers));
    };
    expect(run(bytes)).toEqual(run(binary!));
  }
});

test.each(Object.entries({ random, activation, nn }))(
  'the text of %s decodes to the built module',
  (name, { text }) => {
    const bytes = readFileSync(`src/wasm/generated/${name}.wasm`);
    expect(Buffer.from(decode(text)).equals(bytes)).toBe(true);
    // Encoded again it is the same text: its variables are already in order.
    expect(encode(bytes).text).toBe(text);
  },
);

test.each([
  ['ref.func', [0xd2, 0], /instruction d2 at byte/],
  ['an atomic operation', [0xfe, 3, 0], /instruction fe at/],
  ['a tail call', [0x12, 0], /instruction 12 at/],
  ['a table that grows', [0xfc, 15, 0], /instruction fc 15 at/],
  ['a relaxed operation', [0xfd, 128, 2], /instruction fd 256 at/],
  ['a block with parameters', [0x02, 0], /block with a type of its own/],
  ['an instruction that ends beyond the code', [0x43], /ends within an instruction/],
])('%s is an error of the encoder', (_, code, message) => {
  expect(() => encode(moduleOf(...code))).toThrow(message);
});

test('more variables than the decoder has memory for are an error', async () => {
  for (const [count, isRefused] of [
    [1020, false],
    [1030, true],
  ] as const) {
    const { binary } = await compileString(wide(count), { runtime: 'stub', use: 'abort=' });
    if (isRefused) expect(() => encode(binary!)).toThrow('a function has more than 1024 variables');
    else expect(decode(encode(binary!).text)).toEqual(encode(binary!).bytes);
  }
});

test('sections other than the functions are unchanged, however their sizes are encoded', () => {
  expect(() => encode(moduleOf().subarray(0, 8))).toThrow('without functions');
  const bytes = [...moduleOf(0x01)];
  // The size of the section of functions in two bytes of LEB128.
  bytes.splice(19, 1, bytes[19] | 128, 0);
  const padded = Uint8Array.from(bytes);
  expect(WebAssembly.validate(padded)).toBe(true);
  expect(encode(padded).bytes).toEqual(moduleOf(0x01));
});
