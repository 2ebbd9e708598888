// What a page downloads, and what a bundler keeps and leaves out.

import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const gzipped = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;

/**
 * Kilobytes, by esbuild, minified and gzipped. The aims are 21 for a page of init or of activation, and 47 for the page that
 * trains, which has 61.4 (2026-11-27). Of those 21 are the texts of all three modules: 1.9 more than one module of everything
 * had, since each has the elementary functions that it uses; 1.3 more than with an inflater of our own; 0.8 for sums in
 * blocks; 1.3 for conventions at infinity and errors that name their causes. The other 39 are JavaScript: `nn` is a namespace,
 * of which esbuild leaves nothing out, so that files (1.7 for types of values and headers by their rules), checkpoints, lsuv and
 * probes are in it. Of those 0.7 are for trainings that are awaited, and say so where they are not; 0.8 say where a loss begins
 * not to be finite, 0.3 where logits are bounded; 0.2 share generators again; 0.6 say what labels, layers and optimizers lack.
 * 0.9 are for parameters that never move, and small models that share memories; 0.1 for errors while threads make a step.
 * Shorter kernels (asc's shrinkLevel 1) would save 1.5 and cost a fifth of the speed.
 */
const pages: [name: string, kilobytes: number, code: string][] = [
  [
    'that trains the article’s network',
    62,
    `import { init, nn, random } from 'fanwise';
    const rng = random.philox(0);
    const layer = nn.linear(784, 100, { rng });
    init.xavierNormal(layer.weight, { rng });
    const model = nn.sequential([layer, nn.activation('tanh'), nn.linear(100, 10, { rng })]);
    globalThis.train = (data) => nn.fit(model, data, { optimizer: nn.sgd({ lr: 0.1 }) });`,
  ],
  ['that initialises', 21, `import { init } from 'fanwise'; globalThis.w = init.kaimingNormal([784, 100]);`],
  ['that activates', 21, `import { activation } from 'fanwise'; globalThis.f = activation.tanh.forward;`],
  ['that draws', 21, `import { random } from 'fanwise'; globalThis.rng = random.philox(0);`],
  ['that has threads', 95, `import { workspace } from 'fanwise/threads'; globalThis.workspace = workspace;`],
  ['that reads .npy', 3.9, `import { npy } from 'fanwise'; globalThis.read = npy.decode;`],
];

test.each(pages)('a page %s is below %d kB, gzipped', async (_, kilobytes, contents) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: '.' },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  });
  expect(gzipped(outputFiles[0].contents)).toBeLessThan(1000 * kilobytes);
});

// What a file does when it is loaded, a bundler may take for nothing (package.json's sideEffects).
test.each([
  ['an import that takes nothing registers with TensorFlow.js', `import 'fanwise/tfjs';`, 'registerClass'],
  [
    'in workerd the modules are there before they are used',
    `import { init } from 'fanwise'; init.zeros([1]);`,
    'random.wasm',
  ],
  ['and for initialisers of TensorFlow.js', `import { zeros } from 'fanwise/tfjs'; zeros();`, 'random.wasm'],
])('%s', async (_, contents, kept) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: '.' },
    bundle: true,
    format: 'esm',
    write: false,
    conditions: ['workerd'],
    external: ['@tensorflow/*', '*.wasm'],
  });
  expect(outputFiles[0].text.includes(kept)).toBe(true);
});

test('a bundle has what threads run in it: it finds no file and knows no place of its own', async () => {
  const contents = `import { random } from 'fanwise';
  import { workspace } from 'fanwise/threads';
  const n = 1 << 20;
  workspace({ bytes: 4 * n, threads: 2 }).then(async (ws) => {
    const x = await ws.draw('normal', { seed: 1, out: ws.float32(n) });
    console.log(x.at(-1) === random.philox(1).normal(n).at(-1));
    await ws.close();
  });`;
  for (const [format, platform] of [
    ['cjs', 'node'],
    ['esm', 'node'],
    ['iife', 'browser'],
  ] as const) {
    const { outputFiles, warnings } = await build({
      stdin: { contents, resolveDir: '.' },
      bundle: true,
      minify: true,
      format,
      platform,
      write: false,
      logLevel: 'error',
    });
    const type = `--input-type=${format === 'esm' ? 'module' : 'commonjs'}`;
    const said = execFileSync(process.execPath, [type, '-'], { input: outputFiles[0].text });
    expect([format, String(said), warnings, outputFiles.length]).toEqual([format, 'true\n', [], 1]);
  }
});
