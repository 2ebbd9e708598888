// What a user of the package downloads and installs.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const gzipped = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;

// The aims were 30 kB for a page and 300 kB installed. What is in the way, measured:
// - 25 kB are the WebAssembly, the kernels of everything: `random`, `init`, `activation` and `nn` are objects whose members
//   are named at run time (nn.activation('tanh')), so that no bundler can leave one out. Four vectors a turn, and
//   constants that are not loaded for each, cost 7 of them (sigmoid 1,170 instead of 870 M/s); asc's shrinkLevel 1 saves 2
//   and costs a fifth of the speed, binaryen's other passes save 0.5.
// - LZMA would make 18.4 kB of it, and its decoder 1.3: 4 kB less, and 18 ms at first use in place of 4.
// - Of the JavaScript (41 kB of everything, 31 of the article's page, 11 of init alone) checks and their messages are about
//   a third.
const pages: [name: string, kilobytes: number, code: string][] = [
  [
    'that trains the article’s network',
    57,
    `import { init, nn, random } from 'fanwise';
    const rng = random.philox(0);
    const layer = nn.linear(784, 100, { rng });
    init.xavierNormal(layer.weight, { rng });
    const model = nn.sequential([layer, nn.activation('tanh'), nn.linear(100, 10, { rng })]);
    globalThis.train = (data) => nn.fit(model, data, { optimizer: nn.sgd({ lr: 0.1 }) });`,
  ],
  ['that initialises', 37, `import { init } from 'fanwise'; globalThis.w = init.kaimingNormal([784, 100]);`],
  ['that activates', 37, `import { activation } from 'fanwise'; globalThis.f = activation.tanh.forward;`],
];

test('the single file of everything is below 67 kB, gzipped', () => {
  expect(gzipped(readFileSync('dist/fanwise.min.js'))).toBeLessThan(67_000);
});

test.each(pages)('a page %s is below %d kB, gzipped', async (_, kilobytes, contents) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: '.' },
    ...{ bundle: true, minify: true, format: 'esm', write: false },
  });
  expect(gzipped(outputFiles[0].contents)).toBeLessThan(1000 * kilobytes);
});

// The module is there three times: as itself for runtimes that compile no bytes, as a text, and in the single file. The
// JavaScript keeps its lines, so that an error shows one and not all.
test('installed it takes less than 740 kB, and nothing that its user does not need', () => {
  const [{ unpackedSize, files }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' }),
  ) as [{ unpackedSize: number; files: { path: string }[] }];
  expect(unpackedSize).toBeLessThan(740_000);
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
