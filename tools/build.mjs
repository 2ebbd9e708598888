// Builds the package.
//
//   node tools/build.mjs           all of dist/
//   node tools/build.mjs modules   the WebAssembly modules, in src/wasm/generated/: enough to run the tests from source. 5 s; a
//                                  module is built only if one of its sources is newer
//   node tools/build.mjs bench     the modules, and the benchmarks in out/, file by file (see bench/index.ts)

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { instantiateSync } from '@assemblyscript/loader';
import asc from 'assemblyscript/asc';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { constantsFile, readConstants } from './constants.mjs';
import { encode } from './encode.mjs';

process.chdir(resolve(import.meta.dirname, '..'));

const asconfig = JSON.parse(readFileSync('asconfig.json', 'utf8'));
const MODULES = ['random', 'activation', 'nn'];
/** Entries of which each has the members of one of index.ts' namespaces. */
const PARTS = ['nn', 'init', 'random'];
const ENTRIES = ['index', 'threads', 'tfjs', ...PARTS];
const generated = (file) => join('src/wasm/generated', file);

/** A file of assembly/ and all files that it imports. */
function sourcesOf(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, from] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g))
    sourcesOf(join(dirname(file), `${from}.ts`), found);
  return found;
}

/** The files of a folder with an extension. */
const filesIn = (folder, extension) =>
  readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith(extension) && !file.endsWith('.d.ts'))
    .map((file) => join(folder, file));

const modified = (file) => (existsSync(file) ? statSync(file).mtimeMs : 0);

/** Whether a generated file is older than one of the sources of an entry. */
function isOutdated(file, entry) {
  const newest = Math.max(...[...sourcesOf(entry), 'asconfig.json', ...filesIn('tools', '.mjs')].map(modified));
  return newest >= modified(generated(file));
}

/**
 * Error where a module's constants overlap those of the next module. In a memory they follow each other, at asconfig.json's
 * memoryBase, up to CONSTANTS_END.
 */
function checkConstants(name, { CONSTANTS_END }) {
  const bases = [...MODULES.map((module) => asconfig.targets[module].memoryBase), CONSTANTS_END];
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const { exports } = instantiateSync(readFileSync(generated(`${name}.wasm`)), { env: { memory } });
  const end = bases[MODULES.indexOf(name) + 1];
  if (exports.heapBase() > end)
    throw new Error(
      `${name}: its constants end at ${exports.heapBase()}, after ${end}; move memoryBase in asconfig.json`,
    );
}

/** Writes the numbers that src/ shares with the kernels. Returns them, unless the file is newer than all sources. */
async function buildConstants() {
  if (!isOutdated('constants.ts', 'assembly/constants.ts')) return undefined;
  const constants = await readConstants();
  writeFileSync(generated('constants.ts'), constantsFile(constants));
  return constants;
}

/** Compiles a module and writes it as .wasm and as text, unless the text is newer than all sources. */
async function buildModule(name, constants) {
  const entry = `assembly/${name}.ts`;
  if (!isOutdated(`${name}.ts`, entry)) return;
  const { error } = await asc.main([entry, '--target', name], { stderr: process.stderr });
  if (error) throw error;
  checkConstants(name, constants ?? (await readConstants()));
  const { text, bytes } = encode(readFileSync(generated(`${name}.wasm`)));
  writeFileSync(generated(`${name}.wasm`), bytes);
  // The import of a memory says whether threads share it, by bit 1 of its limits' flags.
  const flags = Buffer.from(bytes).indexOf('\x06memory\x02') + 8;
  if (flags < 8 || bytes[flags] !== 1) throw new Error(`${name}: no memory with limits is imported`);
  // The kernels' names are read from the module itself, so that they are always those of assembly/.
  const functions = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).filter(({ kind }) => kind === 'function');
  writeFileSync(
    generated(`${name}.ts`),
    `// Made by tools/build.mjs from assembly/${name}.ts.

/** The module as tools/encode.mjs encodes it. */
export const text =
  '${text.replaceAll("'", "\\'")}';
/** The index of the byte with the flags of the memory's limits. */
export const flags = ${flags};
/** The name of a function of the module. */
export type Kernel = ${functions.map(({ name }) => `'${name}'`).join(' | ')};
`,
  );
}

/**
 * The program of a thread in one file, without imports and exports: it is a module and a script alike. With `own` it has the texts
 * of the modules; without, they are the elements of TEXTS, since what starts it has them anyway.
 */
async function bundleWorker(own) {
  const withoutTexts = {
    name: 'without texts',
    setup(build) {
      build.onLoad({ filter: /wasm.generated.(random|activation|nn)\.ts$/ }, ({ path }) => {
        const index = MODULES.indexOf(basename(path, '.ts'));
        const [flags] = readFileSync(path, 'utf8').match(/^export const flags = .*$/m);
        return { contents: `export const text = TEXTS[${index}];\n${flags}`, loader: 'ts' };
      });
    },
  };
  const { outputFiles } = await build({
    entryPoints: ['src/threads/worker.ts'],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    write: false,
    plugins: own ? [] : [withoutTexts],
  });
  return outputFiles[0].text.trim();
}

/** Writes the program of a thread as a text, for src/threads/thread.ts, if it has changed. */
async function buildWorker() {
  mkdirSync('src/threads/generated', { recursive: true });
  const file = 'src/threads/generated/worker.ts';
  const text = `// Made by tools/build.mjs from src/threads/worker.ts and what it imports.

/** The program of a thread. It takes the texts of the modules from TEXTS. */
export const code: string =
  ${JSON.stringify(await bundleWorker(false))};
`;
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}

/** One JavaScript module for each file of src/, with its source map, as tsc writes them. The types go to out/types/. */
async function buildFiles() {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tools/tsconfig.json'], {
    stdio: 'inherit',
  });
  for (const name of MODULES) cpSync(generated(`${name}.wasm`), `dist/wasm/generated/${name}.wasm`);
  writeFileSync('dist/wasm/generated/wasm.d.ts', 'declare const module: WebAssembly.Module;\nexport default module;\n');
  // What is generated has no source that one would read.
  for (const file of filesIn('dist', '.js.map').filter((file) => file.includes('generated'))) {
    rmSync(file);
    const js = file.slice(0, -'.map'.length);
    writeFileSync(js, readFileSync(js, 'utf8').replace(/\n\/\/# sourceMappingURL.*/, ''));
  }
  writeFileSync('dist/threads/worker.js', `${notice}\n${await bundleWorker(true)}\n`);
  rmSync('dist/threads/worker.js.map');
  // Vercel's edge functions import a WebAssembly module by a query.
  for (const [from, to] of [['workerd', 'edge'], ...PARTS.map((part) => [`${part}.workerd`, `${part}.edge`])]) {
    const workerd = readFileSync(`dist/${from}.js`, 'utf8').replace(/\n\/\/# sourceMappingURL.*/, '');
    writeFileSync(`dist/${to}.js`, workerd.replace(/\.wasm'/g, ".wasm?module'").replace('./workerd.js', './edge.js'));
  }
}

/** What fanwise/tfjs imports; @tensorflow/tfjs exports the same again. */
const tensorflow = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers'];

const notice = '/*! fanwise, MIT */';

/** The file for <script> tags, which defines the global `fanwise`. Its source map refers to the other files of dist/. */
const buildScript = () =>
  build({
    entryPoints: ['dist/index.js'],
    outfile: 'dist/fanwise.min.js',
    bundle: true,
    target: 'es2022',
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    format: 'iife',
    globalName: 'fanwise',
    banner: { js: notice },
  });

/**
 * The files for Node, Bun and Deno: the same entries, with what they share in common files. Node takes half a millisecond to
 * load a file: the 80 files of dist/ take 54 ms where these take 17 (2026-11-27, two cores under load).
 */
async function buildForNode() {
  await build({
    entryPoints: Object.fromEntries(ENTRIES.map((name) => [name, `dist/${name}.js`])),
    outdir: 'dist/node',
    chunkNames: 'shared-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    external: tensorflow,
    plugins: [programApart],
    banner: { js: notice },
  });
  // An import for its effects alone, of which these have none: bundlers for Node would warn of it.
  for (const file of filesIn('dist/node', '.js'))
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^import "\.\/shared-[^"]*";\n/gm, ''));
}

/** The program of a thread is large, and stays a file of its own. */
const programApart = {
  name: 'program apart',
  setup: (build) =>
    build.onResolve({ filter: /generated\/worker\.js$/ }, () => ({
      path: '../threads/generated/worker.js',
      external: true,
    })),
};

/**
 * The files for `require`. commonjs.cjs is the package without threads and TensorFlow.js. Those are files of their own that
 * require what they import from commonjs.cjs, so that all entries share one state, and an entry that is not required loads
 * nothing.
 */
async function buildCommonJs() {
  const common = { bundle: true, target: 'es2022', format: 'cjs', platform: 'node', banner: { js: notice } };
  const imported = new Set();
  const fromCommonJs = (folder) => ({
    name: 'from commonjs.cjs',
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => {
        const file = relative('dist', join(resolveDir, path));
        if (kind === 'entry-point' || file.startsWith(folder)) return;
        if (file === 'commonjs.cjs') return { path, external: true };
        imported.add(file);
        return { path: file, namespace: 'commonjs' };
      });
      build.onLoad({ filter: /.*/, namespace: 'commonjs' }, ({ path }) => ({
        contents: `module.exports = require('./commonjs.cjs')['${path}'];`,
        resolveDir: 'dist',
      }));
    },
  });
  await build({
    ...common,
    entryPoints: ['dist/threads.js'],
    outfile: 'dist/threads.cjs',
    plugins: [fromCommonJs('threads/')],
  });
  await build({
    ...common,
    entryPoints: ['dist/tfjs.js'],
    outfile: 'dist/tfjs.cjs',
    plugins: [fromCommonJs('tfjs/')],
    external: tensorflow,
  });
  const exports = [...imported].sort().map((file) => `export * as '${file}' from './${file}';`);
  const entries = ['index', ...PARTS].map((name) => `export * as ${name} from './${name}.js';`);
  const contents = [...entries, ...exports].join('\n');
  await build({ ...common, stdin: { contents, resolveDir: 'dist' }, outfile: 'dist/commonjs.cjs' });
  for (const name of ['index', ...PARTS])
    writeFileSync(`dist/${name}.cjs`, `module.exports = require('./commonjs.cjs').${name};\n`);
}

/** The exports of index.ts, each as `path name`. */
function publicNames() {
  const lists = readFileSync('out/types/index.d.ts', 'utf8').matchAll(/export (?:type )?{([^}]*)} from '(.*?)'/g);
  return new Set([...lists].flatMap(([, names, from]) => names.split(',').map((name) => `${from} ${name.trim()}`)));
}

/** A plugin by which an entry's types import from index.d.ts what is exported there. */
function importPublicTypes() {
  const known = publicNames();
  return {
    name: 'import public types',
    resolveId: (id) => (id === './index.js' ? { id, external: true } : null),
    transform: (code, id) =>
      code.replace(/^import (?:type )?{([^}]*)} from '(\..*?)';/gm, (_, names, from) => {
        const file = `./${relative('out/types', join(dirname(id), from))}`;
        const groups = { './index.js': [], [from]: [] };
        for (const name of names.split(',').map((name) => name.replace('type ', '').trim()))
          groups[known.has(`${file} ${name}`) ? './index.js' : from].push(name);
        const lines = Object.entries(groups).filter(([, names]) => names.length > 0);
        return lines.map(([from, names]) => `import type { ${names.join(', ')} } from '${from}';`).join('\n');
      }),
  };
}

/**
 * The types of each entry in one file. If they were in many files, a user's inferred type could have the path of a file that
 * the package does not export: TypeScript could not declare it.
 */
async function buildTypes() {
  for (const name of ENTRIES) {
    const plugins = [dts({ tsconfig: 'tools/tsconfig.json' })];
    if (name !== 'index') plugins.unshift(importPublicTypes());
    const types = await rollup({ input: `out/types/${name}.d.ts`, external: tensorflow, plugins });
    await types.write({ file: `dist/${name}.d.ts` });
    const text = readFileSync(`dist/${name}.d.ts`, 'utf8');
    writeFileSync(`dist/${name}.d.cts`, text.replace(/'\.\/index\.js'/g, "'./index.cjs'"));
  }
  writeFileSync('dist/workerd.d.ts', "export * from './index.js';\n");
  for (const name of ['tfjs', ...PARTS]) writeFileSync(`dist/${name}.workerd.d.ts`, `export * from './${name}.js';\n`);
  writeFileSync('dist/threads/worker.d.ts', 'export {};\n');
}

mkdirSync(generated(''), { recursive: true });
const constants = await buildConstants();
// One after the other in this process, so that the compiler is warm: 4.1 s for all three. Three processes took 6.2 s.
for (const name of MODULES) await buildModule(name, constants);
await buildWorker();
const [, , mode] = process.argv;
if (mode === 'bench') {
  const entryPoints = [...filesIn('bench', '.ts'), ...filesIn('src', '.ts'), 'test/browsers.ts'];
  await build({ entryPoints, outbase: '.', outdir: 'out', logLevel: 'warning' });
} else if (mode !== 'modules') {
  for (const folder of ['dist', 'out/types']) rmSync(folder, { recursive: true, force: true });
  await buildFiles();
  await Promise.all([buildScript(), buildForNode(), buildCommonJs(), buildTypes()]);
}
