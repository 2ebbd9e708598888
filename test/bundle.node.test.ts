// What a user of the package downloads and installs.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const gzipped = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;

// 25 kB of it are the WebAssembly: four vectors a turn and constants that are not loaded for each cost 7 (sigmoid 1,170
// instead of 870 M/s). Of the 42 of JavaScript the checks and their messages are about a third, diagnosis a fifth.
test('the minified bundle of everything is below 68 kB, gzipped', () => {
  expect(gzipped(readFileSync('dist/fanwise.min.js'))).toBeLessThan(68_000);
});

// 30 kB is the aim for this page, and not reached: the one module has the kernels of all functions, 25 kB of it.
test('a page that trains the article’s network is below 57 kB, gzipped', async () => {
  const contents = `import { init, nn, random } from 'fanwise';
    const rng = random.philox(0);
    const layer = nn.linear(784, 100, { rng });
    init.xavierNormal(layer.weight, { rng });
    const model = nn.sequential([layer, nn.activation('tanh'), nn.linear(100, 10, { rng })]);
    globalThis.train = (data) => nn.fit(model, data, { optimizer: nn.sgd({ lr: 0.1 }) });`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: '.' },
    ...{ bundle: true, minify: true, format: 'esm', write: false },
  });
  expect(gzipped(outputFiles[0].contents)).toBeLessThan(57_000);
});

// The module is there three times: as itself for runtimes that compile no bytes, as a text, and in the single file. The
// JavaScript keeps its lines, so that an error shows one and not all.
test('installed it takes less than 760 kB, and nothing that its user does not need', () => {
  const [{ unpackedSize, files }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' }),
  ) as [{ unpackedSize: number; files: { path: string }[] }];
  expect(unpackedSize).toBeLessThan(760_000);
  const wanted = /^(dist\/[\w.]+\.(js|d\.ts|wasm)|(LICENSE|README\.md|CHANGELOG\.md|package\.json))$/;
  expect(files.map(({ path }) => path).filter((path) => !wanted.test(path))).toEqual([]);
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
