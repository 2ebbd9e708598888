// What a user of the package downloads.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

test('the minified bundle is below 30 kB, gzipped', () => {
  expect(gzipSync(readFileSync('dist/fanwise.min.js'), { level: 9 }).length).toBeLessThan(30_000);
});

test('the bundle works by itself', async () => {
  const bundle = '../dist/fanwise.min.js';
  const { random } = await import(bundle);
  expect(random.philox(0).bits(1)[0]).toBe(0x6627e8d5);
});

test('the module asks for nothing but its memory', () => {
  const module = new WebAssembly.Module(readFileSync('dist/fanwise.wasm'));
  expect(WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`)).toEqual(['env.memory']);
});
