// Builds dist/: the WebAssembly, the module that carries it, the JavaScript with its types, and (bundle) one
// minified file for script tags.
//
//   node build.mjs          all
//   node build.mjs wasm     what src/ needs to run from source (tests, benchmarks)

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

process.chdir(import.meta.dirname);
const run = (bin, ...args) => execFileSync(process.execPath, [`node_modules/${bin}`, ...args], { stdio: 'inherit' });

rmSync('dist', { recursive: true, force: true });
run('assemblyscript/bin/asc.js', '--config', 'asconfig.json');

// The types of the kernels are asc's own, so that they cannot drift from assembly/. Its JavaScript is not used.
rmSync('dist/fanwise.js');
const kernels = readFileSync('dist/fanwise.d.ts', 'utf8').replace(/\/\*\* Instantiates[\s\S]*/, '');
rmSync('dist/fanwise.d.ts');

// Two carriers of the module, chosen by the "#wasm" import of package.json: bytes inside JavaScript, and an
// import for runtimes that refuse to compile bytes.
const bytes = readFileSync('dist/fanwise.wasm');
writeFileSync(
  'dist/module.js',
  `const base64 = '${bytes.toString('base64')}';
let module;
export function compile() {
  return (module ??= new WebAssembly.Module(
    Uint8Array.fromBase64?.(base64) ?? Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))));
}
`,
);
writeFileSync('dist/module.workerd.js', `import module from './fanwise.wasm';\nexport const compile = () => module;\n`);
const types = `${kernels.trim()}
/** What the WebAssembly module exports. */
export type Kernels = typeof __AdaptedExports;
/** The compiled module; compiled once. */
export declare function compile(): WebAssembly.Module;
`;
writeFileSync('dist/module.d.ts', types);
writeFileSync('dist/module.workerd.d.ts', `export * from './module.js';\n`);
writeFileSync('dist/fanwise.wasm.d.ts', 'declare const module: WebAssembly.Module;\nexport default module;\n');

if (process.argv[2] !== 'wasm') {
  run('typescript/bin/tsc', '-p', 'tsconfig.json');
  await build({
    entryPoints: ['dist/index.js'],
    outfile: 'dist/fanwise.min.js',
    bundle: true,
    minify: true,
    format: 'esm',
  });
}
