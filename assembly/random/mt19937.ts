// MT19937 (Matsumoto and Nishimura, 1998): the bits of PyTorch's generator on a CPU.
//
// State: 624 words, the index of the next one (624: twist first), and what torch.ts caches. src/random/torch-stream.ts seeds it.

/** Words of the recurrence, and how far ahead the third word of a step is. */
const WORDS: u32 = 624;
const SHIFT: u32 = 397;
/** The words of a state: which has the index, which is 1 if a normal is cached, and which two have that normal, a binary64. */
export const TORCH_WORDS: usize = 630;
export const TORCH_INDEX: usize = 624;
export const TORCH_CACHED: usize = 626;
export const TORCH_CACHE: usize = 628;
const INDEX: usize = TORCH_INDEX << 2;

/** One word of the next state, from words j, j + 1 and j + 397. */
function mix(current: u32, next: u32, far: u32): u32 {
  return far ^ (((current & 0x80000000) | (next & 0x7fffffff)) >> 1) ^ (-(next & 1) & 0x9908b0df);
}

function mix4(p: usize, far: usize): void {
  const current = v128.load(p);
  const next = v128.load(p, 4);
  const y = v128.or(v128.and(current, i32x4.splat(0x80000000)), v128.and(next, i32x4.splat(0x7fffffff)));
  const odd = i32x4.neg(v128.and(next, i32x4.splat(1)));
  const a = v128.and(odd, i32x4.splat(0x9908b0df));
  v128.store(p, v128.xor(v128.xor(v128.load(far), i32x4.shr_u(y, 1)), a));
}

/** The next 624 words: 227 = 624 - 397 from the old state alone, 396 = 4 * 99 that also read new words, then the last. */
function twist(state: usize): void {
  let j: u32 = 0;
  for (; j < 224; j += 4) mix4(state + (j << 2), state + ((j + SHIFT) << 2));
  for (; j < 227; j++) mixAt(state, j, j + SHIFT);
  for (; j < 623; j += 4) mix4(state + (j << 2), state + ((j - 227) << 2));
  store<u32>(state, mix(load<u32>(state, 623 << 2), load<u32>(state), load<u32>(state, 396 << 2)), 623 << 2);
}

function mixAt(state: usize, j: u32, far: u32): void {
  const p = state + (j << 2);
  store<u32>(p, mix(load<u32>(p), load<u32>(p, 4), load<u32>(state + (far << 2))));
}

/** The next word. */
export function mt19937Next(state: usize): u32 {
  let index = load<u32>(state, INDEX);
  if (index == WORDS) {
    twist(state);
    index = 0;
  }
  store<u32>(state, index + 1, INDEX);
  let y = load<u32>(state + (index << 2));
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >> 18);
}

/** The next n words. */
export function mt19937Bits(state: usize, out: usize, n: usize): void {
  const end = out + (n << 2);
  while (out < end) {
    const index = load<u32>(state, INDEX);
    // As many whole vectors as the state and the output have; where there is none, one word.
    const m = min<usize>(WORDS - index, (end - out) >> 2) & ~3;
    if (m == 0) {
      store<u32>(out, mt19937Next(state));
      out += 4;
      continue;
    }
    let p = state + (index << 2);
    for (const stop = out + (m << 2); out < stop; out += 16, p += 16) {
      let y = v128.load(p);
      y = v128.xor(y, i32x4.shr_u(y, 11));
      y = v128.xor(y, v128.and(i32x4.shl(y, 7), i32x4.splat(0x9d2c5680)));
      y = v128.xor(y, v128.and(i32x4.shl(y, 15), i32x4.splat(0xefc60000)));
      v128.store(out, v128.xor(y, i32x4.shr_u(y, 18)));
    }
    store<u32>(state, index + <u32>m, INDEX);
  }
}
