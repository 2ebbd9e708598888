// A document's code blocks as programs. In ts blocks lines `expression; // => value` are assertions; in js and html blocks
// lines `console.log(expression); // => text` say what is printed.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createContext, runInContext } from 'node:vm';
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
    ([, code], i) => ({ file, i: i + 1, code }),
  );

/** Where a program of a block is written. */
function programFile({ file, i }: Snippet, extension: string): string {
  mkdirSync('out/snippets', { recursive: true });
  return resolve(`out/snippets/${file.replace(/\W/g, '-')}-${i}.${extension}`);
}

/** Runs a ts block, and holds it to its assertions. */
export async function runs(snippet: Snippet): Promise<void> {
  const { code } = snippet;
  const asserted = code.replace(/^(.+); \/\/ => (.+)$/gm, 'globalThis.same($1, $2);');
  const { code: js } = await transform(asserted, { loader: 'ts', format: 'esm', target: 'es2022' });
  const program = programFile(snippet, 'mjs');
  writeFileSync(program, js);
  let assertions = 0;
  (globalThis as unknown as { same: unknown }).same = (got: unknown, expected: unknown) => {
    assertions++;
    expect(got).toEqual(expected);
  };
  await import(/* @vite-ignore */ program);
  expect(assertions).toBe(code.split('// => ').length - 1);
}

/** What a block says that it prints, a line each. */
const promised = (code: string) => [...code.matchAll(/ \/\/ => (.*)/g)].map(([, text]) => text);

/** Runs a js block by `require`, and holds it to what it says that it prints. */
export function runsInCommonJs(snippet: Snippet): void {
  const program = programFile(snippet, 'cjs');
  writeFileSync(program, snippet.code);
  const printed = execFileSync(process.execPath, [program], { encoding: 'utf8' });
  expect(printed.trimEnd().split('\n')).toEqual(promised(snippet.code));
}

/** Runs the scripts of an html block in turn, as a page would, and holds them to what they say that they print. */
export function runsInPage({ code }: Snippet): void {
  const printed: string[] = [];
  const page = createContext({ console: { log: (text: unknown) => printed.push(String(text)) } });
  for (const [, file, script] of code.matchAll(/<script(?: src="(.*?)")?>([\s\S]*?)<\/script>/g))
    runInContext(file ? readFileSync(file, 'utf8') : script, page);
  expect(printed).toEqual(promised(code));
  expect(printed.length).toBeGreaterThan(0);
}
