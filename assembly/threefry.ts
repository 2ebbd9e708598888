// Threefry2x32-20 (Salmon, Moraes, Dror and Shaw 2011) as JAX uses it: word i is the exclusive or of the two words that
// the counter (i >> 32, i) becomes.
//
// State as Philox's: key (first, second word), two words unused, block (low, high), which word of the block is next.

import { lane } from './lane';

/** The rotations of the rounds, four and four in turn. */
const ROTATIONS: usize = memory.data<u8>([13, 15, 26, 6, 17, 29, 16, 24]);

/** The key's three words, twice, so that any two neighbours can be read. */
const KEY: usize = memory.data(24, 16);

/** n words, a multiple of 4, from a block (of four words) on. */
export function threefry(state: usize, block: u64, out: usize, n: usize): void {
  const first = load<u32>(state);
  const second = load<u32>(state, 4);
  for (let k: usize = 0; k < 24; k += 12) {
    store<u32>(KEY + k, first);
    store<u32>(KEY + k, second, 4);
    store<u32>(KEY + k, 0x1bd11bda ^ first ^ second, 8);
  }
  for (const end = out + (n << 2); out < end; out += 16, block++) {
    let a = i32x4.add(i32x4.splat(<i32>(block >> 30)), lane.at(KEY, 0));
    let b = i32x4.add(i32x4.add(i32x4.splat(<i32>(block << 2)), i32x4(0, 1, 2, 3)), lane.at(KEY, 1));
    for (let group: usize = 0; group < 5; group++) {
      const turn = ROTATIONS + ((group & 1) << 2);
      for (let round: usize = 0; round < 4; round++) {
        const r = <i32>load<u8>(turn + round);
        a = i32x4.add(a, b);
        b = v128.xor(v128.or(i32x4.shl(b, r), i32x4.shr_u(b, 32 - r)), a);
      }
      const k = (group + 1) % 3;
      a = i32x4.add(a, lane.at(KEY, k));
      b = i32x4.add(i32x4.add(b, lane.at(KEY, k + 1)), i32x4.splat(<i32>group + 1));
    }
    v128.store(out, v128.xor(a, b));
  }
}
