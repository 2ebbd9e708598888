// A matrix of normals made orthogonal: its QR decomposition by Householder reflections, in binary64, with the
// signs that make Q uniform over the orthogonal matrices (Mezzadri, "How to generate random matrices from the
// classical compact groups", 2007).
//
// Four reflections at a time (the compact form of Schreiber and Van Loan, "A storage-efficient WY representation for
// products of Householder transformations", 1989), on two vectors at a time: a quarter of the passes over the matrix
// (512 x 512: 36 ms one by one, 22 so; eight at a time gained nothing).

import { scratch, T, U, W } from '../scratch';

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

/** Takes factor (x . y) x off y. */
function reflect(x: usize, factor: f64, y: usize, n: usize): void {
  add(-factor * dot(x, y, n), x, y, n);
}

/** Reflections in a panel. */
const WIDTH: usize = 4;

/** T in row `row`, column `column`. */
function factor(row: usize, column: usize): usize {
  return scratch + T + ((row * WIDTH + column) << 3);
}

/** T of the product of a panel's reflections 1 - factor v v', in this order; v a stride apart, n long with their zeros. */
function combine(v: usize, stride: usize, factors: usize, n: usize): void {
  for (let k: usize = 0; k < WIDTH; k++) {
    const own = abs(load<f64>(factors + (k << 3)));
    for (let j: usize = 0; j < k; j++) store<f64>(scratch + W + (j << 3), dot(v + j * stride, v + k * stride, n));
    for (let row: usize = 0; row < WIDTH; row++) {
      let sum: f64 = 0;
      for (let j = row; j < k; j++) sum += load<f64>(factor(row, j)) * load<f64>(scratch + W + (j << 3));
      store<f64>(factor(row, k), row < k ? -own * sum : row == k ? own : 0);
    }
  }
}

/** A panel's vectors side by side, two values of each at a time, so that one address serves all. */
function interleave(v: usize, stride: usize, n: usize, out: usize): void {
  for (let k: usize = 0; k < WIDTH; k++, v += stride) {
    for (let i: usize = 0; i < n << 3; i += 16) v128.store(out + (k << 4) + i * WIDTH, v128.load(v + i));
  }
}

abstract class both {
  /** Each vector's two lanes added: the sums of y and of z. */
  @inline static sums(y: v128, z: v128): v128 {
    return f64x2.add(v128.shuffle<u64>(y, z, 0, 2), v128.shuffle<u64>(y, z, 1, 3));
  }
  /** Row k of T, or of T', times W. */
  @inline static weighed(k: usize, row: usize, column: usize): v128 {
    const t = scratch + T + k * row;
    const first = f64x2.mul(v128.load64_splat(t), v128.load(scratch + W));
    const second = f64x2.mul(v128.load64_splat(t + column), v128.load(scratch + W, 16));
    const third = f64x2.mul(v128.load64_splat(t + 2 * column), v128.load(scratch + W, 32));
    const fourth = f64x2.mul(v128.load64_splat(t + 3 * column), v128.load(scratch + W, 48));
    return f64x2.add(f64x2.add(first, second), f64x2.add(third, fourth));
  }
}

/** Takes V T V' y, or V T' V' y, off y and off z: a panel's reflections at once. v is interleaved, n even. */
function reflectPanel(v: usize, y: usize, z: usize, n: usize, transposed: bool): void {
  let y0 = f64x2.splat(0);
  let y1 = y0;
  let y2 = y0;
  let y3 = y0;
  let z0 = y0;
  let z1 = y0;
  let z2 = y0;
  let z3 = y0;
  const end = y + (n << 3);
  // Two steps a turn, an exit between: 4 % faster, and without the exit V8 spills what it has moved about.
  let i = y;
  let j = z;
  let p = v;
  let a: v128, b: v128, x: v128;
  while (true) {
    a = v128.load(i);
    b = v128.load(j);
    x = v128.load(p);
    y0 = f64x2.add(y0, f64x2.mul(x, a));
    z0 = f64x2.add(z0, f64x2.mul(x, b));
    x = v128.load(p, 16);
    y1 = f64x2.add(y1, f64x2.mul(x, a));
    z1 = f64x2.add(z1, f64x2.mul(x, b));
    x = v128.load(p, 32);
    y2 = f64x2.add(y2, f64x2.mul(x, a));
    z2 = f64x2.add(z2, f64x2.mul(x, b));
    x = v128.load(p, 48);
    y3 = f64x2.add(y3, f64x2.mul(x, a));
    z3 = f64x2.add(z3, f64x2.mul(x, b));
    i += 16;
    j += 16;
    p += 64;
    if (i == end) break;
    a = v128.load(i);
    b = v128.load(j);
    x = v128.load(p);
    y0 = f64x2.add(y0, f64x2.mul(x, a));
    z0 = f64x2.add(z0, f64x2.mul(x, b));
    x = v128.load(p, 16);
    y1 = f64x2.add(y1, f64x2.mul(x, a));
    z1 = f64x2.add(z1, f64x2.mul(x, b));
    x = v128.load(p, 32);
    y2 = f64x2.add(y2, f64x2.mul(x, a));
    z2 = f64x2.add(z2, f64x2.mul(x, b));
    x = v128.load(p, 48);
    y3 = f64x2.add(y3, f64x2.mul(x, a));
    z3 = f64x2.add(z3, f64x2.mul(x, b));
    i += 16;
    j += 16;
    p += 64;
    if (i == end) break;
  }
  v128.store(scratch + W, both.sums(y0, z0));
  v128.store(scratch + W, both.sums(y1, z1), 16);
  v128.store(scratch + W, both.sums(y2, z2), 32);
  v128.store(scratch + W, both.sums(y3, z3), 48);
  const row: usize = transposed ? 8 : 8 * WIDTH;
  const column: usize = transposed ? 8 * WIDTH : 8;
  for (let k: usize = 0; k < WIDTH; k++) v128.store(scratch + U + (k << 4), both.weighed(k, row, column));
  y0 = v128.load64_splat(scratch + U);
  z0 = v128.load64_splat(scratch + U, 8);
  y1 = v128.load64_splat(scratch + U, 16);
  z1 = v128.load64_splat(scratch + U, 24);
  y2 = v128.load64_splat(scratch + U, 32);
  z2 = v128.load64_splat(scratch + U, 40);
  y3 = v128.load64_splat(scratch + U, 48);
  z3 = v128.load64_splat(scratch + U, 56);
  for (; y < end; y += 16, z += 16, v += 64) {
    let x = v128.load(v);
    let a = f64x2.mul(x, y0);
    let b = f64x2.mul(x, z0);
    x = v128.load(v, 16);
    a = f64x2.add(a, f64x2.mul(x, y1));
    b = f64x2.add(b, f64x2.mul(x, z1));
    x = v128.load(v, 32);
    a = f64x2.add(a, f64x2.mul(x, y2));
    b = f64x2.add(b, f64x2.mul(x, z2));
    x = v128.load(v, 48);
    a = f64x2.add(a, f64x2.mul(x, y3));
    b = f64x2.add(b, f64x2.mul(x, z3));
    v128.store(y, f64x2.sub(v128.load(y), a));
    v128.store(z, f64x2.sub(v128.load(z), b));
  }
}

/**
 * A panel's reflections on each of `count` vectors y, behind the panel and like its v a stride apart, from the panel's
 * first row on: two at a time, and one that is left over by itself. work: room for the panel.
 */
function reflectRest(
  v: usize,
  stride: usize,
  factors: usize,
  count: usize,
  n: usize,
  work: usize,
  transposed: bool,
): void {
  let y = v + WIDTH * stride;
  if (count > 1) {
    combine(v, stride, factors, n);
    interleave(v, stride, n, work);
  }
  for (; count > 1; count -= 2, y += 2 * stride) reflectPanel(work, y, y + stride, n, transposed);
  for (let k: usize = 0; k < WIDTH * count; k++) {
    const j = transposed ? k : WIDTH - 1 - k;
    reflect(v + j * stride, abs(load<f64>(factors + (j << 3))), y, n);
  }
}

/**
 * w, of rows x columns, becomes gain Q' or gain Q, whichever has its shape. work: 8 (longer + 1) (shorter + 4) +
 * 8 (shorter + 1) bytes, for the longer side's vectors in binary64, an even number long, a factor for each, and a panel.
 */
export function orthogonal(w: usize, work: usize, rows: usize, columns: usize, gain: f32): void {
  const wide = rows < columns;
  const m = wide ? columns : rows;
  const n = wide ? rows : columns;
  // Vectors of an even length, the last value 0: rows of a panel come in pairs, from an even row on.
  const even = (m + 1) & ~1;
  const stride = even << 3;
  const factors = work + stride * n;
  const panel = factors + (((n + 1) & ~1) << 3);
  // Vector j: a row of a wide w, a column of a tall one.
  const along: usize = wide ? 4 : columns << 2;
  const across: usize = wide ? columns << 2 : 4;
  // In blocks of sixteen rows: a line of the cache serves sixteen columns.
  for (let block: usize = 0; block < m; block += 16) {
    const end = min(block + 16, m);
    for (let j: usize = 0; j < n; j++) {
      for (let i = block; i < end; i++)
        store<f64>(work + j * stride + (i << 3), <f64>load<f32>(w + j * across + i * along));
    }
  }
  if (even > m) for (let j: usize = 0; j < n; j++) store<f64>(work + j * stride + (m << 3), 0);
  // Reflections 1 - factor v v' with v[k] = 1 and zeros above. Of R the signs of its diagonal alone are kept, as those
  // of the factors.
  for (let first: usize = 0; first < n; first += WIDTH) {
    const width = min(WIDTH, n - first);
    const v = work + first * stride + (first << 3);
    for (let k: usize = 0; k < width; k++) {
      const x = v + k * stride + (k << 3);
      const size = even - first - k;
      const alpha = load<f64>(x);
      const below = dot(x + 8, x + 8, size - 1);
      let own: f64 = 0;
      let diagonal = alpha;
      if (below != 0) {
        const norm = sqrt<f64>(alpha * alpha + below);
        diagonal = alpha > 0 ? -norm : norm;
        own = (diagonal - alpha) / diagonal;
        const scale = 1 / (alpha - diagonal);
        for (let i: usize = 1; i < size; i++) store<f64>(x + (i << 3), load<f64>(x + (i << 3)) * scale);
      }
      memory.fill(v + k * stride, 0, k << 3);
      store<f64>(x, 1);
      for (let j = k + 1; j < width; j++) reflect(x, own, x + (j - k) * stride, size);
      store<f64>(factors + ((first + k) << 3), diagonal < 0 ? -own : own);
    }
    reflectRest(v, stride, factors + (first << 3), n - first - width, even - first, panel, true);
  }
  // Q from the last panel to the first, in place; vector k takes the sign of R's diagonal.
  for (let left = (n + WIDTH - 1) / WIDTH; left > 0; left--) {
    const first = (left - 1) * WIDTH;
    const width = min(WIDTH, n - first);
    const v = work + first * stride + (first << 3);
    reflectRest(v, stride, factors + (first << 3), n - first - width, even - first, panel, false);
    for (let after = width; after > 0; after--) {
      const k = after - 1;
      const x = v + k * stride + (k << 3);
      const size = even - first - k;
      const signed = load<f64>(factors + ((first + k) << 3));
      const own = abs(signed);
      for (let j = k + 1; j < width; j++) reflect(x, own, x + (j - k) * stride, size);
      const sign = copysign<f64>(1, signed);
      memory.fill(work + (first + k) * stride, 0, (first + k) << 3);
      store<f64>(x, sign * (1 - own));
      for (let i: usize = 1; i < size; i++) store<f64>(x + (i << 3), sign * -own * load<f64>(x + (i << 3)));
    }
  }
  for (let block: usize = 0; block < m; block += 16) {
    const end = min(block + 16, m);
    for (let j: usize = 0; j < n; j++) {
      for (let i = block; i < end; i++)
        store<f32>(w + j * across + i * along, <f32>load<f64>(work + j * stride + (i << 3)) * gain);
    }
  }
}
