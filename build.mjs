// Builds dist/: the WebAssembly, the JavaScript and the types that are installed, each as few files as can be.
//
//   node build.mjs          all
//   node build.mjs wasm     what src/ needs to run from source (tests): module.js, which is not installed
//   node build.mjs bench    that, and the benchmarks in out/, file by file (see bench/index.ts)

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { pack } from './carrier.mjs';

process.chdir(import.meta.dirname);

rmSync('dist', { recursive: true, force: true });
const asc = ['node_modules/assemblyscript/bin/asc.js', '--config', 'asconfig.json'];
execFileSync(process.execPath, asc, { stdio: 'inherit' });

// The module is there twice: as itself for runtimes that compile no bytes, and as a text for all others.
//
// Memory that threads share is imported by other words than memory that they do not: bit 1 of a byte (the flags of the
// import's limits). src/carrier.ts sets it in a second module, when threads are asked for.
const { text, bytes } = await pack(readFileSync('dist/fanwise.wasm'));
writeFileSync('dist/fanwise.wasm', bytes);
writeFileSync('dist/fanwise.wasm.d.ts', 'declare const module: WebAssembly.Module;\nexport default module;\n');
const flags = Buffer.from(bytes).indexOf('\x06memory\x02') + 8;
if (flags < 8 || bytes[flags] !== 1) throw new Error('no memory with limits is imported');
// A page may have the file between its own tags.
if (/<\/script|<!--/i.test(text)) throw new Error('the text has what ends a script in a page; order its parts anew');
writeFileSync('dist/module.js', `export const text = "${text}";\nexport const flags = ${flags};\n`);
// What there is to call is asked of the module itself, so that it cannot drift from assembly/.
const functions = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).filter(({ kind }) => kind === 'function');
writeFileSync(
  'dist/module.d.ts',
  `/** The name of a function of the WebAssembly module. */
export type Kernel = ${functions.map(({ name }) => `'${name}'`).join(' | ')};
export declare const text: string;
/** Where the flags of the memory's limits stand. */
export declare const flags: number;
`,
);

/** Every file of a folder, for the benchmarks. */
const inside = (folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`);

/** Finds the files of src by the names that they have for each other, and what is not of src. */
const found = {
  name: 'found',
  resolveId(id, from) {
    if (id === 'fanwise/fanwise.wasm') return { id: './fanwise.wasm', external: true };
    if (id === '#wasm') return resolve('dist/module.js');
    if (id === '@assemblyscript/loader') return resolve('node_modules/@assemblyscript/loader/index.js');
    return id.startsWith('.') && from ? resolve(dirname(from), id.replace(/\.js$/, '.ts')) : null;
  },
};
const plain = {
  name: 'plain',
  async transform(code, id) {
    if (id.endsWith('.ts')) return (await transform(code, { loader: 'ts', target: 'es2022' })).code;
    // The loader gives Object what it has in every engine that this package is for; where Object is frozen that is an error.
    return code.replace(/^Object\.hasOwn = [\s\S]*?^};$/m, '');
  },
};
/**
 * Makes a file short, and says of every value that is made when the file is loaded that nothing but the value comes of it:
 * then a bundler leaves out what a page does not use, though it sees one file. The marks come last, since esbuild's minifier
 * makes (() => x)() x again.
 */
const small = {
  name: 'small',
  async renderChunk(code, { isEntry }) {
    const short = (await transform(code, { minify: true, target: 'es2022' })).code;
    // What an entry does when it is loaded is what it is for: tfjs registers its initialisers.
    if (isEntry) return { code: short, map: null };
    let marked = '';
    let at = 0;
    for (const { type, declarations } of this.parse(short).body) {
      if (type !== 'VariableDeclaration') continue;
      for (const { init } of declarations) {
        if (!init || /^(Literal|Identifier|ArrowFunctionExpression|FunctionExpression)$/.test(init.type)) continue;
        marked += `${short.slice(at, init.start)}/* @__PURE__ */(()=>(${short.slice(init.start, init.end)}))()`;
        at = init.end;
      }
    }
    return {
      code: `/*! fanwise, MIT; with a part of @assemblyscript/loader, Apache-2.0: see NOTICE */\n${marked}${short.slice(at)}`,
      map: null,
    };
  },
};

const [, , mode] = process.argv;
if (mode === 'bench') {
  const entryPoints = [...inside('bench'), ...inside('src'), 'test/browsers.ts'];
  await build({ entryPoints, outbase: '.', outdir: 'out', logLevel: 'warning' });
} else if (mode !== 'wasm') {
  const external = '@tensorflow/tfjs';
  const entries = (...names) => Object.fromEntries(names.map((name) => [name, resolve(`src/${name}.ts`)]));
  const input = { ...entries('index', 'tfjs', 'workerd', 'tfjs.workerd'), 'fanwise.worker': resolve('src/worker.ts') };
  // fanwise.js has all; the others say which part of it is whose. By itself it is the file for script tags.
  const code = await rollup({ input, external, plugins: [found, plain] });
  await code.write({
    dir: 'dist',
    chunkFileNames: '[name].js',
    manualChunks: (id) => (Object.values(input).includes(id) ? null : 'fanwise'),
    minifyInternalExports: false,
    hoistTransitiveImports: false,
    plugins: [small],
  });
  writeFileSync('dist/fanwise.worker.d.ts', 'export {};\n');
  // As Next.js asks for it; not tried there.
  writeFileSync('dist/edge.js', readFileSync('dist/workerd.js', 'utf8').replace('fanwise.wasm', '$&?module'));
  // Types of the package, and of what stands beside it and says theirs by their names in it.
  // (rollup-plugin-dts indents by four blanks, which are 4 kB.)
  const indented = {
    name: 'indented',
    renderChunk: (code) => code.replace(/^( {4})+/gm, (blanks) => '\t'.repeat(blanks.length / 4)),
  };
  for (const name of ['index', 'tfjs']) {
    const beside = {
      name: 'beside',
      resolveId: (id, from) => (from && id === './index.js' ? { id, external: true } : null),
    };
    const types = await rollup({ input: entries(name), external, plugins: [beside, found, dts()] });
    await types.write({ dir: 'dist', entryFileNames: '[name].d.ts', plugins: [indented] });
  }
}
