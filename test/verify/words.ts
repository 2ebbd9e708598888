// npx tsx test/verify/words.ts philox 0      writes the words of a generator to standard output, without end
//
// For programs that test random words: TestU01 (test/verify/testu01.c), PractRand (`| RNG_test stdin32`), dieharder
// (`| dieharder -a -g 200`). Streams: philox, torch, threefry; `<generator> reversed` has each word's bits in reverse
// order, since batteries look at the high ones; `<generator> normal` the ranks of normals, Phi(z) 2^16, two a word (a float32
// near 1 has no more digits: the last eight bits of 2^32 ranks would be its rounding); `forks` one word in turn from each
// of 256 forks.

import { writeSync } from 'node:fs';
import { type Generator, random } from '../../src/index.js';
import { phi } from '../activation/accuracy.js';

const CHUNK = 1 << 18;

/** A function that gives the next words of a stream. */
export function stream(name: string, seed: number): () => Uint32Array {
  const [generator, transform] = name.split(' ');
  if (generator === 'forks') {
    const forks = Array.from({ length: 256 }, (_, i) => random.philox(seed).fork(i));
    return () => {
      const each = forks.map((fork) => fork.bits(1024));
      return Uint32Array.from({ length: 1024 * 256 }, (_, i) => each[i % 256][i >> 8]);
    };
  }
  if (!['philox', 'torch', 'threefry'].includes(generator)) throw new Error(`no generator is called ${generator}`);
  const rng: Generator = random[generator as 'philox'](seed);
  if (transform === 'normal') {
    const rank = ranked();
    const [normals, words] = [new Float32Array(2 * CHUNK), new Uint32Array(CHUNK)];
    return () => {
      rng.normal({ out: normals });
      for (let i = 0; i < CHUNK; i++) words[i] = rank(normals[2 * i]) * 65536 + rank(normals[2 * i + 1]);
      return words;
    };
  }
  if (transform === 'reversed') return () => rng.bits(CHUNK).map(reversed);
  return () => rng.bits(CHUNK);
}

/** floor(Phi(z) 2^16), by cubic interpolation between 65,537 points, with an error below 1e-15 of Phi. */
function ranked(): (z: number) => number {
  const [end, steps] = [8, 65536];
  const h = (2 * end) / steps;
  const values = new Float64Array(steps + 1);
  const slopes = new Float64Array(steps + 1);
  for (let i = 0; i <= steps; i++) {
    const [value, density] = phi(i * h - end);
    values[i] = value * 65536;
    slopes[i] = density * 65536 * h;
  }
  return (z) => {
    const position = (Math.min(Math.max(z, -end), end - h) + end) / h;
    const i = Math.floor(position);
    const t = position - i;
    const rise = values[i + 1] - values[i];
    const a = slopes[i];
    const b = slopes[i + 1];
    return Math.floor(values[i] + t * (a + t * (3 * rise - 2 * a - b + t * (a + b - 2 * rise))));
  };
}

function reversed(word: number): number {
  let x = ((word >>> 1) & 0x55555555) | ((word & 0x55555555) << 1);
  x = ((x >>> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >>> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  x = ((x >>> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
  return ((x >>> 16) | (x << 16)) >>> 0;
}

const [name = 'philox', seed = '0', transform] = process.argv.slice(2);
const next = stream([name, transform].filter(Boolean).join(' '), Number(seed));
try {
  while (true) {
    const bytes = new Uint8Array(next().buffer);
    for (let from = 0; from < bytes.length; ) {
      try {
        from += writeSync(1, bytes, from);
      } catch (error) {
        if ((error as { code?: string }).code !== 'EAGAIN') throw error;
      }
    }
  }
} catch (error) {
  if ((error as { code?: string }).code !== 'EPIPE') throw error; // the reader has closed the pipe
}
