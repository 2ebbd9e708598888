// Threefry2x32-20 (Salmon, Moraes, Dror and Shaw 2011) as JAX uses it: word i is the exclusive or of the two words to which it
// encrypts the counter (i >> 32, i).
//
// State, as Philox's: key (first, second word), two words unused, block (low, high), and which word of the block comes next.

import { F32x4 } from '../f32';
import { KEY, scratch } from '../scratch';

abstract class rotate {
  /** Each lane rotated left by r bits. */
  @inline static left(x: v128, r: i32): v128 {
    return v128.or(i32x4.shl(x, r), i32x4.shr_u(x, 32 - r));
  }
}

/** n words (a multiple of 8) from a block of four words on. Two blocks are computed together: a round depends on the last. */
export function threefry(state: usize, block: u64, out: usize, n: usize): void {
  const key0 = load<u32>(state);
  const key1 = load<u32>(state, 4);
  store<u32>(scratch + KEY, key0);
  store<u32>(scratch + KEY, key1, 4);
  store<u32>(scratch + KEY, 0x1bd11bda ^ key0 ^ key1, 8);
  store<u32>(scratch + KEY, key0, 12);
  for (const end = out + (n << 2); out < end; out += 32) {
    let a = word(block >> 30, 0);
    let b = i32x4.add(word(block << 2, 1), i32x4(0, 1, 2, 3));
    block++;
    let c = word(block >> 30, 0);
    let d = i32x4.add(word(block << 2, 1), i32x4(0, 1, 2, 3));
    block++;
    for (let group = 1; ; group += 2) {
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(rotate.left(b, 13), a);
      d = v128.xor(rotate.left(d, 13), c);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(rotate.left(b, 15), a);
      d = v128.xor(rotate.left(d, 15), c);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(rotate.left(b, 26), a);
      d = v128.xor(rotate.left(d, 26), c);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(rotate.left(b, 6), a);
      d = v128.xor(rotate.left(d, 6), c);
      let first = F32x4.at(scratch + KEY, group % 3);
      let second = i32x4.add(F32x4.at(scratch + KEY, (group % 3) + 1), i32x4.splat(group));
      a = i32x4.add(a, first);
      b = i32x4.add(b, second);
      c = i32x4.add(c, first);
      d = i32x4.add(d, second);
      if (group == 5) break;
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(rotate.left(b, 17), a);
      d = v128.xor(rotate.left(d, 17), c);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(rotate.left(b, 29), a);
      d = v128.xor(rotate.left(d, 29), c);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(rotate.left(b, 16), a);
      d = v128.xor(rotate.left(d, 16), c);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(rotate.left(b, 24), a);
      d = v128.xor(rotate.left(d, 24), c);
      first = F32x4.at(scratch + KEY, (group + 1) % 3);
      second = i32x4.add(F32x4.at(scratch + KEY, ((group + 1) % 3) + 1), i32x4.splat(group + 1));
      a = i32x4.add(a, first);
      b = i32x4.add(b, second);
      c = i32x4.add(c, first);
      d = i32x4.add(d, second);
    }
    v128.store(out, v128.xor(a, b));
    v128.store(out, v128.xor(c, d), 16);
  }
}

/** A word of the counter plus word k of the key, in all lanes. */
function word(counter: u64, k: usize): v128 {
  return i32x4.add(i32x4.splat(<i32>counter), F32x4.at(scratch + KEY, k));
}
