// What zlib has packed, in each of its ways, is there again.

import { readFileSync } from 'node:fs';
import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inflate } from '../src/inflate.js';

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

function same(bytes: Uint8Array): void {
  for (const level of [0, 1, 9]) {
    for (const strategy of [Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE]) {
      const packed = deflateRawSync(bytes, { level, strategy });
      expect(Buffer.from(inflate(packed, bytes.length)).equals(bytes), `level ${level}, strategy ${strategy}`).toBe(
        true,
      );
    }
  }
}

test.each(['README.md', 'package-lock.json', 'dist/fanwise.wasm'])('%s', (file) => same(readFileSync(file)));

test('a run longer than all that a match can tell, and nothing at all', () => {
  same(new Uint8Array(100_000));
  same(new Uint8Array(0));
});

test('any bytes, of few kinds and of many', () => {
  const bytes = fc
    .integer({ min: 0, max: 255 })
    .chain((max) => fc.array(fc.integer({ min: 0, max }), { maxLength: 5000 }));
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 20 }), (some, times) =>
      same(Uint8Array.from(Array(times).fill(some).flat())),
    ),
    { seed: 1, numRuns: 30 },
  );
});
