// What is no bundler: test runners, script tags, React Native's tools, Node's flags, TypeScript, TensorFlow.js.

import { pageOf } from './place.js';
import type { Tool } from './tool.js';

const saved = `test('the program', async () => writeFileSync('report.json', JSON.stringify(await report())));\n`;
const required = `const { writeFileSync } = require('node:fs');
const { report } = require('./program.js');
${saved}`;
const imported = `import { writeFileSync } from 'node:fs';\nimport { report } from './program';\n${saved}`;

const jest = (packages: readonly string[], files: Record<string, string>, ...args: string[]): Tool => ({
  packages,
  quick: true,
  type: 'commonjs',
  async run(place, add) {
    place.write(files);
    await place.bin('jest', ...args);
    add('test', await place.report('cat', ['report.json']));
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
};

const vitest = (version: string): Tool => ({
  packages: [`vitest@${version}`],
  async run(place, add) {
    place.write({ 'some.test.js': `import { test } from 'vitest';\n${imported}` });
    await place.bin('vitest', 'run');
    add('test', await place.report('cat', ['report.json']));
  },
});

export const others: Record<string, Tool> = {
  jest: jest(['jest@30.5.2'], { 'some.test.js': required }),
  'jest-jsdom': jest(['jest@30.5.2', 'jest-environment-jsdom@30.5.2'], { 'some.test.js': required }, '--env=jsdom'),
  'ts-jest': jest(
    ['ts-jest@29.4.15', 'jest@30.5.2', 'typescript@5.9.3', '@types/jest@30.0.0', '@types/node@22.19.7'],
    tsJest,
  ),
  vitest4: vitest('4.1.12'),
  vitest5: vitest('5.1.1'),
  script: {
    packages: [],
    quick: true,
    async run(place, add) {
      place.write({ 'dist/index.html': pageOf('') });
      add('page', await place.built());
    },
  },
};
