// What is installed: which files, how large, and how each of them is loaded.

import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createContext, runInContext, Script } from 'node:vm';
import { expect, test } from 'vitest';

const packed = () =>
  JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' }))[0] as {
    unpackedSize: number;
    files: { path: string }[];
  };
/** A program in a folder of this repository, which finds the package by its name. */
function program(name: string, text: string): string {
  const file = resolve('out/programs', name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}
const node = (...args: string[]) => promisify(execFile)(process.execPath, args, { timeout: 60_000 });

/** Entries that have the members of a namespace of index.js. */
const namespaces = ['nn', 'init', 'random'];
const entries = ['index', 'threads', 'tfjs', ...namespaces];
const entriesOfWorkerd = ['workerd', 'tfjs.workerd', ...namespaces.map((name) => `${name}.workerd`)];

// 0.4 MB are JavaScript, a file for each source with its comments, and 0.8 their maps with the sources in them; 0.4 the files
// for Node, 0.5 those for require, 0.4 the minified file and its map, 0.3 what threads run, as a text and as a file, 0.2 types,
// 0.1 WebAssembly, 0.2 documents; 0.1 of all that are trials of networks. What is installed is not what a page downloads.
test('installed it takes less than 4.1 MB: a file and its map for each source, and a few single files', () => {
  const { unpackedSize, files } = packed();
  expect(unpackedSize).toBeLessThan(4_100_000);
  const paths = files.map(({ path }) => path);
  const outside = paths.filter((path) => !/^dist\/|\.md$/.test(path));
  const others = [
    'LICENSE',
    'examples/diagnose/torch_hook.py',
    'package.json',
    ...entries.filter((name) => name !== 'index').map((name) => `${name}/package.json`),
  ].sort();
  expect(outside.sort()).toEqual(others);

  const inside = paths.filter((path) => path.startsWith('dist/')).map((path) => path.slice('dist/'.length));
  const single = [
    ...entries.flatMap((name) => [`${name}.cjs`, `${name}.d.cts`]),
    'commonjs.cjs',
    'fanwise.min.js',
    'fanwise.min.js.map',
    'edge.js',
    ...namespaces.map((name) => `${name}.edge.js`),
    'wasm/generated/wasm.d.ts',
    'threads/worker.d.ts',
    ...entriesOfWorkerd.concat(entries).map((name) => `${name}.d.ts`),
    ...['random', 'activation', 'nn'].map((name) => `wasm/generated/${name}.wasm`),
  ];
  const forNode = inside.filter((path) => path.startsWith('node/'));
  for (const name of entries) expect(forNode).toContain(`node/${name}.js`);
  expect(forNode.length).toBeLessThan(20);
  const modules = inside.filter((path) => !single.includes(path) && !forNode.includes(path));
  expect(inside.filter((path) => single.includes(path)).sort()).toEqual([...single].sort());
  const sources = modules.filter((path) => path.endsWith('.js')).map((path) => path.slice(0, -'.js'.length));
  // Generated code has no map: it is not for reading.
  const mapped = (path: string) => path !== 'threads/worker' && !path.includes('/generated/');
  expect(modules.sort()).toEqual(
    sources.flatMap((path) => (mapped(path) ? [`${path}.js`, `${path}.js.map`] : [`${path}.js`])).sort(),
  );
  expect(sources).toEqual(
    expect.arrayContaining(['index', 'threads', 'tfjs', 'workerd', 'threads/worker', 'nn/model']),
  );
  expect(inside.filter((path) => /\b(test|tools|bench)\b/.test(path))).toEqual([]);
});

test('the documents are installed: links of each lead to another, and so do errors', () => {
  const paths = packed().files.map(({ path }) => path);
  const documents = paths.filter((path) => path.endsWith('.md'));
  expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/threads.md', 'docs/migration/pytorch.md']));
  const missing: string[] = [];
  for (const file of documents)
    for (const [, to] of readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g))
      if (!paths.includes(join(dirname(file), to))) missing.push(`${file}: ${to}`);
  let named = 0;
  for (const file of paths.filter((path) => /^dist\/.*\.c?js$/.test(path)))
    for (const [path] of readFileSync(file, 'utf8').matchAll(/\b(?:docs\/[\w./-]+|[A-Z]{5,})\.md\b/g)) {
      named++;
      if (!paths.includes(path)) missing.push(`${file}: ${path}`);
    }
  expect(missing).toEqual([]);
  expect(named).toBeGreaterThan(0);
});

/** A file of dist/ and what it imports, at load or later. */
function reachable(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, from] of readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g))
    reachable(join(dirname(file), from), found);
  return found;
}

test('no entry has import.meta, and the main entry starts no threads', () => {
  const all = [...entries, ...entriesOfWorkerd, ...entries.map((name) => `node/${name}`)];
  for (const entry of all)
    for (const file of reachable(`dist/${entry}.js`))
      expect(readFileSync(file, 'utf8'), file).not.toMatch(/import\.meta/);
  const files = [...reachable('dist/index.js')].map((file) => relative('dist', file));
  expect(files).toEqual(expect.arrayContaining(['index.js', 'wasm/module.js', 'nn/training.js']));
  for (const file of files) {
    expect(readFileSync(`dist/${file}`, 'utf8'), file).not.toMatch(/new Worker\b/);
    expect(file).not.toMatch(/^threads/);
  }
  // What starts threads is found there.
  expect([...reachable('dist/threads.js')].some((file) => /new Worker\b/.test(readFileSync(file, 'utf8')))).toBe(true);
});

test('what threads run is one file, a script and a module alike, and without the modules it is in the package as a text', async () => {
  const text = readFileSync('dist/threads/worker.js', 'utf8');
  const { code } = await import(resolve('dist/threads/generated/worker.js'));
  for (const program of [text, code]) {
    new Script(program); // An import or an export would be an error.
    expect(program).not.toMatch(/\b(require|import)\(|\bimport\./);
  }
  expect(code.length).toBeLessThan(text.length - 60_000);
});

test('a script tag gets the global fanwise, in an engine that has nothing but its language and WebAssembly', () => {
  const context = createContext({});
  runInContext(readFileSync('dist/fanwise.min.js', 'utf8'), context);
  const say = (text: string) => runInContext(text, context);
  expect(say('typeof fanwise')).toBe('object');
  expect(say('fanwise.random.philox(0).bits(1)[0]')).toBe(0x6627e8d5);
  expect(say('fanwise.activation.relu.forward(Float32Array.of(-1, 2)).join()')).toBe('0,2');
  expect(say('fanwise.nn.linear(3, 2, { seed: 1 }).weight.data.length')).toBe(6);
});

test('require gives both entries, and they share their state: a model of one is trained by threads of the other', async () => {
  const file = program(
    'require.cjs',
    `const { nn, random } = require('fanwise');
    const { workspace } = require('fanwise/threads');
    const make = () => nn.sequential([nn.linear(256, 140, { seed: 1, activation: 'tanh' }), nn.linear(140, 4, { seed: 2 })]);
    const data = { x: random.philox(1).normal(256 * 300), labels: new Uint8Array(300) };
    const fit = () => ({ batchSize: 150, optimizer: nn.adam(), seed: 1 });
    const weights = (model) => Buffer.from(model.parameters['0.weight'].data.slice().buffer).toString('base64');
    (async () => {
      const ws = await workspace({ bytes: 16, threads: 2 });
      const [alone, together] = [make(), make()];
      let [one, many] = [0, 0];
      for await (const _ of nn.fit(alone, data, fit())) one++;
      for await (const _ of ws.fit(together, data, fit())) many++;
      await ws.close();
      console.log(one, many, weights(alone) === weights(together));
    })();`,
  );
  expect(await node(file)).toMatchObject({ stdout: '2 2 true\n', stderr: '' });
});

test.each([
  ['cjs', 'const { init, nn, random } = require("fanwise"); const part = (name) => require("fanwise/" + name);'],
  ['mjs', 'import { init, nn, random } from "fanwise"; const part = (name) => import("fanwise/" + name);'],
])('entries of namespaces have the same names, and share their state: %s', async (extension, imports) => {
  const file = program(
    `parts.${extension}`,
    `${imports}
    (async () => {
      const parts = { nn: await part('nn'), init: await part('init'), random: await part('random') };
      for (const [name, all] of Object.entries({ nn, init, random }))
        console.log(name, String(Object.keys(parts[name]).sort()) === String(Object.keys(all).sort()));
      const rng = parts.random.torch(1);
      const model = nn.sequential([parts.nn.linear(4, 2, { rng })]);
      parts.init.orthogonal(model.parameters['0.weight'], { rng });
      const data = { x: random.philox(1).normal(40), labels: new Uint8Array(10) };
      const { steps } = await parts.nn.fit(model, data, { optimizer: nn.sgd({ lr: 0.1 }), rng });
      console.log(steps, random.restore(rng.state()).bits(1)[0] === rng.bits(1)[0]);
    })();`,
  );
  expect(await node(file)).toEqual({ stdout: 'nn true\ninit true\nrandom true\n1 true\n', stderr: '' });
});

test('require gives the initialisers of TensorFlow.js, which take generators of the main entry', async () => {
  const file = program(
    'tfjs.cjs',
    `const { init, random } = require('fanwise');
    const { heNormal } = require('fanwise/tfjs');
    require('@tensorflow/tfjs'); // a backend
    const values = heNormal({ rng: random.philox(1) }).apply([3, 2]).dataSync();
    const expected = init.heNormal([3, 2], { rng: random.philox(1), layout: 'io' });
    console.log(values.join() === expected.join());`,
  );
  expect((await node(file)).stdout).toMatch(/true\n$/);
});

test('the file for require runs in every runtime: it requires no module of Node, and TensorFlow.js only in its entry', () => {
  const required = (name: string) =>
    [...readFileSync(`dist/${name}.cjs`, 'utf8').matchAll(/require\(["'](.*?)["']\)/g)].map(([, from]) => from);
  expect(required('commonjs')).toEqual([]);
  expect(required('index')).toEqual(['./commonjs.cjs']);
  expect(new Set(required('threads'))).toEqual(new Set(['./commonjs.cjs']));
  expect(new Set(required('tfjs'))).toEqual(
    new Set(['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', './commonjs.cjs']),
  );
});

test('an uncaught error prints little, and names a line of ours that can be read', async () => {
  const files = {
    'uncaught.mjs': `import { random } from 'fanwise';\nrandom.philox(0).normal(-1);\n`,
    'uncaught.cjs': `require('fanwise').random.philox(0).normal(-1);\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    const { stderr } = (await node(program(name, text)).catch((error) => error)) as { stderr: string };
    expect(stderr).toContain('RangeError: random.philox.normal: length is -1; pass a whole number at least 0\n');
    expect(stderr.length).toBeLessThan(2000);
    // The first frame of the stack.
    const [, file, line] = /\(?(?:file:\/\/)?([^\s()]*\/dist\/[^\s():]+):(\d+):\d+/.exec(stderr.split('\n    at ')[1])!;
    const thrown = readFileSync(file, 'utf8').split('\n')[Number(line) - 1];
    expect(thrown, `${file}:${line}`).toMatch(/^\s*(throw|return) .{10,200}$/);
  }
});
