// The order of the house, and what must not be in it.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

/** The order in which data flow. A file imports only from files to its left; every file has its place. */
const flow = {
  assembly:
    'scratch lane math wide pointwise philox threefry mt19937 distribution torch orthogonal rectifiers sigmoids gates prelu glu dropout softmax linear loss optimizer statistics index',
  src: 'inflate carrier argument home wasm distribution counter philox torch threefry random tensor safetensors npy fan structured init layer pointwise rectifiers sigmoids gates prelu glu dropout activation quadrature gain softmax linear loss optimizer model checkpoint probe step training lsuv field theory verdict diagnose nn team task worker pool threads workspace index tfjs workerd tfjs.workerd',
};
const read = (path: string) => readFileSync(path, 'utf8');
const files = (folder: string) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace('.ts', ''));
/** Code without its comments. */
const code = (path: string) => read(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');

describe.each(Object.entries(flow))('%s', (folder, order) => {
  const places = order.split(' ');
  test('data flow one way', () => {
    for (const file of files(folder)) {
      const place = places.indexOf(file);
      expect(place, `${folder}/${file} has no place in the flow`).toBeGreaterThanOrEqual(0);
      for (const [, from] of read(`${folder}/${file}.ts`).matchAll(/(?:from|import) ['"]\.\/([\w.]+?)(?:\.js)?['"]/g)) {
        expect(places.indexOf(from), `${folder}/${file} imports ${from}`).toBeLessThan(place);
      }
    }
  });
  test('no place is empty, no file is too long to hold', () => {
    expect([...files(folder)].sort()).toEqual([...places].sort());
    for (const file of files(folder)) expect(read(`${folder}/${file}.ts`).split('\n').length, file).toBeLessThan(401);
  });
});

test('one word per thing: what has a test or a bench has a file of that word', () => {
  const words = new Set([...flow.assembly.split(' '), ...flow.src.split(' ')]);
  const extra = [
    'accuracy',
    'allocation',
    'architecture',
    'bundle',
    'distributed',
    'examples',
    'golden',
    'lab',
    'readme',
    'study',
    'training',
    'types',
  ];
  for (const folder of ['test', 'bench']) {
    for (const file of files(folder)) {
      const [word, kind] = file.split('.');
      if (kind === 'test' || kind === 'node' || kind === 'bench') expect([...words, ...extra], file).toContain(word);
    }
  }
});

test('no result comes from the host: its logarithms and cosines differ between engines', () => {
  // The rows of activations hold their formulas for people and for tests; kernels compute the values.
  const rows = ['rectifiers', 'sigmoids', 'gates'];
  for (const file of files('src').filter((name) => !rows.includes(name))) {
    expect(code(`src/${file}.ts`), file).not.toMatch(
      /Math\.(log|exp|sin|cos|tan|tanh|sinh|cosh|pow|cbrt|hypot|expm1|log1p|log2|log10)\b|\*\*\s*[a-z(]/,
    );
  }
  expect(code('src/activation.ts')).not.toMatch(/\.(formula|derivative)\b/);
  for (const file of files('assembly')) expect(code(`assembly/${file}.ts`), file).not.toMatch(/\bMathf?\.|relaxed/);
});

test('defaults by ??, never by ||', () => {
  for (const file of files('src')) expect(code(`src/${file}.ts`), file).not.toMatch(/\|\|\s*[\d'"`]/);
});
