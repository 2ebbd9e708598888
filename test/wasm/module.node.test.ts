// The three WebAssembly modules: compiled once, or provided by the runtime; errors say why an engine does not compile them.

import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, test, vi } from 'vitest';
import { activationModule, nnModule, randomModule } from '../../src/wasm/module.js';
import { encode, moduleOf } from './encode.js';

const modules = [{ module: randomModule }, { module: activationModule }, { module: nnModule }];

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

/** Loads module.ts again, with another text for the module `random`. */
async function withText(text: string): Promise<typeof import('../../src/wasm/module.js')> {
  vi.resetModules();
  vi.doMock('../../src/wasm/generated/random.js', () => ({ text, flags: 0 }));
  return import('../../src/wasm/module.js');
}

test('an engine without SIMD is an error of its own', async () => {
  // An instruction without its operand stands for one that the engine does not have.
  const { randomModule } = await withText(encode(moduleOf(0x45)).text);
  expect(() => randomModule.compile(false)).toThrow('this engine or processor has no WebAssembly SIMD');
});

test('a policy that forbids compilation is named in the error', async () => {
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

test('a provided module is used, by one thread alone', async () => {
  const { randomModule } = await withText('no text');
  const provided = new WebAssembly.Module(moduleOf());
  randomModule.provide(provided);
  expect(randomModule.compile(false)).toBe(provided);
  expect(() => randomModule.compile(true)).toThrow('workspace: this runtime has no threads; leave threads out');
});
