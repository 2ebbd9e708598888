// Random orthogonal matrices: Q of the QR decomposition of a matrix of normals, by Householder reflections in binary64, with
// the signs that make Q uniform over the orthogonal matrices (Mezzadri, "How to generate random matrices from the classical
// compact groups", 2007).
//
// Reflections are applied in panels of four, in the compact form I - V T V' (Schreiber and Van Loan, "A storage-efficient WY
// representation for products of Householder transformations", 1989), to two vectors at a time. That needs a quarter of the
// passes over the matrix (512 x 512: 22 ms against 36 one by one; panels of eight gained nothing).

import { scratch, T, U, W } from '../scratch';

/** The sum of a[i] b[i]. Four partial sums, so that additions do not wait for each other. */
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
function addScaled(c: f64, a: usize, b: usize, n: usize): void {
  const factor = f64x2.splat(c);
  const end = a + (n << 3);
  for (; a + 32 <= end; a += 32, b += 32) {
    v128.store(b, f64x2.add(v128.load(b), f64x2.mul(factor, v128.load(a))));
    v128.store(b, f64x2.add(v128.load(b, 16), f64x2.mul(factor, v128.load(a, 16))), 16);
  }
  for (; a < end; a += 8, b += 8) store<f64>(b, load<f64>(b) + c * load<f64>(a));
}

/** y -= factor (x . y) x */
function reflect(x: usize, factor: f64, y: usize, n: usize): void {
  addScaled(-factor * dot(x, y, n), x, y, n);
}

/** Reflections in a panel. src/init/structured.ts reads it. */
export const PANEL: usize = 4;

/** The address of T's entry. */
function entryOfT(row: usize, column: usize): usize {
  return scratch + T + ((row * PANEL + column) << 3);
}

/**
 * T of a panel: the product of its reflections 1 - factor v v', in this order, is I - V T V'. The vectors v are a stride apart
 * and n long, zeros included.
 */
function computeT(v: usize, stride: usize, factors: usize, n: usize): void {
  for (let k: usize = 0; k < PANEL; k++) {
    const factor = abs(load<f64>(factors + (k << 3)));
    for (let j: usize = 0; j < k; j++) store<f64>(scratch + W + (j << 3), dot(v + j * stride, v + k * stride, n));
    for (let row: usize = 0; row < PANEL; row++) {
      let sum: f64 = 0;
      for (let j = row; j < k; j++) sum += load<f64>(entryOfT(row, j)) * load<f64>(scratch + W + (j << 3));
      store<f64>(entryOfT(row, k), row < k ? -factor * sum : row == k ? factor : 0);
    }
  }
}

/** Copies a panel's vectors to `out`, two values of each in turn, so that a loop over them needs one address. */
function interleave(v: usize, stride: usize, n: usize, out: usize): void {
  for (let k: usize = 0; k < PANEL; k++, v += stride) {
    for (let i: usize = 0; i < n << 3; i += 16) v128.store(out + (k << 4) + i * PANEL, v128.load(v + i));
  }
}

abstract class pair {
  /** The sum of y's two lanes, and of z's. */
  @inline static sums(y: v128, z: v128): v128 {
    return f64x2.add(v128.shuffle<u64>(y, z, 0, 2), v128.shuffle<u64>(y, z, 1, 3));
  }
  /** Row k of T, or of T', times W. */
  @inline static product(k: usize, row: usize, column: usize): v128 {
    const t = scratch + T + k * row;
    const first = f64x2.mul(v128.load64_splat(t), v128.load(scratch + W));
    const second = f64x2.mul(v128.load64_splat(t + column), v128.load(scratch + W, 16));
    const third = f64x2.mul(v128.load64_splat(t + 2 * column), v128.load(scratch + W, 32));
    const fourth = f64x2.mul(v128.load64_splat(t + 3 * column), v128.load(scratch + W, 48));
    return f64x2.add(f64x2.add(first, second), f64x2.add(third, fourth));
  }
}

/** y -= V T V' y and z -= V T V' z, or with T' for T: all reflections of a panel. V is interleaved, n even. */
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
  // Two steps an iteration: 4 % faster. The exit between them keeps V8 from spilling registers.
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
  v128.store(scratch + W, pair.sums(y0, z0));
  v128.store(scratch + W, pair.sums(y1, z1), 16);
  v128.store(scratch + W, pair.sums(y2, z2), 32);
  v128.store(scratch + W, pair.sums(y3, z3), 48);
  const row: usize = transposed ? 8 : 8 * PANEL;
  const column: usize = transposed ? 8 * PANEL : 8;
  for (let k: usize = 0; k < PANEL; k++) v128.store(scratch + U + (k << 4), pair.product(k, row, column));
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
 * Applies a panel's reflections to the `count` vectors after it, from the panel's first row on. These too are a stride apart.
 * Two vectors are reflected at a time; of an odd count the last is reflected alone. work: memory for the interleaved panel.
 */
function reflectFollowing(
  v: usize,
  stride: usize,
  factors: usize,
  count: usize,
  n: usize,
  work: usize,
  transposed: bool,
): void {
  let y = v + PANEL * stride;
  if (count > 1) {
    computeT(v, stride, factors, n);
    interleave(v, stride, n, work);
  }
  for (; count > 1; count -= 2, y += 2 * stride) reflectPanel(work, y, y + stride, n, transposed);
  for (let k: usize = 0; k < PANEL * count; k++) {
    const j = transposed ? k : PANEL - 1 - k;
    reflect(v + j * stride, abs(load<f64>(factors + (j << 3))), y, n);
  }
}

/**
 * The reflections 1 - factor v v' of a panel of `width` vectors, `size` long from the first one's diagonal on. Each vector is
 * replaced by its v, with v[k] = 1 and zeros above. Of R only the signs of its diagonal are needed; they are stored as the
 * signs of the factors.
 */
function decomposePanel(panel: usize, stride: usize, factors: usize, width: usize, size: usize): void {
  for (let k: usize = 0; k < width; k++) {
    const x = panel + k * stride + (k << 3);
    const n = size - k;
    const alpha = load<f64>(x);
    const below = dot(x + 8, x + 8, n - 1);
    let factor: f64 = 0;
    let diagonal = alpha;
    if (below != 0) {
      const norm = sqrt<f64>(alpha * alpha + below);
      diagonal = alpha > 0 ? -norm : norm;
      factor = (diagonal - alpha) / diagonal;
      const scale = 1 / (alpha - diagonal);
      for (let i: usize = 1; i < n; i++) store<f64>(x + (i << 3), load<f64>(x + (i << 3)) * scale);
    }
    memory.fill(panel + k * stride, 0, k << 3);
    store<f64>(x, 1);
    for (let j = k + 1; j < width; j++) reflect(x, factor, x + (j - k) * stride, n);
    store<f64>(factors + (k << 3), diagonal < 0 ? -factor : factor);
  }
}

/** The columns of Q in place of a panel's vectors, `above` rows of zeros before their `size`; column k with R's sign k. */
function formPanel(panel: usize, stride: usize, factors: usize, width: usize, size: usize, above: usize): void {
  for (let after = width; after > 0; after--) {
    const k = after - 1;
    const x = panel + k * stride + (k << 3);
    const n = size - k;
    const signed = load<f64>(factors + (k << 3));
    const factor = abs(signed);
    for (let j = k + 1; j < width; j++) reflect(x, factor, x + (j - k) * stride, n);
    const sign = copysign<f64>(1, signed);
    memory.fill(x - ((above + k) << 3), 0, (above + k) << 3);
    store<f64>(x, sign * (1 - factor));
    for (let i: usize = 1; i < n; i++) store<f64>(x + (i << 3), sign * -factor * load<f64>(x + (i << 3)));
  }
}

/**
 * Replaces w, of rows x columns, by gain Q' or gain Q, whichever has its shape. work: 8 (longer + 1) (shorter + PANEL) +
 * 8 (shorter + 1) bytes, for vectors of the longer side in binary64 (padded to an even length), a factor for each, and a panel.
 */
export function orthogonal(w: usize, work: usize, rows: usize, columns: usize, gain: f32): void {
  const wide = rows < columns;
  const m = wide ? columns : rows;
  const n = wide ? rows : columns;
  // Vectors are padded by 0 to an even length: reflectPanel reads two rows at a time, from an even row on.
  const even = (m + 1) & ~1;
  const stride = even << 3;
  const factors = work + stride * n;
  const interleaved = factors + (((n + 1) & ~1) << 3);
  // Strides in w, within a vector and from one vector to the next: vectors are the rows of a wide w, the columns of a tall one.
  const inVector: usize = wide ? 4 : columns << 2;
  const toNext: usize = wide ? columns << 2 : 4;
  // In blocks of sixteen rows, so that each cache line is read once.
  for (let block: usize = 0; block < m; block += 16) {
    const end = min(block + 16, m);
    for (let j: usize = 0; j < n; j++) {
      for (let i = block; i < end; i++)
        store<f64>(work + j * stride + (i << 3), <f64>load<f32>(w + j * toNext + i * inVector));
    }
  }
  if (even > m) for (let j: usize = 0; j < n; j++) store<f64>(work + j * stride + (m << 3), 0);
  for (let first: usize = 0; first < n; first += PANEL) {
    const width = min(PANEL, n - first);
    const panel = work + first * stride + (first << 3);
    decomposePanel(panel, stride, factors + (first << 3), width, even - first);
    reflectFollowing(panel, stride, factors + (first << 3), n - first - width, even - first, interleaved, true);
  }
  // Q, from the last panel to the first, in place.
  for (let panels = (n + PANEL - 1) / PANEL; panels > 0; panels--) {
    const first = (panels - 1) * PANEL;
    const width = min(PANEL, n - first);
    const panel = work + first * stride + (first << 3);
    reflectFollowing(panel, stride, factors + (first << 3), n - first - width, even - first, interleaved, false);
    formPanel(panel, stride, factors + (first << 3), width, even - first, first);
  }
  for (let block: usize = 0; block < m; block += 16) {
    const end = min(block + 16, m);
    for (let j: usize = 0; j < n; j++) {
      for (let i = block; i < end; i++)
        store<f32>(w + j * toNext + i * inVector, <f32>load<f64>(work + j * stride + (i << 3)) * gain);
    }
  }
}
