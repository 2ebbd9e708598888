// A document's ts blocks as programs: lines `expression; // => value` are assertions.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { transform } from 'esbuild';
import { expect } from 'vitest';

export interface Snippet {
  file: string;
  /** From 1. */
  i: number;
  code: string;
}

/** The blocks of a language in a document. */
export const snippets = (file: string, language = 'ts'): Snippet[] =>
  [...readFileSync(file, 'utf8').matchAll(RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, code], i) => ({
      ...{ file, i: i + 1, code },
    }),
  );

/** Runs one, and holds it to its assertions. */
export async function runs({ file, i, code }: Snippet): Promise<void> {
  const asserted = code.replace(/^(.+); \/\/ => (.+)$/gm, 'globalThis.same($1, $2);');
  const { code: js } = await transform(asserted, { loader: 'ts', format: 'esm', target: 'es2022' });
  mkdirSync('out/snippets', { recursive: true });
  const program = resolve(`out/snippets/${file.replace(/\W/g, '-')}-${i}.mjs`);
  writeFileSync(program, js);
  let assertions = 0;
  (globalThis as unknown as { same: unknown }).same = (got: unknown, expected: unknown) => {
    assertions++;
    expect(got).toEqual(expected);
  };
  await import(/* @vite-ignore */ program);
  expect(assertions).toBe(code.split('// => ').length - 1);
}
