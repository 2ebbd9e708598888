// PReLU with a learnt slope for each channel: x where x > 0, else slope x (He et al. 2015, equation 1). If all channels have
// the same slope, src/activation/prelu.ts calls leakyRelu's kernels instead.

import { VECTOR } from '../f32';

/**
 * out = x > 0 ? g : s g, for rows of n values and n slopes s. Forward is this with g = x; backward has in g the gradient of the
 * output. NaN in x gives NaN.
 */
export function prelu(s: usize, x: usize, g: usize, out: usize, rows: usize, n: usize): void {
  const row = n << 2;
  const full = (n & ~3) << 2;
  for (let r: usize = 0; r < rows; r++, x += row, g += row, out += row) {
    let i: usize = 0;
    for (; i < full; i += VECTOR) {
      const xi = v128.load(x + i);
      const gi = v128.load(g + i);
      const y = v128.bitselect(gi, f32x4.mul(gi, v128.load(s + i)), f32x4.gt(xi, f32x4.splat(0)));
      v128.store(out + i, v128.or(y, f32x4.ne(xi, xi)));
    }
    for (; i < row; i += 4) {
      const xi = load<f32>(x + i);
      const gi = load<f32>(g + i);
      store<f32>(out + i, xi > 0 ? gi : xi != xi ? xi : gi * load<f32>(s + i));
    }
  }
}
