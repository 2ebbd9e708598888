// Builds dist/: the WebAssembly, the module that carries it, the JavaScript with its types, and (bundle) one
// minified file for script tags.
//
//   node build.mjs          all
//   node build.mjs wasm     what src/ needs to run from source (tests)
//   node build.mjs bench    that, and the benchmarks in out/, file by file (see bench/index.ts)

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { pack } from './carrier.mjs';

process.chdir(import.meta.dirname);
const run = (bin, ...args) => execFileSync(process.execPath, [`node_modules/${bin}`, ...args], { stdio: 'inherit' });

rmSync('dist', { recursive: true, force: true });
run('assemblyscript/bin/asc.js', '--config', 'asconfig.json');

// The types of the kernels are asc's own, so that they cannot drift from assembly/. Its JavaScript is not used.
rmSync('dist/fanwise.js');
// Of WebAssembly's own types they need none, which a project without the DOM's does not have.
const kernels = readFileSync('dist/fanwise.d.ts', 'utf8')
  .replace(/\/\*\* Instantiates[\s\S]*/, '')
  .replace(/\/\*\*[\s\S]*?\*\/\s*/g, '')
  .replace(/WebAssembly\.(Memory|Table)/g, 'object');
rmSync('dist/fanwise.d.ts');

// Two carriers of the module, chosen by the "#wasm" import of package.json: a text inside JavaScript, and an import for
// runtimes that refuse to compile bytes.
//
// Memory that threads share is imported by other words than memory that they do not: bit 1 of a byte (the flags of the
// import's limits). The carrier sets it in a second module, when threads are asked for.
const { text, bytes } = pack(readFileSync('dist/fanwise.wasm'));
writeFileSync('dist/fanwise.wasm', bytes);
const flags = Buffer.from(bytes).indexOf('\x06memory\x02') + 8;
if (flags < 8 || bytes[flags] !== 1) throw new Error('no memory with limits is imported');
await build({ entryPoints: ['src/carrier.ts'], outdir: 'dist', logLevel: 'warning' });
writeFileSync(
  'dist/module.js',
  `import { carrier } from './carrier.js';\nexport const compile = /* @__PURE__ */ carrier("${text}", ${flags});\n`,
);
const { unpack } = await import('./dist/carrier.js');
if (!Buffer.from(bytes).equals(unpack(text))) throw new Error('the text does not carry the module');
if (!WebAssembly.validate(bytes)) throw new Error('what the text carries is no module');
// A page may have the file between its own tags.
if (/<\/script|<!--/i.test(text)) throw new Error('the text has what ends a script in a page; order its parts anew');
writeFileSync(
  'dist/module.workerd.js',
  `import module from './fanwise.wasm';
export function compile(shared) {
  if (shared) throw new Error('workspace: this runtime has no threads; leave threads out');
  return module;
}
`,
);
const types = `${kernels.trim()}
/** What the WebAssembly module exports. */
export type Kernels = typeof __AdaptedExports;
/** The compiled module, for memory of its own or for memory that threads share; compiled once. */
export declare function compile(shared?: boolean): object;
`;
writeFileSync('dist/module.d.ts', types);
writeFileSync('dist/module.workerd.d.ts', `export * from './module.js';\n`);
writeFileSync('dist/fanwise.wasm.d.ts', 'declare const module: WebAssembly.Module;\nexport default module;\n');

const [, , mode] = process.argv;
const inside = (folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`);
if (mode === 'bench') {
  const entryPoints = [...inside('bench'), ...inside('src'), 'test/browsers.ts'];
  await build({ entryPoints, outbase: '.', outdir: 'out', logLevel: 'warning' });
} else if (mode !== 'wasm') {
  run('typescript/bin/tsc', '-p', 'tsconfig.json');
  // Comments stay in the types, where editors show them.
  await build({
    entryPoints: readdirSync('dist')
      .filter((file) => file.endsWith('.js') && !file.startsWith('module'))
      .map((file) => `dist/${file}`),
    outdir: 'dist',
    allowOverwrite: true,
    logLevel: 'warning',
  });
  // The single file has no threads: they run files of the package, and a page may start none from another origin.
  const alone = 'the single file has no threads; import the package itself, through a bundler in pages';
  const threadless = {
    name: 'threadless',
    setup(within) {
      within.onResolve({ filter: /^\.\/threads\.js$/ }, () => ({ path: 'threads', namespace: 'threadless' }));
      within.onLoad({ filter: /./, namespace: 'threadless' }, () => ({
        contents: `export function shared() { throw new Error('workspace: ${alone}'); }`,
      }));
    },
  };
  await build({
    entryPoints: ['dist/index.js'],
    plugins: [threadless],
    outfile: 'dist/fanwise.min.js',
    bundle: true,
    minify: true,
    format: 'esm',
  });
}
