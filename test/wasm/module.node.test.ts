// The texts that carry the WebAssembly: a module works as before, what is not known is refused, not misread, and a module that
// an engine does not compile is an error that says why.

import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { compileString } from 'assemblyscript/asc';
import { build } from 'esbuild';
import { expect, test, vi } from 'vitest';
import { decode } from '../../src/wasm/decode.js';
import * as activation from '../../src/wasm/generated/activation.js';
import * as nn from '../../src/wasm/generated/nn.js';
import * as random from '../../src/wasm/generated/random.js';
import { activationModule, nnModule, randomModule } from '../../src/wasm/module.js';

const encoder = '../../tools/encode.mjs';
const { encode } = (await import(encoder)) as { encode(module: Uint8Array): { text: string; bytes: Uint8Array } };

/** More local variables than have an index of one byte, all in use until the end. */
const wide = (count: number) => {
  const many = Array.from({ length: count }, (_, i) => i);
  return `export function wide(x: i32): i32 {
  ${many.map((i) => `let v${i} = load<i32>(x + ${i});`).join('\n')}
  while (x > 0) { ${many.map((i) => `v${i} = v${(i * 7 + 3) % count} ^ ${i}; `).join('')} x--; }
  return ${many.map((i) => `v${i}`).join(' + ')};
}`;
};

const programs: [name: string, source: string, calls: [name: string, ...numbers: (number | bigint)[]][]][] = [
  ['nothing', 'export function none(): void {}', [['none']]],
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
    'more variables than one byte tells',
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

const modules = [
  { module: randomModule, built: random },
  { module: activationModule, built: activation },
  { module: nnModule, built: nn },
];

test.each(modules)('the text of $module.name carries the module that is built', ({ module: { name }, built }) => {
  const bytes = readFileSync(`src/wasm/generated/${name}.wasm`);
  expect(Buffer.from(decode(built.text)).equals(bytes)).toBe(true);
  // A text that is encoded again is the same: its variables have their numbers already.
  expect(encode(bytes).text).toBe(built.text);
});

test.each(modules)(
  '$module.name is compiled once for memory of one thread, and once for shared memory',
  ({ module }) => {
    for (const shared of [false, true]) {
      const compiled = module.compile(shared);
      expect(module.compile(shared)).toBe(compiled);
      expect(compiled).not.toBe(module.compile(!shared));
      const memory = (shared: boolean) => new WebAssembly.Memory({ initial: 16, maximum: 65536, shared });
      new WebAssembly.Instance(compiled, { env: { memory: memory(shared) } });
      expect(() => new WebAssembly.Instance(compiled, { env: { memory: memory(!shared) } })).toThrow(/shared/);
    }
  },
);

test.each(modules)('$module.name imports nothing but its memory', ({ module }) => {
  const imports = WebAssembly.Module.imports(module.compile(false));
  expect(imports.map(({ module, name }) => `${module}.${name}`)).toEqual(['env.memory']);
});

/** A module of one function without parameters, with that code. */
const moduleOf = (...code: number[]) => {
  const body = [0, ...code, 0x0b];
  const sections = [
    [1, 4, 1, 0x60, 0, 0],
    [3, 2, 1, 0],
    [10, body.length + 2, 1, body.length, ...body],
  ];
  return Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat());
};

test.each([
  ['ref.func', [0xd2, 0], /instruction d2 at byte/],
  ['an atomic operation', [0xfe, 3, 0], /instruction fe at/],
  ['a tail call', [0x12, 0], /instruction 12 at/],
  ['a table that grows', [0xfc, 15, 0], /instruction fc 15 at/],
  ['a relaxed operation', [0xfd, 128, 2], /instruction fd 256 at/],
  ['a block with parameters', [0x02, 0], /block with a type of its own/],
  ['an instruction that goes on behind the end', [0x43], /ends within an instruction/],
])('%s is not known, and refused', (_, code, message) => {
  expect(() => encode(moduleOf(...code))).toThrow(message);
});

test('more variables than the decoder has space for are refused', async () => {
  for (const [count, refused] of [
    [1020, false],
    [1030, true],
  ] as const) {
    const { binary } = await compileString(wide(count), { runtime: 'stub', use: 'abort=' });
    if (refused) expect(() => encode(binary!)).toThrow('a function has more than 1024 variables');
    else expect(decode(encode(binary!).text)).toEqual(encode(binary!).bytes);
  }
});

test('what stands around the functions stays, however its sizes are written', () => {
  expect(() => encode(moduleOf().subarray(0, 8))).toThrow('without functions');
  const bytes = [...moduleOf(0x01)];
  // The size of the section of functions in two bytes, the first of which says that there is another.
  bytes.splice(19, 1, bytes[19] | 128, 0);
  const padded = Uint8Array.from(bytes);
  expect(WebAssembly.validate(padded)).toBe(true);
  expect(encode(padded).bytes).toEqual(moduleOf(0x01));
});

/** module.ts anew, with that text for `random`. */
async function carrying(text: string): Promise<typeof import('../../src/wasm/module.js')> {
  vi.resetModules();
  vi.doMock('../../src/wasm/generated/random.js', () => ({ text, flags: 0 }));
  return import('../../src/wasm/module.js');
}

test('an engine without the instructions is told from a policy', async () => {
  // An operation without its operand stands for one that an engine has not.
  const { randomModule } = await carrying(encode(moduleOf(0x45)).text);
  expect(() => randomModule.compile(false)).toThrow('this engine or processor has no WebAssembly SIMD');
});

test('a policy that forbids compilation is named', async () => {
  const { outputFiles } = await build({
    entryPoints: ['src/index.ts'],
    bundle: true,
    format: 'iife',
    globalName: 'fanwise',
    write: false,
  });
  const context = createContext({}, { codeGeneration: { strings: true, wasm: false } });
  runInContext(outputFiles[0].text, context);
  expect(() => runInContext('fanwise.random.philox(0).bits(1)', context)).toThrow(
    "a content security policy has to have 'wasm-unsafe-eval' in script-src",
  );
});

test('a module that is provided is the one that is used, and by one thread', async () => {
  const { randomModule } = await carrying('no text');
  const provided = new WebAssembly.Module(moduleOf());
  randomModule.provide(provided);
  expect(randomModule.compile(false)).toBe(provided);
  expect(() => randomModule.compile(true)).toThrow('workspace: this runtime has no threads; leave threads out');
});
