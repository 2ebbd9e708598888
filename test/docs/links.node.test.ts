// What the documents name exists: files of this repository, functions in them, the targets of links, and their headings.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const inside = (folder: string) => readdirSync(folder).map((name) => join(folder, name));
const documents = [...inside('.'), ...inside('docs'), ...inside('docs/migration')].filter((file) =>
  file.endsWith('.md'),
);

/** Whether a path exists; `*` is any name, and a path without an ending may be the beginning of a name, as for vitest. */
function found(path: string): boolean {
  if (existsSync(path)) return true;
  const folder = dirname(path);
  if (!existsSync(folder)) return false;
  const name = basename(path);
  const wanted = name.includes('*')
    ? RegExp(`^${name.replace(/\./g, '\\.').replace(/\*/g, '.*')}$`)
    : RegExp(`^${name}\\.`);
  return readdirSync(folder).some((other) => wanted.test(other));
}

test.each(documents)('the files that %s names exist', (file) => {
  const paths = readFileSync(file, 'utf8').matchAll(
    /(?<![\w./-])(?:src|assembly|tools|test|bench|examples)\/[\w./*-]*\w/g,
  );
  expect([...paths].map(([path]) => path).filter((path) => !found(path))).toEqual([]);
});

test.each(documents)('the functions that %s names are where it says', (file) => {
  const named = readFileSync(file, 'utf8').matchAll(/`(\w+)` (?:in|of) `([\w./-]+\.ts)`/g);
  for (const [said, name, path] of named) expect(readFileSync(path, 'utf8'), said).toMatch(RegExp(`\\b${name}\\b`));
});

/** The fragments by which a page's headings are reached. */
const headings = (file: string) =>
  [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
    text
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/ /g, '-'),
  );

test.each(documents)('the links of %s lead somewhere', (file) => {
  const links = readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)]*))?\)/g);
  for (const [link, path, fragment] of links) {
    const target = path === '' ? file : join(dirname(file), path);
    expect(existsSync(target), link).toBe(true);
    if (fragment !== undefined) expect(headings(target), link).toContain(fragment);
  }
});
