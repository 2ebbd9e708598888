// Bundlers: each makes a page into dist/, and some also serve it, or make a program of their own.

import { install } from '../everywhere/runtimes.js';
import { isolated, ownWorkers, pageOf, strict } from './project.js';
import type { Tool } from './tool.js';

const vite = (version: string, quick: boolean): Tool => ({
  packages: [`vite@${version}`],
  quick,
  async run(project, add) {
    const headers = JSON.stringify(isolated);
    project.write({ 'vite.config.js': `export default { base: './', server: { headers: ${headers} } };\n` });
    const url = await project.start('vite', (port) => ['--port', `${port}`]);
    add('dev', await project.page(url));
    await project.bin('vite', 'build');
    add('build', await project.built());
    project.write({ 'own.js': ownWorkers, 'index.html': pageOf('./own.js') });
    await project.bin('vite', 'build');
    add('build, own workers', await project.built(strict));
  },
});

/** A bundler of webpack's kind, by its function. */
const packer = (name: string, ...packages: string[]): Tool => ({
  packages,
  quick: true,
  async run(project, add) {
    project.write({
      'build.mjs': `import { ${name} as pack } from '${packages[0].replace(/@[\d.]+$/, '')}';
const output = { path: process.cwd() + '/dist', filename: 'main.js' };
pack({ mode: 'production', entry: process.argv[2] ?? './page.js', output, performance: false }, (error, stats) => {
  if (error ?? stats.hasErrors()) throw error ?? stats.toString('errors-only');
  for (const { message } of stats.toJson({ all: false, warnings: true }).warnings) console.log('warning', message);
});
`,
      'dist/index.html': pageOf('main.js', 'defer '),
    });
    await project.run(project.node, ['build.mjs']);
    add('page', await project.built());
    project.write({ 'own.js': ownWorkers });
    await project.run(project.node, ['build.mjs', './own.js']);
    add('page, own workers', await project.built(strict));
  },
});

export const bundlers: Record<string, Tool> = {
  vite5: vite('5.4.21', false),
  vite6: vite('6.4.6', false),
  vite7: vite('7.3.8', false),
  vite8: vite('8.3.8', true),
  webpack: packer('default', 'webpack@5.112.2'),
  rspack: packer('rspack', '@rspack/core@2.3.2'),
  rsbuild: {
    packages: ['@rsbuild/core@2.3.2'],
    quick: true,
    async run(project, add) {
      project.write({
        'rsbuild.config.mjs': `export default { source: { entry: { index: './page.js' } }, output: { assetPrefix: './' }, html: { tags: [{ tag: 'link', attrs: { rel: 'icon', href: 'data:,' } }] } };\n`,
      });
      await project.bin('rsbuild', 'build');
      add('page', await project.built());
    },
  },
  rollup: {
    packages: ['rollup@4.68.5', '@rollup/plugin-node-resolve@16.0.3'],
    quick: true,
    async run(project, add) {
      project.write({
        'rollup.config.mjs': `import resolve from '@rollup/plugin-node-resolve';
export default { input: 'page.js', output: { file: 'dist/main.js' }, plugins: [resolve({ browser: true })] };
`,
        'dist/index.html': pageOf('main.js'),
      });
      await project.bin('rollup', '-c');
      add('page', await project.built());
    },
  },
  esbuild: {
    packages: ['esbuild@0.28.2'],
    quick: true,
    async run(project, add) {
      project.write({ 'dist/index.html': pageOf('main.js', 'defer ') });
      await project.bin('esbuild', 'page.js', '--bundle', '--minify', '--outfile=dist/main.js');
      add('page', await project.built());
      await project.bin('esbuild', 'print.js', '--bundle', '--platform=node', '--outfile=built/main.cjs');
      add('Node, to CommonJS', await project.report(project.node, ['built/main.cjs']));
    },
  },
  parcel: {
    packages: ['parcel@2.16.4'],
    async run(project, add) {
      await project.bin('parcel', 'build', 'index.html', '--public-url', './', '--no-cache');
      add('page', await project.built());
    },
  },
  'bun-bundler': {
    packages: [],
    runtime: 'bun',
    quick: true,
    async run(project, add) {
      project.write({ 'dist/index.html': pageOf('page.js') });
      const bun = await install('bun');
      await project.run(bun, ['build', 'page.js', '--minify', '--outdir=dist']);
      add('page', await project.built());
      await project.run(bun, ['build', 'print.js', '--target=bun', '--outdir=built']);
      add('Bun', await project.report(bun, ['built/print.js']));
      await project.run(bun, ['build', 'print.js', '--compile', '--outfile=program']);
      add('--compile', await project.report('./program', []));
    },
  },
  'deno-bundle': {
    packages: [],
    runtime: 'deno',
    quick: true,
    own: /deno bundle is experimental/,
    async run(project, add) {
      project.write({ 'dist/index.html': pageOf('main.js') });
      const deno = await install('deno');
      await project.run(deno, [
        'bundle',
        '--platform=browser',
        '--node-modules-dir=manual',
        '-o',
        'dist/main.js',
        'page.js',
      ]);
      add('page', await project.built());
      await project.run(deno, ['bundle', '--node-modules-dir=manual', '-o', 'built/main.js', 'print.js']);
      add('Deno', await project.report(deno, ['run', '--no-prompt', 'built/main.js']));
    },
  },
};
