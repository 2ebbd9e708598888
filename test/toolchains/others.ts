// What is no bundler: test runners, script tags, React Native's tools, Node's flags, TypeScript, TensorFlow.js.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { pageOf } from './project.js';
import type { Tool } from './tool.js';

const program = readFileSync(join(import.meta.dirname, 'program.ts'), 'utf8');

const saved = `test('the program', async () => writeFileSync('report.json', JSON.stringify(await report())), 120_000);\n`;
const required = `const { writeFileSync } = require('node:fs');
const { report } = require('./program.js');
${saved}`;
const imported = `import { writeFileSync } from 'node:fs';\nimport { report } from './program';\n${saved}`;

const jest = (packages: readonly string[], files: Record<string, string>, ...args: string[]): Tool => ({
  packages,
  quick: true,
  type: 'commonjs',
  async run(project, add) {
    if ('program.ts' in files) await project.run('rm', ['program.js']);
    project.write(files);
    await project.bin('jest', ...args);
    add('test', await project.report('cat', ['report.json']));
  },
});
const tsJest = {
  'jest.config.js': `module.exports = { preset: 'ts-jest', testEnvironment: 'node' };\n`,
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      module: 'commonjs',
      strict: true,
      esModuleInterop: true,
      types: ['jest', 'node'],
    },
  }),
  'some.test.ts': imported,
  'program.ts': program,
};

const vitest = (version: string): Tool => ({
  packages: [`vitest@${version}`],
  async run(project, add) {
    project.write({ 'some.test.js': `import { test } from 'vitest';\n${imported}` });
    await project.bin('vitest', 'run');
    add('test', await project.report('cat', ['report.json']));
  },
});

const none = /there is none here: React Native has none, .* node --jitless turns it off/;
const noShared = /^workspace: threads need shared memory/;

/** A program that uses the types as people do: each line compiles, or says why not. */
const types = `import { activation, init, nn, random, type Model } from 'fanwise';
import { writeFileSync } from 'node:fs';
import { report } from './program';
declare const seed: number | undefined;
export const draw = () => random.philox(seed).normal(4);
export const weight = () => init.kaimingNormal([2, 2], { seed, gain: undefined });
const x = new Float32Array(4);
export const blob = () => new Blob([activation.tanh.forward(x), random.philox(0).bits(2)]);
export const play = (buffer: AudioBuffer) => buffer.copyToChannel(activation.tanh.forward(x), 0);
const model = nn.sequential([nn.linear(2, 3, { seed: 0 }), nn.activation('tanh')]);
export const { data } = model.layers[0].weight;
export const known: Float32Array = model.parameters['0.weight'].data;
// @ts-expect-error a typing error
export const unknown = model.parameters['0.weigth'];
const any: Model = model;
export const rows = any.forward(x).length;
report().then((all) => writeFileSync('report.json', JSON.stringify(all)));
`;

/** TypeScript: the program is checked by each way to find modules that the version has, and runs. */
const typescript = (version: string, ...ways: string[]): Tool => ({
  packages: [`typescript@${version}`, '@types/node@20.19.43'],
  quick: version.startsWith('5.0') || version.startsWith('7'),
  type: 'commonjs',
  async run(project, add) {
    for (const way of ways) {
      const [moduleResolution, module, output = 'built'] = way.split(' ');
      const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
      const options = {
        ...strict,
        target: 'es2022',
        lib: ['es2022', 'dom'],
        types: ['node'],
        module,
        moduleResolution,
      };
      project.write({
        'program.ts': program,
        'main.ts': types,
        'tsconfig.json': JSON.stringify({
          compilerOptions: { ...options, declaration: true, outDir: output, rootDir: '.' },
          files: ['main.ts'],
        }),
      });
      await project.run('rm', ['-f', 'program.js']);
      await project.bin('tsc', '-p', '.');
      if (module === 'esnext') continue;
      await project.run(project.node, [`${output}/main.js`]);
      add(`moduleResolution ${moduleResolution}`, await project.report('cat', ['report.json']));
    }
  },
});

const tfjs = `import { heNormal } from 'fanwise/tfjs';
import { init } from 'fanwise';
`;
/** A model with an initialiser of this package, which is saved and read again: its class has to be known to the same copy. */
const layer = `const kernelInitializer = heNormal({ seed: 'toolchain' });
const model = sequential({ layers: [layers.dense({ units: 20, inputShape: [30], kernelInitializer })] });
const [kernel] = model.getWeights();
const expected = init.heNormal([30, 20], { seed: 'toolchain', layout: 'io' });
const again = await models.modelFromJSON(JSON.parse(model.toJSON()));
const isSame = kernel.dataSync().every((value, i) => value === expected[i]) && again.getWeights()[0].shape.join() === '30,20';
const { report } = await import('./program.js');
const { init: hash } = await report();
console.log(JSON.stringify({ init: isSame ? hash : 'other values' }));
`;

const tensorflow = (packages: readonly string[], text: string): Tool => ({
  packages,
  quick: packages.length > 1,
  async run(project, add) {
    project.write({ 'main.mjs': tfjs + text + layer });
    add('Node', await project.report(project.node, ['main.mjs']));
  },
});

export const others: Record<string, Tool> = {
  jest: jest(['jest@30.5.2'], { 'some.test.js': required }),
  'jest-jsdom': jest(['jest@30.5.2', 'jest-environment-jsdom@30.5.2'], { 'some.test.js': required }, '--env=jsdom'),
  'ts-jest': jest(
    ['ts-jest@29.4.15', 'jest@30.5.2', 'typescript@5.9.3', '@types/jest@30.0.0', '@types/node@20.19.43'],
    tsJest,
  ),
  vitest4: vitest('4.1.12'),
  vitest5: vitest('5.1.1'),
  script: {
    packages: [],
    quick: true,
    async run(project, add) {
      // The global has no threads: they are another entry.
      const text = transformSync(program, { loader: 'ts', format: 'cjs' }).code;
      const start = `const require = (name) => (name === 'fanwise' ? fanwise : {}), module = {};
{ ${text.replace('parts.threads', '')} delete parts.threads; report().then((all) => (document.title = JSON.stringify(all))); }`;
      project.write({ 'dist/index.html': `${pageOf('fanwise.min.js', '')}<script>\n${start}</script>\n` });
      await project.run('cp', ['node_modules/fanwise/dist/fanwise.min.js', 'dist/']);
      add('page', await project.built());
    },
  },
  metro: {
    packages: ['metro@0.87.1', '@react-native/metro-babel-transformer@0.87.1', 'hermes-engine-cli@0.12.0'],
    type: 'commonjs',
    async run(project, add) {
      project.write({
        'metro.config.js': `module.exports = {
  transformer: { babelTransformerPath: require.resolve('@react-native/metro-babel-transformer') },
  reporter: { update() {} },
};
`,
        'main.js': `const { report } = require('./program.js');
report().then((all) => (globalThis.print ?? console.log)(JSON.stringify(all)));
`,
      });
      await project.bin('metro', 'build', 'main.js', '--out', 'bundle.js', '--platform', 'ios', '--dev', 'false');
      add('Node', await project.report(project.node, ['bundle.js']));
      const hermes = 'node_modules/hermes-engine-cli/linux64-bin/hermes';
      add('Hermes', await project.report(hermes, ['-w', 'bundle.js']), {
        init: none,
        training: none,
        threads: noShared,
      });
    },
  },
  jitless: {
    packages: [],
    quick: true,
    own: /disabling flag --expose_wasm/,
    async run(project, add) {
      const got = await project.report(project.node, ['--jitless', 'print.js']);
      add('Node', got, { init: none, training: none, threads: none });
    },
  },
  'typescript5.0': typescript('5.0.4', 'node commonjs', 'nodenext nodenext', 'bundler esnext'),
  'typescript5.1': typescript('5.1.6', 'node commonjs', 'nodenext nodenext', 'bundler esnext'),
  'typescript5.2': typescript('5.2.2', 'node commonjs', 'nodenext nodenext', 'bundler esnext'),
  'typescript5.3': typescript('5.3.3', 'node commonjs', 'nodenext nodenext', 'bundler esnext'),
  'typescript5.4': typescript('5.4.5', 'node commonjs', 'nodenext nodenext', 'bundler esnext'),
  'typescript5.5': typescript('5.5.4', 'node commonjs', 'nodenext nodenext', 'bundler esnext'),
  'typescript5.6': typescript('5.6.3', 'node commonjs', 'nodenext nodenext', 'bundler esnext'),
  'typescript5.7': typescript('5.7.3', 'node commonjs', 'nodenext nodenext', 'bundler esnext'),
  'typescript5.8': typescript('5.8.3', 'node commonjs', 'nodenext nodenext', 'bundler esnext'),
  'typescript5.9': typescript('5.9.3', 'node commonjs', 'nodenext nodenext', 'bundler esnext'),
  'typescript6.0': typescript('6.0.3', 'nodenext nodenext', 'bundler esnext'),
  'typescript7.0': typescript('7.0.2', 'nodenext nodenext', 'bundler esnext'),
  'tfjs-parts': tensorflow(
    ['@tensorflow/tfjs-core@4.22.0', '@tensorflow/tfjs-layers@4.22.0', '@tensorflow/tfjs-backend-cpu@4.22.0'],
    `import '@tensorflow/tfjs-backend-cpu';\nimport { layers, models, sequential } from '@tensorflow/tfjs-layers';\n`,
  ),
  'tfjs-whole': tensorflow(
    ['@tensorflow/tfjs@4.22.0'],
    `import { layers, models, sequential } from '@tensorflow/tfjs';\n`,
  ),
};
