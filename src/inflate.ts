// DEFLATE (RFC 1951): what carries the WebAssembly is packed, so that the package is small where it is installed, and not only
// on its way there. A page has nothing that unpacks at once, without a promise, and fflate is 2.6 times as long (3.8 kB).

/**
 * A canonical code as a table: what the next `most` bits of a stream begin with, above four bits that say how many of them it
 * takes. (A bit at a time needs no table, and 3 ms more: 7 for 4.)
 */
interface Code {
  table: Uint16Array;
  most: number;
}

function codeOf(lengths: Uint8Array): Code {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length]++;
  let most = 15;
  while (most > 1 && counts[most] === 0) most--;
  const table = new Uint16Array(1 << most);
  // In the order of their lengths words count upwards, and their highest bit comes first: the next word is made by a carry
  // that runs downwards.
  let word = 0;
  for (let length = 1; length <= most; length++) {
    for (let meaning = 0; counts[length] > 0; meaning++) {
      if (lengths[meaning] !== length) continue;
      counts[length]--;
      for (let i = word; i < table.length; i += 1 << length) table[i] = (meaning << 4) | length;
      let carry = 1 << (length - 1);
      for (; word & carry; carry >>= 1) word ^= carry;
      word ^= carry;
    }
  }
  return { table, most };
}

/** In which order the lengths of the code of lengths come. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** The `size` bytes of a stream. */
export function inflate(stream: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size);
  let end = 0;
  let at = 0;
  let held = 0;
  let bits = 0;
  function take(count: number): number {
    for (; bits < count; bits += 8) held |= stream[at++] << bits;
    const value = held & ((1 << count) - 1);
    held >>>= count;
    bits -= count;
    return value;
  }
  function next({ table, most }: Code): number {
    for (; bits < most; bits += 8) held |= stream[at++] << bits;
    const found = table[held & ((1 << most) - 1)];
    held >>>= found & 15;
    bits -= found & 15;
    return found >> 4;
  }
  /** The codes that a block begins with: of bytes and lengths, and of distances. */
  function told(): [Code, Code] {
    const literals = take(5) + 257;
    const distances = take(5) + 1;
    const order = new Uint8Array(19);
    for (let count = take(4) + 4, i = 0; i < count; i++) order[ORDER[i]] = take(3);
    const code = codeOf(order);
    const lengths = new Uint8Array(literals + distances);
    for (let i = 0; i < lengths.length; ) {
      const meaning = next(code);
      if (meaning < 16) lengths[i++] = meaning;
      else {
        const again = meaning === 16 ? take(2) + 3 : meaning === 17 ? take(3) + 3 : take(7) + 11;
        if (meaning === 16) lengths.fill(lengths[i - 1], i, i + again);
        i += again;
      }
    }
    return [codeOf(lengths.subarray(0, literals)), codeOf(lengths.subarray(literals))];
  }
  for (let last = 0; !last; ) {
    last = take(1);
    const kind = take(2);
    if (kind === 0) {
      take(bits & 7);
      const length = take(16);
      take(16);
      for (let i = 0; i < length; i++) out[end++] = take(8);
      continue;
    }
    const fixed = new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280);
    const [literals, distances] = kind === 1 ? [codeOf(fixed), codeOf(new Uint8Array(30).fill(5))] : told();
    for (let meaning = next(literals); meaning !== 256; meaning = next(literals)) {
      if (meaning < 256) {
        out[end++] = meaning;
        continue;
      }
      // Lengths from 3 to 258 and distances from 1 to 32768: the first few by themselves, then 4 and 2 to a power of two.
      let length = meaning - 254;
      if (meaning > 264) {
        const more = (meaning - 261) >> 2;
        length = meaning === 285 ? 258 : 3 + ((4 + ((meaning - 261) & 3)) << more) + take(more);
      }
      let distance = 1 + next(distances);
      if (distance > 4) {
        const more = (distance - 3) >> 1;
        distance = 1 + ((2 + ((distance - 1) & 1)) << more) + take(more);
      }
      for (const stop = end + length; end < stop; end++) out[end] = out[end - distance];
    }
  }
  return out;
}
