// F32x4: the operations on four binary32 lanes that every kernel shares and WebAssembly does not have.
//
// Constants are tables of single floats and are broadcast from memory. V8 builds a v128.const again at each use, and
// load32_splat measured as fast as a table of four copies (tanh over 64K, Node 20: 605 million values a second with
// v128.const, 810 with either table).
// The functions are static methods, because TypeScript has no decorators (@inline) on plain functions.

/** Bytes in a vector. */
export const VECTOR: usize = 16;

/** The sign bit of a float. */
const SIGN: usize = memory.data<u32>([0x80000000]);

export abstract class F32x4 {
  /** The k-th float of a table, in all four lanes. */
  @inline static at(table: usize, k: usize): v128 {
    return v128.load32_splat(table + (k << 2));
  }

  /** a b + c, two roundings. */
  @inline static mad(a: v128, b: v128, c: v128): v128 {
    return f32x4.add(f32x4.mul(a, b), c);
  }

  /** x where the mask is set, else 0; NaN where the input is NaN. */
  @inline static masked(x: v128, mask: v128, input: v128): v128 {
    return v128.or(v128.and(x, mask), f32x4.ne(input, input));
  }

  /** Terms k and k + 1 of a polynomial in x. */
  @inline static pair(table: usize, k: usize, x: v128): v128 {
    return F32x4.mad(x, F32x4.at(table, k), F32x4.at(table, k + 1));
  }

  /**
   * The polynomial in x with the first 4, 6 or 8 coefficients of a table, that of the highest power first. Terms are paired
   * as in Estrin's scheme, and the pairs are joined by Horner's in the square of x: a chain half as long.
   */
  @inline static estrin4(table: usize, x: v128, square: v128): v128 {
    return F32x4.mad(F32x4.pair(table, 0, x), square, F32x4.pair(table, 2, x));
  }
  @inline static estrin6(table: usize, x: v128, square: v128): v128 {
    return F32x4.mad(F32x4.estrin4(table, x, square), square, F32x4.pair(table, 4, x));
  }
  @inline static estrin8(table: usize, x: v128, square: v128): v128 {
    return F32x4.mad(F32x4.estrin6(table, x, square), square, F32x4.pair(table, 6, x));
  }

  /** The sign bits of four floats. */
  @inline static sign(): v128 {
    return v128.load32_splat(SIGN);
  }

  /** -x and |x| in one operation each. (V8 builds the mask again for each f32x4.neg and f32x4.abs: three operations.) */
  @inline static negated(x: v128): v128 {
    return v128.xor(x, F32x4.sign());
  }
  @inline static size(x: v128): v128 {
    return v128.andnot(x, F32x4.sign());
  }

  /** Lanes 0 and 1 in binary64. */
  @inline static low(x: v128): v128 {
    return f64x2.promote_low_f32x4(x);
  }

  /** Lanes 2 and 3 in binary64. */
  @inline static high(x: v128): v128 {
    return f64x2.promote_low_f32x4(v128.shuffle<u64>(x, x, 1, 0));
  }

  /** Four binary64 values, rounded to binary32. */
  @inline static narrow(low: v128, high: v128): v128 {
    return v128.shuffle<u64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
  }

  /** Lanes added as (0 + 1) + (2 + 3). */
  @inline static sum(x: v128): f32 {
    return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
  }

  /** The largest lane; NaN if one is NaN. */
  @inline static max(x: v128): f32 {
    const pair = f32x4.max(x, v128.shuffle<u64>(x, x, 1, 0));
    return max<f32>(f32x4.extract_lane(pair, 0), f32x4.extract_lane(pair, 1));
  }
}
