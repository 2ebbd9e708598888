// Engines that have no WebAssembly, or refuse it: the error tells the true cause and what to do. And `ready`, which compiles where
// a page may not compile at once.

import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Context, createContext, runInContext, runInThisContext } from 'node:vm';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { init, nn, random, ready } from '../../src/index.js';
import { hash } from '../oracle.js';

let text = '';
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: ['src/index.ts'],
    bundle: true,
    format: 'iife',
    globalName: 'fanwise',
    write: false,
  });
  text = outputFiles[0].text;
});

/** An engine of its own, changed by a program, with the global fanwise. */
function engine(change = ''): Context {
  const context = createContext({});
  runInContext(`${change}\n${text}`, context);
  return context;
}
const calls = {
  'a draw': 'fanwise.random.philox(0).bits(1)',
  'an activation': 'fanwise.activation.relu.forward(new Float32Array(2))',
  'a layer': 'fanwise.nn.linear(2, 2, { seed: 0 })',
};

const policy = "a content security policy has to have 'wasm-unsafe-eval' in script-src";
const early = 'in a page, Chrome before 115 needs await ready() of fanwise before other calls; or compute in a worker';
const refusals: [engine: string, thrown: string, says: string][] = [
  [
    'Chrome 98 in a page',
    `RangeError('WebAssembly.Compile is disallowed on the main thread, if the buffer size is larger than 4KB. Use WebAssembly.compile, or compile on a worker thread.')`,
    early,
  ],
  [
    'Chrome by a policy',
    `WebAssembly.CompileError("WebAssembly.Module(): Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an allowed source of script in the following Content Security Policy directive: \\"script-src 'self'\\"")`,
    policy,
  ],
  ['Firefox by a policy', `WebAssembly.CompileError('call to WebAssembly.Module() blocked by CSP')`, policy],
  ['Safari by a policy', `EvalError('Refused to create a WebAssembly object')`, policy],
  [
    'workerd',
    `WebAssembly.CompileError('WebAssembly.Module(): Wasm code generation disallowed by embedder')`,
    'this runtime takes compiled modules, which a bundler finds by the condition workerd or edge-light',
  ],
  [
    'an engine out of memory',
    `RangeError('WebAssembly.Module(): Out of memory: wasm code commit')`,
    'could not be compiled; RangeError: WebAssembly.Module(): Out of memory: wasm code commit',
  ],
];

describe.each(refusals)('%s', (_, thrown, says) => {
  const throws = `function () { throw new ${thrown}; }`;
  const wrong = [
    ['compilation', `WebAssembly.Module = ${throws};`],
    ['instances', `WebAssembly.Instance = ${throws};`],
  ] as const;
  test.each(wrong)('refuses %s', (_, change) => {
    const context = engine(change);
    for (const call of Object.values(calls)) {
      const said = `(() => { try { ${call}; } catch (error) { return [error.message, error.cause.message]; } })()`;
      const [message, cause] = runInContext(said, context) as [string, string];
      expect(message).toContain(says);
      expect(thrown.replaceAll('\\', '')).toContain(cause);
    }
  });
});

test('a memory that is refused by a policy is not said to be missing, and one that is missing is', () => {
  const context = (thrown: string) => engine(`WebAssembly.Memory = function () { throw new ${thrown}; };`);
  const call = 'fanwise.workspace({ bytes: 64 })';
  const byPolicy = `EvalError("Refused to create a WebAssembly object because 'unsafe-eval' is not allowed")`;
  expect(() => runInContext(call, context(byPolicy))).toThrow(policy);
  const missing = /^workspace: the system has no 64 bytes to give/;
  expect(() => runInContext(call, context(`RangeError('could not allocate memory')`))).toThrow(missing);
});

describe('without WebAssembly', () => {
  const says =
    'fanwise: the WebAssembly could not be compiled; there is none here: React Native has none, and Lockdown Mode of Apple systems or node --jitless turns it off; exempt the page, or drop the flag';
  test.each(Object.entries(calls))('%s', async (_, call) => {
    const context = engine('delete globalThis.WebAssembly;');
    expect(() => runInContext(call, context)).toThrow(says);
    await expect(runInContext('fanwise.ready()', context)).rejects.toThrow(says);
    expect(() => runInContext('fanwise.workspace({ bytes: 64 })', context)).toThrow(says);
  });
  test('node --jitless', async () => {
    const program = `const fanwise = require(${JSON.stringify(resolve('dist/index.cjs'))});
    const say = (call) => { try { call(); } catch (error) { console.log(error.message, error.cause.name); } };
    ${Object.values(calls)
      .map((call) => `say(() => ${call});`)
      .join('\n')}`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--jitless', '-e', program]);
    expect(stdout).toBe(`${says} ReferenceError\n`.repeat(3));
  });
});

describe('ready', () => {
  test('compiles all modules, or those that are named, once', async () => {
    const context = engine(`globalThis.count = { compile: 0, Module: 0 };
      const { compile, Module } = WebAssembly;
      WebAssembly.compile = (bytes) => { count.compile++; return compile(bytes); };
      WebAssembly.Module = function (bytes) { count.Module++; return new Module(bytes); };`);
    const counts = () => ({ ...(runInContext('count', context) as object) });
    await runInContext(`fanwise.ready('random')`, context);
    runInContext(calls['a draw'], context);
    expect(counts()).toEqual({ compile: 1, Module: 0 });
    await runInContext('Promise.all([fanwise.ready(), fanwise.ready()])', context);
    for (const call of Object.values(calls)) runInContext(call, context);
    const after = counts();
    expect(after).toMatchObject({ Module: 0 });
    await runInContext('fanwise.ready()', context);
    expect(counts()).toEqual(after);
  });

  test('knows the modules', async () => {
    await expect(ready('random', 'dropout' as 'nn')).rejects.toThrow(
      'ready: the module is the string "dropout"; pass one of random, activation, nn',
    );
    await expect(ready(null as unknown as 'nn')).rejects.toThrow(TypeError);
  });

  type Train = (fanwise: object, turn: () => Promise<void>) => Promise<Float32Array[]>;
  /** Lets the event loop have several turns. */
  const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 20));
  /** A page of Chrome before 115: its main thread compiles and instantiates no module of more than 4 kB. */
  const chrome98 = `const disallowed = (what) => new RangeError(\`WebAssembly.\${what} is disallowed on the main thread, if the buffer size is larger than 4KB.\`);
    const { compile, Instance } = WebAssembly;
    WebAssembly.compile = async (bytes) => (await new Promise((resolve) => resolve()), compile(bytes));
    WebAssembly.Module = function () { throw disallowed('Compile'); };
    WebAssembly.Instance = function () { throw disallowed('Instance'); };`;

  test('makes everything work in a page of Chrome 98, with the same bits', async () => {
    const context = engine(chrome98);
    for (const call of Object.values(calls)) expect(() => runInContext(call, context)).toThrow(early);
    await runInContext(`fanwise.ready('random')`, context);
    const drawn = runInContext('fanwise.random.philox(0).normal(100000)', context) as Float32Array;
    expect(hash(drawn)).toBe(hash(random.philox(0).normal(100_000)));
    expect(() => runInContext(calls['an activation'], context)).toThrow(early);

    await runInContext('fanwise.ready()', context);
    // More models than there are spare memories, one after the other.
    const train = `async ({ nn, random }, turn) => {
      const trained = [];
      for (const width of [3, 40, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21]) {
        const rng = random.philox(width);
        const model = nn.sequential([nn.linear(2, width, { rng, activation: 'gelu' }), nn.linear(width, 2, { rng })]);
        const data = { x: rng.normal(2 * 400), labels: new Uint8Array(400) };
        for await (const _ of nn.fit(model, data, { epochs: 2, optimizer: nn.adam(), rng }));
        trained.push(model.forward(data.x));
        await turn();
      }
      return trained;
    }`;
    const trained = await (runInContext(train, context) as Train)(runInContext('fanwise', context), turn);
    const expected = await (runInThisContext(train) as Train)({ nn, random }, turn);
    expect(trained.map(hash)).toEqual(expected.map(hash));

    const large = runInContext('fanwise.init.orthogonal([64, 64], { seed: 1 })', context) as Float32Array;
    expect(hash(large)).toBe(hash(init.orthogonal([64, 64], { seed: 1 })));
    const inside = `const ws = fanwise.workspace({ bytes: 1 << 20 });
      fanwise.activation.tanh.forward(fanwise.random.philox(1).normal({ out: ws.float32(1000) })).length`;
    expect(runInContext(inside, context)).toBe(1000);
    await runInContext('Promise.all([fanwise.ready(), fanwise.ready()])', context);
    expect(runInContext(calls['a draw'], context)).toHaveLength(1);
  });

  test('has eight memories at a time there; beyond them the error says to await it again', async () => {
    const context = engine(chrome98);
    await runInContext('fanwise.ready()', context);
    const layers = (n: number) => `fanwise.nn.sequential([fanwise.nn.linear(${n}, 2, { seed: 0 })]).outputs`;
    expect(() => runInContext(`for (let i = 0; i < 9; i++) ${layers(5000)}`, context)).toThrow(early);
    await runInContext('fanwise.ready()', context);
    expect(runInContext(layers(5000), context)).toBe(2);
    await runInContext('fanwise.ready()', context);
    // Small models share memories.
    expect(runInContext(`for (let i = 0; i < 2000; i++) ${layers(2)}`, context)).toBe(2);
  });
});
