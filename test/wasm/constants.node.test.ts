// The numbers that src/ shares with the kernels are defined once, in assembly/: a change there needs no second one.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as constants from '../../src/wasm/generated/constants.js';

const builder = '../../tools/constants.mjs';
type ReadFile = (name: string, folder: string) => string | null;
const { constantsFile, readConstants } = (await import(builder)) as {
  readConstants(readFile?: ReadFile): Promise<Record<string, number>>;
  constantsFile(constants: Record<string, number>): string;
};
const read = (path: string) => readFileSync(path, 'utf8');

test('a number that is changed in assembly/ is changed in the file that src/ imports', async () => {
  const changed: ReadFile = (name, folder) => {
    const path = `${folder}/${name}`;
    if (!existsSync(path)) return null;
    return name === 'assembly/scratch.ts' ? read(path).replace(/(SCRATCH_BYTES: usize =) \d+/, '$1 8192') : read(path);
  };
  const { SCRATCH_BYTES, ...others } = await readConstants(changed);
  expect({ ...others, SCRATCH_BYTES: constants.SCRATCH_BYTES }).toEqual({ ...constants });
  expect(constantsFile({ SCRATCH_BYTES })).toContain('export const SCRATCH_BYTES = 8192;\n');
});

test('each is used in src/, and defined nowhere but in the generated file', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.includes('generated'));
  const code = sources.map((file) => read(`src/${file}`)).join('\n');
  for (const name of Object.keys(constants)) {
    const imported = new RegExp(`import {[^}]*\\b${name}\\b[^}]*} from '[^']*generated/constants.js'`);
    expect(imported.test(code), `${name} is imported`).toBe(true);
    expect(new RegExp(`const ${name}\\b`).test(code), `${name} is defined`).toBe(false);
  }
});
