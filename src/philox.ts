// The default generator: Philox4x32-10. A value is a function of (key, stream, place) alone.
//
// Each draw begins at a fresh block of four words, so that draws share no bits, and any part of a draw can
// be made without the rest.

import { allocate } from './argument.js';
import { degenerate, type Law, type Part, type Source, shuffled, tails } from './distribution.js';
import { draw, type Kernel } from './wasm.js';

const WORD = 2 ** 32;
const low32 = (x: bigint) => Number(x & 0xffffffffn);
const high32 = (x: bigint) => Number((x >> 32n) & 0xffffffffn);

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
    draw('philoxBits', Uint32Array.of(key[0], key[1], a, b, c, d, 0), key);
  }
  return (BigInt(key[1]) << 32n) | BigInt(key[0]);
}

/** The nearest binary32 on the given side of x that is not beyond it (0), or strictly before it (1). */
function neighbour(x: number, side: -1 | 1, strict: boolean): number {
  const float = new Float32Array([x]);
  const beyond = side > 0 ? float[0] >= x : float[0] <= x;
  if (beyond && !(strict && float[0] === x)) return float[0];
  const bits = new Int32Array(float.buffer);
  if (float[0] === 0) bits[0] = side > 0 ? 1 : 0x80000001 | 0;
  else bits[0] += float[0] > 0 === side > 0 ? 1 : -1;
  return float[0];
}

/** The kernel of a law and its numbers. */
function kernel(law: Exclude<Law, { distribution: 'constant' }>): [Kernel, ...number[]] {
  switch (law.distribution) {
    case 'uniform': {
      const low = Math.fround(law.low);
      const high = Math.fround(law.high);
      return ['philoxUniform', low, Math.fround(high - low), low < high ? neighbour(high, -1, true) : low];
    }
    case 'normal':
      return ['philoxNormal', law.mean, law.std];
    case 'truncatedNormal': {
      const { mean, std, low, high } = law;
      const { lower, upper, mirrored } = tails(mean, std, low, high);
      return [
        'philoxTruncatedNormal',
        mean,
        mirrored ? -std : std,
        lower,
        upper,
        neighbour(low, 1, false),
        neighbour(high, -1, false),
      ];
    }
    case 'bernoulli':
      return ['philoxBernoulli', Math.round(law.p * WORD)];
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
  const key64 = [low32(key), high32(key), low32(stream), high32(stream)];
  /** The state in which a part of the next draw begins; the source moves on by the whole draw. */
  const take = ({ from, of }: Part): Uint32Array => {
    const at = block + Math.floor(from / 4);
    const next = block + Math.ceil(of / 4);
    if (next > Number.MAX_SAFE_INTEGER) {
      throw new RangeError('random.philox: the stream has no more than 2^55 values; go on with a fork');
    }
    block = next;
    return Uint32Array.of(...key64, at % WORD, Math.floor(at / WORD), from % 4);
  };
  const bits = (out: Uint32Array, part: Part) => draw('philoxBits', take(part), out);
  const permutation = (n: number) => {
    // 53 bits a step: the bias is below n / 2^53.
    const words = allocate('random.philox.permutation', 2 * Math.max(0, n - 1), Uint32Array);
    bits(words, { from: 0, of: words.length });
    return shuffled(n, (i) => Math.floor((words[2 * i] * 2 ** 21 + (words[2 * i + 1] >>> 11)) * 2 ** -53 * (n - i)));
  };
  return {
    bits,
    permutation,
    order: permutation,
    fill(law, out, part) {
      const value = certain(law);
      const state = take(part);
      if (value !== undefined || law.distribution === 'constant') out.fill(value as number);
      else {
        const [name, ...numbers] = kernel(law);
        draw(name, state, out, numbers);
      }
    },
    fork: (label) => philox(key, digest(stream, label)),
    state: () => ({ generator: 'philox', seed: String(key), stream: String(stream), block }),
  };
}
