// A matrix of normals made orthogonal: its QR decomposition by Householder reflections, in binary64, with the
// signs that make Q uniform over the orthogonal matrices (Mezzadri, "How to generate random matrices from the
// classical compact groups", 2007).

/** Sum of a[i] b[i], in four parts: an addition waits for the last of its own part alone. */
function dot(a: usize, b: usize, n: usize): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  const end = a + (n << 3);
  for (; a + 32 <= end; a += 32, b += 32) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a), v128.load(b)));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(a, 16), v128.load(b, 16)));
  }
  s0 = f64x2.add(s0, s1);
  let total = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (; a < end; a += 8, b += 8) total += load<f64>(a) * load<f64>(b);
  return total;
}

/** b[i] += c a[i] */
function add(c: f64, a: usize, b: usize, n: usize): void {
  const factor = f64x2.splat(c);
  const end = a + (n << 3);
  for (; a + 32 <= end; a += 32, b += 32) {
    v128.store(b, f64x2.add(v128.load(b), f64x2.mul(factor, v128.load(a))));
    v128.store(b, f64x2.add(v128.load(b, 16), f64x2.mul(factor, v128.load(a, 16))), 16);
  }
  for (; a < end; a += 8, b += 8) store<f64>(b, load<f64>(b) + c * load<f64>(a));
}

/**
 * Takes factor (x . y) x off each of `count` vectors y, a stride apart: two at a time, which share what is read of x.
 * Each has the sums of dot and add, bit for bit.
 */
function reflect(x: usize, factor: f64, y: usize, stride: usize, count: usize, n: usize): void {
  for (; count > 1; count -= 2, y += 2 * stride) {
    const z = y + stride;
    const whole = (n & ~3) << 3;
    let y0 = f64x2.splat(0);
    let y1 = y0;
    let z0 = y0;
    let z1 = y0;
    for (let i: usize = 0; i < whole; i += 32) {
      const a = v128.load(x + i);
      const b = v128.load(x + i, 16);
      y0 = f64x2.add(y0, f64x2.mul(a, v128.load(y + i)));
      y1 = f64x2.add(y1, f64x2.mul(b, v128.load(y + i, 16)));
      z0 = f64x2.add(z0, f64x2.mul(a, v128.load(z + i)));
      z1 = f64x2.add(z1, f64x2.mul(b, v128.load(z + i, 16)));
    }
    y0 = f64x2.add(y0, y1);
    z0 = f64x2.add(z0, z1);
    let sumY = f64x2.extract_lane(y0, 0) + f64x2.extract_lane(y0, 1);
    let sumZ = f64x2.extract_lane(z0, 0) + f64x2.extract_lane(z0, 1);
    for (let i = whole; i < n << 3; i += 8) {
      sumY += load<f64>(x + i) * load<f64>(y + i);
      sumZ += load<f64>(x + i) * load<f64>(z + i);
    }
    sumY *= -factor;
    sumZ *= -factor;
    const byY = f64x2.splat(sumY);
    const byZ = f64x2.splat(sumZ);
    for (let i: usize = 0; i < whole; i += 16) {
      const a = v128.load(x + i);
      v128.store(y + i, f64x2.add(v128.load(y + i), f64x2.mul(byY, a)));
      v128.store(z + i, f64x2.add(v128.load(z + i), f64x2.mul(byZ, a)));
    }
    for (let i = whole; i < n << 3; i += 8) {
      store<f64>(y + i, load<f64>(y + i) + sumY * load<f64>(x + i));
      store<f64>(z + i, load<f64>(z + i) + sumZ * load<f64>(x + i));
    }
  }
  if (count) add(-factor * dot(x, y, n), x, y, n);
}

/**
 * w, of rows x columns, becomes gain Q' or gain Q, whichever has its shape. work: 8 (rows columns +
 * min(rows, columns)) bytes, for the longer side's vectors in binary64 and a factor for each.
 */
export function orthogonal(w: usize, work: usize, rows: usize, columns: usize, gain: f32): void {
  const wide = rows < columns;
  const m = wide ? columns : rows;
  const n = wide ? rows : columns;
  const factors = work + ((m * n) << 3);
  // Vector j of length m: a row of a wide w, a column of a tall one.
  const along: usize = wide ? 4 : columns << 2;
  const across: usize = wide ? columns << 2 : 4;
  for (let j: usize = 0; j < n; j++) {
    for (let i: usize = 0; i < m; i++)
      store<f64>(work + ((j * m + i) << 3), <f64>load<f32>(w + j * across + i * along));
  }
  // Reflections 1 - factor v v', v[k] = 1, v below the diagonal of vector k, R's diagonal on it.
  for (let k: usize = 0; k < n; k++) {
    const x = work + ((k * m + k) << 3);
    const size = m - k;
    const alpha = load<f64>(x);
    const below = dot(x + 8, x + 8, size - 1);
    let factor: f64 = 0;
    let diagonal = alpha;
    if (below != 0) {
      const norm = sqrt<f64>(alpha * alpha + below);
      diagonal = alpha > 0 ? -norm : norm;
      factor = (diagonal - alpha) / diagonal;
      const scale = 1 / (alpha - diagonal);
      for (let i: usize = 1; i < size; i++) store<f64>(x + (i << 3), load<f64>(x + (i << 3)) * scale);
    }
    store<f64>(x, 1);
    reflect(x, factor, work + (((k + 1) * m + k) << 3), m << 3, n - k - 1, size);
    store<f64>(x, diagonal);
    store<f64>(factors + (k << 3), factor);
  }
  // Q from the last reflection to the first, in place; vector k takes the sign of R's diagonal.
  for (let k: isize = n - 1; k >= 0; k--) {
    const x = work + ((k * m + k) << 3);
    const size = m - k;
    const factor = load<f64>(factors + (k << 3));
    const sign: f64 = load<f64>(x) < 0 ? -1 : 1;
    store<f64>(x, 1);
    reflect(x, factor, work + (((k + 1) * m + k) << 3), m << 3, n - k - 1, size);
    memory.fill(work + ((k * m) << 3), 0, k << 3);
    store<f64>(x, sign * (1 - factor));
    for (let i: usize = 1; i < size; i++) store<f64>(x + (i << 3), sign * -factor * load<f64>(x + (i << 3)));
  }
  for (let j: usize = 0; j < n; j++) {
    for (let i: usize = 0; i < m; i++)
      store<f32>(w + j * across + i * along, <f32>load<f64>(work + ((j * m + i) << 3)) * gain);
  }
}
