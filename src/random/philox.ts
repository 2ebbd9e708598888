// The default generator: Philox4x32-10. A value is a function of (key, stream, place) alone.

import { draw } from '../wasm/kernels.js';
import { type RandomKernel, randomModule } from '../wasm/module.js';
import { counted, high32, low32, neighbour, WORD } from './counter.js';
import { degenerate, type Law, type Source, tails } from './distributions.js';

/** 64 bits that stand for a text: 16 bytes at a time through the cipher, each time keyed by the last result. */
export function digest(start: bigint, text: string): bigint {
  const bytes = new TextEncoder().encode(text);
  // Padded by a one bit, zeros and the length, so that no two texts are padded alike.
  const view = new DataView(new ArrayBuffer(16 * Math.ceil((bytes.length + 5) / 16)));
  bytes.forEach((byte, i) => view.setUint8(i, byte));
  view.setUint8(bytes.length, 0x80);
  view.setUint32(view.byteLength - 4, bytes.length, true);
  const key = Uint32Array.of(low32(start), high32(start), 0, 0);
  for (let at = 0; at < view.byteLength; at += 16) {
    const [a, b, c, d] = [0, 4, 8, 12].map((k) => view.getUint32(at + k, true));
    draw(randomModule, 'philoxBits', Uint32Array.of(key[0], key[1], a, b, c, d, 0), key);
  }
  return (BigInt(key[1]) << 32n) | BigInt(key[0]);
}

/** The kernel of a law, and its numbers. */
function kernel(law: Exclude<Law, { distribution: 'constant' }>): [RandomKernel, number[]] {
  switch (law.distribution) {
    case 'uniform': {
      const low = Math.fround(law.low);
      const high = Math.fround(law.high);
      return ['philoxUniform', [low, Math.fround(high - low), low < high ? neighbour(high, -1, true) : low]];
    }
    case 'normal':
      return ['philoxNormal', [law.mean, law.std]];
    case 'truncatedNormal': {
      const { mean, std, low, high } = law;
      const { lower, upper, mirrored } = tails(mean, std, low, high);
      const bounds = [neighbour(low, 1, false), neighbour(high, -1, false)];
      return ['philoxTruncatedNormal', [mean, mirrored ? -std : std, lower, upper, ...bounds]];
    }
    case 'bernoulli':
      return ['philoxBernoulli', [Math.round(law.p * WORD)]];
  }
}

/** A law that needs no bits has one value. */
function certain(law: Law): number | undefined {
  switch (law.distribution) {
    case 'constant':
      return law.value;
    case 'truncatedNormal':
      return degenerate(law);
    case 'bernoulli':
      return Math.round(law.p * WORD) === WORD ? 1 : undefined;
    default:
      return undefined;
  }
}

/** A source that stands at a block of a stream. */
export function philox(key: bigint, stream = 0n, block = 0): Source {
  const words = [low32(key), high32(key), low32(stream), high32(stream)];
  const { take, at, ...source } = counted('random.philox', 'philoxBits', words, block);
  return {
    ...source,
    fill(law, out, part) {
      const value = certain(law);
      const state = take(part);
      if (value !== undefined || law.distribution === 'constant') out.fill(value as number);
      else {
        const [name, numbers] = kernel(law);
        draw(randomModule, name, state, out, numbers);
      }
    },
    fork: (label) => philox(key, digest(stream, label)),
    state: () => ({ generator: 'philox', seed: String(key), stream: String(stream), block: at() }),
  };
}
