// What imports what, and what must not be in a file.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

/** A folder imports only from itself and from those to its left. Files beside the folders are in one of the two groups. */
const order = {
  src: ['basics', 'wasm', 'formats', 'random', 'activation', 'init', 'nn', 'diagnose', 'threads', 'tfjs', 'entries'],
  assembly: ['basics', 'random', 'activation', 'init', 'nn', 'entries'],
};
const basics = {
  src: ['check', 'host', 'options', 'tensor'],
  assembly: ['f32', 'f64', 'math', 'scratch', 'pointwise'],
};
const entries = {
  src: ['index', 'threads', 'tfjs', 'workerd', 'tfjs.workerd'].concat(
    ['nn', 'init', 'random'].flatMap((name) => [name, `${name}.workerd`]),
  ),
  assembly: ['random', 'activation', 'nn', 'constants'],
};

/** Every file of a folder, by its path without `.ts`; not those that are built. */
const files = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.includes('generated'))
    .map((file) => file.replace(/\.ts$/, ''));
const read = (path: string) => readFileSync(path, 'utf8');
/** Code without its comments. */
const code = (path: string) => read(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');

/** The files of this package that a file imports or exports from, types too; not those that are built. */
function imports(folder: string, file: string): string[] {
  const found = code(`${folder}/${file}.ts`).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]/g);
  return [...found]
    .map(([, from]) => relative(folder, join(folder, dirname(file), from)).replace(/\.js$/, ''))
    .filter((from) => !from.includes('generated'));
}

describe.each(['src', 'assembly'] as const)('%s', (root) => {
  const folderOf = (file: string) => {
    if (file.includes('/')) return file.split('/')[0];
    return basics[root].includes(file) ? 'basics' : 'entries';
  };

  test('every file is in a folder, or one of those that are beside them', () => {
    const beside = files(root).filter((file) => !file.includes('/'));
    expect(beside.sort()).toEqual([...basics[root], ...entries[root]].sort());
    for (const file of files(root)) expect(order[root], file).toContain(folderOf(file));
  });

  test('a folder imports only from folders before it', () => {
    const wrong: string[] = [];
    for (const file of files(root)) {
      const place = order[root].indexOf(folderOf(file));
      for (const from of imports(root, file)) {
        expect(existsSync(`${root}/${from}.ts`), `${file} imports ${from}`).toBe(true);
        if (order[root].indexOf(folderOf(from)) > place) wrong.push(`${file} imports ${from}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('imports make no circle', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (done.has(file) || path.includes(file)) return;
      for (const from of imports(root, file)) visit(from, [...path, file]);
      done.add(file);
    };
    for (const file of files(root)) visit(file, []);
    expect(circles).toEqual([]);
  });
});

test('activations know no networks, networks no threads, and the main entry none either', () => {
  const reachable = (from: string, found = new Set<string>()): Set<string> => {
    if (!found.has(from)) for (const next of imports('src', from)) reachable(next, found.add(from));
    return found.add(from);
  };
  const folders = (start: string) => {
    const starts = files('src').filter((file) => file.startsWith(start));
    expect(starts.length).toBeGreaterThan(0);
    return new Set(starts.flatMap((file) => [...reachable(file)]).map((file) => file.split('/')[0]));
  };
  expect(folders('activation/')).not.toContain('nn');
  expect(folders('nn/')).not.toContain('threads');
  expect(folders('index')).not.toContain('threads');
});

test.each(['src', 'assembly', 'test', 'bench'])('a file of %s has at most 400 lines', (root) => {
  const long = files(root).map((file) => [file, read(`${root}/${file}.ts`).split('\n').length - 1] as const);
  expect(long.filter(([, lines]) => lines > 400)).toEqual([]);
});

test.each(['test', 'bench'])('a folder of %s has the name of a folder of src', (root) => {
  const extra = 'consumers docs environments everywhere examples fuzz golden package toolchains vectors verify'.split(
    ' ',
  );
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders)
    expect(existsSync(`src/${name}`) || existsSync(`src/${name}.ts`) || extra.includes(name), name).toBe(true);
});

test('no result comes from the host: its logarithms and cosines differ between engines', () => {
  // Rows hold their formulas for people and for tests; kernels compute the values.
  const rows = ['activation/rectifiers', 'activation/sigmoids', 'activation/gates', 'nn/losses/pointwise'];
  for (const file of files('src').filter((name) => !rows.includes(name))) {
    expect(code(`src/${file}.ts`), file).not.toMatch(
      /Math\.(log|exp|sin|cos|tan|tanh|sinh|cosh|pow|cbrt|hypot|expm1|log1p|log2|log10)\b|\*\*\s*[a-z(]/,
    );
  }
  expect(code('src/activation/table.ts')).not.toMatch(/\.(formula|derivative)\b/);
  for (const file of files('assembly')) expect(code(`assembly/${file}.ts`), file).not.toMatch(/\bMathf?\.|relaxed/);
});

test('defaults by ??, never by ||', () => {
  for (const file of files('src')) expect(code(`src/${file}.ts`), file).not.toMatch(/\|\|\s*[\d'"`]/);
});
