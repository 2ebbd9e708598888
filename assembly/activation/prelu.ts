// PReLU with a learnt slope for each channel: x, or slope x below 0 (He et al. 2015, equation 1). With one slope for all
// channels src/ uses leakyRelu's kernels.

import { VECTOR } from '../f32';

/** out = x > 0 ? g : s g over rows of n values and n slopes s. Forward is this with g = x. NaN in x gives NaN. */
export function prelu(s: usize, x: usize, g: usize, out: usize, rows: usize, n: usize): void {
  const row = n << 2;
  const full = (n & ~3) << 2;
  for (let r: usize = 0; r < rows; r++, x += row, g += row, out += row) {
    let i: usize = 0;
    for (; i < full; i += VECTOR) {
      const k = v128.load(x + i);
      const d = v128.load(g + i);
      const y = v128.bitselect(d, f32x4.mul(d, v128.load(s + i)), f32x4.gt(k, f32x4.splat(0)));
      v128.store(out + i, v128.or(y, f32x4.ne(k, k)));
    }
    for (; i < row; i += 4) {
      const k = load<f32>(x + i);
      const d = load<f32>(g + i);
      store<f32>(out + i, k > 0 ? d : k != k ? k : d * load<f32>(s + i));
    }
  }
}
