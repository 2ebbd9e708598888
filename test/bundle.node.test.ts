// What a user of the package downloads.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

// The core alone was 29.6 kB, the whole catalogue 41.4. Speed cost 9 more: 7 for kernels that work on four vectors a turn
// and whose constants asc no longer has loaded for each (shrinkLevel 0: sigmoid 1,170 instead of 870 M/s), 1 for calls of
// 50 ns instead of 1,500. Diagnosis is 8 kB on top, all of which a bundler leaves out where `diagnose` is not imported, but
// for the 1.5 of a probe that `nn.fit` can take. 30 kB for a whole page is still the aim: what a page does not use has to be left out by its
// bundler, which `nn` and /* @__PURE__ */ prepare.
test('the minified bundle of everything is below 59 kB, gzipped', () => {
  expect(gzipSync(readFileSync('dist/fanwise.min.js'), { level: 9 }).length).toBeLessThan(59_000);
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
