// Dropout (Srivastava et al. 2014): values outside the mask become 0, the others are scaled, so that the mean stays.

import { F32x4 } from '../f32';
import { Binary, zip } from '../pointwise';

/** mask > 0 ? a x : 0; NaN where x is NaN */
class Dropout implements Binary {
  @inline apply(mask: v128, x: v128, a: v128, b: v128): v128 {
    return F32x4.masked(f32x4.mul(x, a), f32x4.gt(mask, f32x4.splat(0)), x);
  }
}

export function dropout(mask: usize, x: usize, out: usize, n: usize, scale: f32): void {
  zip<Dropout>(mask, x, out, n, scale, 0);
}
