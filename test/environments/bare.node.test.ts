// The package needs ECMAScript and WebAssembly, and nothing else of its host: neither to be loaded nor to be used.

import { expect, test } from 'vitest';
import { textOf, utf8 } from '../../src/host.js';
import { random } from '../../src/index.js';
import { bare } from './bare.js';

test.each(['index.js', 'node/index.js', 'index.cjs'])('dist/%s, without any global of the host', async (file) => {
  expect(await bare(file, 'all')).toEqual({ tried: 1, wrong: {} });
});

// dist/index.js has the same statements as dist/node/index.js, in 80 files: bare.slow.node.test.ts.
test.each(['node/index.js', 'index.cjs'])('dist/%s, without each of them', async (file) => {
  const { tried, wrong } = await bare(file, 'each');
  expect(wrong).toEqual({});
  expect(tried).toBeGreaterThan(50);
});

test('with each of them throwing when it is used', async () => {
  const { tried, wrong } = await bare('index.cjs', 'throwing');
  expect(wrong).toEqual({});
  expect(tried).toBeGreaterThan(50);
});

test('a text is the bytes that TextEncoder makes of it', () => {
  const rng = random.philox(0);
  const points = (n: number, most: number) => Array.from(rng.uniform(n, { high: most }), Math.floor);
  const texts = [0x80, 0x900, 0x12000, 0x110000].flatMap((most) =>
    Array.from({ length: 50 }, () => String.fromCodePoint(...points(20, most))),
  );
  // Halves of surrogate pairs, alone and side by side.
  texts.push(...Array.from({ length: 50 }, () => String.fromCharCode(...points(9, 0x900).map((p) => 0xd700 + p))));
  for (const text of ['', '\u07ff\u0800\uffff\u{10000}\u{10ffff}', ...texts])
    expect(utf8(text)).toEqual(Array.from(new TextEncoder().encode(text)));
});

test('bytes are the text that TextDecoder makes of them, where there is none', () => {
  const { TextDecoder } = globalThis;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const attempt = (decode: () => string) => {
    try {
      return decode();
    } catch {
      return null;
    }
  };
  // One to four bytes: all first bytes, then those about which rules change; four where four may follow; the byte order mark.
  const edges = [0, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xef, 0xff];
  const all = Array.from({ length: 256 }, (_, byte) => [byte]);
  const more = (several: number[][]) => several.flatMap((bytes) => edges.map((edge) => [...bytes, edge]));
  const [two, three] = [more(all), more(more(all))];
  const cases = [
    ...all,
    ...two,
    ...three,
    ...more(three.filter(([first]) => first >= 0xf0)),
    [],
    [0xef, 0xbb, 0xbf, 0x41],
  ];
  const expected = cases.map((bytes) => attempt(() => decoder.decode(Uint8Array.from(bytes))));
  Reflect.deleteProperty(globalThis, 'TextDecoder');
  try {
    expect(cases.map((bytes) => attempt(() => textOf(Uint8Array.from(bytes))))).toEqual(expected);
  } finally {
    globalThis.TextDecoder = TextDecoder;
  }
  expect(expected.filter((text) => text !== null).length).toBeGreaterThan(1000);
});
