// What a page downloads, and what a bundler keeps and leaves out.

import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import { expect, test } from 'vitest';

const gzipped = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;

/** The program of the article: a layer of linear, its weights, a training. */
const training = `
  const rng = random.philox(0);
  const layer = nn.linear(784, 100, { rng });
  init.xavierNormal(layer.weight, { rng });
  const model = nn.sequential([layer, nn.activation('tanh'), nn.linear(100, 10, { rng })]);
  globalThis.train = (data) => nn.fit(model, data, { optimizer: nn.sgd({ lr: 0.1 }) });`;
const entry = (name: string) => `import * as ${name} from 'fanwise/${name}';`;

/**
 * Kilobytes, by esbuild, minified and gzipped. The aim is 21 for a page of init or of activation. Of the page that trains 21 are
 * the texts of all three modules: 1.9 more than one module of everything had, since each has the elementary functions that it
 * uses; 1.3 more than with an inflater of our own; 0.8 for sums in blocks; 1.3 for conventions at infinity and errors that
 * name their causes. The rest is JavaScript. From `fanwise` the page has 59.4 (2026-11-28), for esbuild leaves nothing out of
 * a namespace or an object that is exported again. By fanwise/nn it has 55.5, and with fanwise/init and fanwise/random 54.0.
 * What is left of what the program does not use belongs to options of nn.fit: files of trainings (resume, 2.8), the other
 * generators, which such a file may name (2.0), and probes (1.4).
 * Shorter kernels (asc's shrinkLevel 1) would save 1.5 and cost a fifth of the speed.
 */
const pages: [name: string, kilobytes: number, code: string][] = [
  ['that trains the article’s network', 60, `import { init, nn, random } from 'fanwise'; ${training}`],
  ['that trains it by fanwise/nn', 56, `import { init, random } from 'fanwise'; ${entry('nn')} ${training}`],
  ['that trains it by three entries', 54.5, `${['nn', 'init', 'random'].map(entry).join(' ')} ${training}`],
  ['that initialises', 21, `import { init } from 'fanwise'; globalThis.w = init.kaimingNormal([784, 100]);`],
  ['that activates', 21, `import { activation } from 'fanwise'; globalThis.f = activation.tanh.forward;`],
  ['that draws', 21, `import { random } from 'fanwise'; globalThis.rng = random.philox(0);`],
  ['that initialises by fanwise/init', 19.5, `import { zeros } from 'fanwise/init'; globalThis.w = zeros([784, 100]);`],
  ['that draws by fanwise/random', 18, `import { philox } from 'fanwise/random'; globalThis.rng = philox(0);`],
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

test('what is loaded and not used leaves nothing: no module computes anything that a bundler has to keep', async () => {
  // Each file is taken as one with side effects, so that its statements alone say what can be left out.
  const eachFile: Plugin = {
    name: 'each file',
    setup(build) {
      build.onResolve({ filter: /^\./ }, async ({ path, resolveDir, importer, kind, pluginData }) => {
        if (pluginData === eachFile) return undefined;
        const found = await build.resolve(path, { resolveDir, importer, kind, pluginData: eachFile });
        return { ...found, sideEffects: true, pluginData: undefined };
      });
    },
  };
  /** The files of which something is left: the last one has what keeps the others. */
  const left = async (contents: string) => {
    const { metafile } = await build({
      stdin: { contents, resolveDir: '.' },
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
      metafile: true,
      plugins: [eachFile],
    });
    const [{ inputs }] = Object.values(metafile.outputs);
    // A number that is computed of others is kept, in a few bytes.
    return Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 40 ? [file] : []));
  };
  for (const name of ['index', 'threads', 'nn', 'init', 'random'])
    expect([name, await left(`import './dist/${name}.js';`)]).toEqual([name, []]);
  expect(await left(`import { gain } from './dist/index.js'; gain('tanh');`)).toContain(
    'dist/activation/quadrature.js',
  );
});

// What a file does when it is loaded, a bundler may take for nothing (package.json's sideEffects).
test.each([
  ['an import that takes nothing registers with TensorFlow.js', `import 'fanwise/tfjs';`, 'registerClass'],
  [
    'in workerd the modules are there before they are used',
    `import { init } from 'fanwise'; init.zeros([1]);`,
    'random.wasm',
  ],
  ['and by entries of their own', `import { zeros } from 'fanwise/init'; zeros([1]);`, 'random.wasm'],
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
