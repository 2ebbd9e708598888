// y = x W' + b and its gradients, on one matrix product in the manner of Goto and van de Geijn ("Anatomy of
// high-performance matrix multiplication", 2008): panels of the operands are packed so that the innermost
// loop reads both in order, and a tile of 4 x 8 results stays in eight registers. (46 GFLOP/s in Node 20, C by the same
// plan 52, unpacked loops below 10; tiles of 3 x 12, 5 x 8 and 6 x 8 spill, and 2 x 16 stood at 38.)
//
// Each result is summed in the order of k, whatever the blocking of rows and columns: the bits do not
// depend on how the work is cut.

import { lane } from '../f32';
import { BIAS, EDGE, scratch } from '../scratch';

/** A tile of results. */
export const TILE_ROWS: usize = 4;
const TILE_COLUMNS: usize = 8;

/** A block of the left operand (64 x 400) stays in the level-2 cache, one panel of the right (400 x 8) in level 1. */
const BLOCK_DEPTH: usize = 400;
const BLOCK_ROWS: usize = 64;
const BLOCK_COLUMNS: usize = 512;

/** Bytes that the product needs to pack its operands. */
export function linearScratch(): usize {
  return (BLOCK_ROWS + BLOCK_COLUMNS) * BLOCK_DEPTH * 4;
}

/**
 * `lines` lines of `depth` values, in panels of `width` lines: for each depth the panel's values side by
 * side, zeros where there is no line. Strides are in bytes; one of the two is 4.
 */
function pack(
  source: usize,
  lineStride: usize,
  depthStride: usize,
  lines: usize,
  depth: usize,
  width: usize,
  out: usize,
): void {
  const step = width << 2;
  for (let line: usize = 0; line < lines; line += width, source += width * lineStride, out += depth * step) {
    if (lines - line < width) {
      memory.fill(out, 0, depth * step);
      for (let l: usize = 0; l < lines - line; l++) {
        for (let k: usize = 0; k < depth; k++) {
          store<f32>(out + k * step + (l << 2), load<f32>(source + l * lineStride + k * depthStride));
        }
      }
    } else if (lineStride == 4) {
      let from = source;
      for (let to = out, end = out + depth * step; to < end; from += depthStride) {
        for (let l: usize = 0; l < step; l += 16, to += 16) v128.store(to, v128.load(from + l));
      }
    } else {
      for (let l: usize = 0; l < width; l += 4)
        packFour(source + l * lineStride, lineStride, depth, out + (l << 2), step);
    }
  }
}

/** Four lines, each contiguous: four by four values are transposed. */
function packFour(line: usize, stride: usize, depth: usize, out: usize, step: usize): void {
  const line1 = line + stride;
  const line2 = line1 + stride;
  const line3 = line2 + stride;
  let k: usize = 0;
  for (const full = (depth & ~3) << 2; k < full; k += 16, out += step << 2) {
    const a = v128.load(line + k);
    const b = v128.load(line1 + k);
    const c = v128.load(line2 + k);
    const d = v128.load(line3 + k);
    const ab0 = v128.shuffle<u32>(a, b, 0, 4, 1, 5);
    const cd0 = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
    const ab1 = v128.shuffle<u32>(a, b, 2, 6, 3, 7);
    const cd1 = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<u64>(ab0, cd0, 0, 2));
    v128.store(out + step, v128.shuffle<u64>(ab0, cd0, 1, 3));
    v128.store(out + 2 * step, v128.shuffle<u64>(ab1, cd1, 0, 2));
    v128.store(out + 3 * step, v128.shuffle<u64>(ab1, cd1, 1, 3));
  }
  for (const end = depth << 2; k < end; k += 4, out += step) {
    store<f32>(out, load<f32>(line + k));
    store<f32>(out, load<f32>(line1 + k), 4);
    store<f32>(out, load<f32>(line2 + k), 8);
    store<f32>(out, load<f32>(line3 + k), 12);
  }
}

/**
 * One tile of c, rows `stride` bytes apart: added to c, or (first) begun from the eight biases. Eight steps a turn with
 * an exit behind each: the exits are where V8 has to have all eight sums in their registers. Without them it makes one
 * sum of a turn after the other and spills what that needs (eight steps: 25 GFLOP/s), and one step a turn stood at 40.
 */
function tile(a: usize, b: usize, depth: usize, c: usize, stride: usize, first: bool): void {
  const row1 = c + stride;
  const row2 = row1 + stride;
  const row3 = row2 + stride;
  let c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128;
  if (first) {
    c00 = c10 = c20 = c30 = v128.load(scratch + BIAS);
    c01 = c11 = c21 = c31 = v128.load(scratch + BIAS, 16);
  } else {
    c00 = v128.load(c);
    c01 = v128.load(c, 16);
    c10 = v128.load(row1);
    c11 = v128.load(row1, 16);
    c20 = v128.load(row2);
    c21 = v128.load(row2, 16);
    c30 = v128.load(row3);
    c31 = v128.load(row3, 16);
  }
  const end = b + (depth << 5);
  let b0: v128, b1: v128, x: v128;
  while (true) {
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    x = v128.load32_splat(a);
    c00 = lane.mad(x, b0, c00);
    c01 = lane.mad(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = lane.mad(x, b0, c10);
    c11 = lane.mad(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = lane.mad(x, b0, c20);
    c21 = lane.mad(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = lane.mad(x, b0, c30);
    c31 = lane.mad(x, b1, c31);
    a += 16;
    b += 32;
    if (b == end) break;
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    x = v128.load32_splat(a);
    c00 = lane.mad(x, b0, c00);
    c01 = lane.mad(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = lane.mad(x, b0, c10);
    c11 = lane.mad(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = lane.mad(x, b0, c20);
    c21 = lane.mad(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = lane.mad(x, b0, c30);
    c31 = lane.mad(x, b1, c31);
    a += 16;
    b += 32;
    if (b == end) break;
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    x = v128.load32_splat(a);
    c00 = lane.mad(x, b0, c00);
    c01 = lane.mad(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = lane.mad(x, b0, c10);
    c11 = lane.mad(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = lane.mad(x, b0, c20);
    c21 = lane.mad(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = lane.mad(x, b0, c30);
    c31 = lane.mad(x, b1, c31);
    a += 16;
    b += 32;
    if (b == end) break;
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    x = v128.load32_splat(a);
    c00 = lane.mad(x, b0, c00);
    c01 = lane.mad(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = lane.mad(x, b0, c10);
    c11 = lane.mad(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = lane.mad(x, b0, c20);
    c21 = lane.mad(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = lane.mad(x, b0, c30);
    c31 = lane.mad(x, b1, c31);
    a += 16;
    b += 32;
    if (b == end) break;
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    x = v128.load32_splat(a);
    c00 = lane.mad(x, b0, c00);
    c01 = lane.mad(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = lane.mad(x, b0, c10);
    c11 = lane.mad(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = lane.mad(x, b0, c20);
    c21 = lane.mad(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = lane.mad(x, b0, c30);
    c31 = lane.mad(x, b1, c31);
    a += 16;
    b += 32;
    if (b == end) break;
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    x = v128.load32_splat(a);
    c00 = lane.mad(x, b0, c00);
    c01 = lane.mad(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = lane.mad(x, b0, c10);
    c11 = lane.mad(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = lane.mad(x, b0, c20);
    c21 = lane.mad(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = lane.mad(x, b0, c30);
    c31 = lane.mad(x, b1, c31);
    a += 16;
    b += 32;
    if (b == end) break;
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    x = v128.load32_splat(a);
    c00 = lane.mad(x, b0, c00);
    c01 = lane.mad(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = lane.mad(x, b0, c10);
    c11 = lane.mad(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = lane.mad(x, b0, c20);
    c21 = lane.mad(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = lane.mad(x, b0, c30);
    c31 = lane.mad(x, b1, c31);
    a += 16;
    b += 32;
    if (b == end) break;
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    x = v128.load32_splat(a);
    c00 = lane.mad(x, b0, c00);
    c01 = lane.mad(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = lane.mad(x, b0, c10);
    c11 = lane.mad(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = lane.mad(x, b0, c20);
    c21 = lane.mad(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = lane.mad(x, b0, c30);
    c31 = lane.mad(x, b1, c31);
    a += 16;
    b += 32;
    if (b == end) break;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(row1, c10);
  v128.store(row1, c11, 16);
  v128.store(row2, c20);
  v128.store(row2, c21, 16);
  v128.store(row3, c30);
  v128.store(row3, c31, 16);
}

/** Rows of a tile that lie inside the result, from one place to another. */
function copyTile(from: usize, fromStride: usize, to: usize, toStride: usize, rows: usize, columns: usize): void {
  for (let r: usize = 0; r < rows; r++) memory.copy(to + r * toStride, from + r * fromStride, columns << 2);
}

/** out = f(c) for finished rows of c, f the function at entry 0 of the table: one call where they are contiguous. */
function activate(c: usize, out: usize, stride: usize, rows: usize, columns: usize, alpha: f32, beta: f32): void {
  if (stride == columns << 2) {
    columns *= rows;
    rows = 1;
  }
  for (let r: usize = 0; r < rows; r++) call_indirect<void>(0, c + r * stride, out + r * stride, columns, alpha, beta);
}

/**
 * c = a b (+ bias in each row), a of m x k, b of k x n, c of m x n contiguous. Strides between rows and
 * columns of a and b in bytes, so that a transposed operand costs nothing. bias 0: none. out: where f(c) goes, block
 * by block while c is in the cache; 0: there is no f.
 */
function multiply(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  bColumn: usize,
  c: usize,
  bias: usize,
  room: usize,
  out: usize,
  alpha: f32,
  beta: f32,
): void {
  const stride = n << 2;
  const packedA = room + BLOCK_COLUMNS * BLOCK_DEPTH * 4;
  if (k == 0) {
    for (let i: usize = 0; i < m; i++) {
      if (bias) memory.copy(c + i * stride, bias, stride);
      else memory.fill(c + i * stride, 0, stride);
    }
  }
  // Blocks of one depth: of 784 two of 392, where a small rest would cost what it takes to begin and end each tile.
  const blocks = max<usize>(1, (k + BLOCK_DEPTH - 1) / BLOCK_DEPTH);
  const most = (k + blocks - 1) / blocks;
  for (let j: usize = 0; j < n; j += BLOCK_COLUMNS) {
    const columns = min(BLOCK_COLUMNS, n - j);
    for (let d: usize = 0; d < k; d += most) {
      const depth = min(most, k - d);
      pack(b + d * bRow + j * bColumn, bColumn, bRow, columns, depth, TILE_COLUMNS, room);
      for (let i: usize = 0; i < m; i += BLOCK_ROWS) {
        const rows = min(BLOCK_ROWS, m - i);
        pack(a + i * aRow + d * aColumn, aRow, aColumn, rows, depth, TILE_ROWS, packedA);
        for (let jj: usize = 0; jj < columns; jj += TILE_COLUMNS) {
          const wide = min(TILE_COLUMNS, columns - jj);
          memory.fill(scratch + BIAS, 0, 32);
          if (bias) memory.copy(scratch + BIAS, bias + ((j + jj) << 2), wide << 2);
          for (let ii: usize = 0; ii < rows; ii += TILE_ROWS) {
            const high = min(TILE_ROWS, rows - ii);
            const to = c + (i + ii) * stride + ((j + jj) << 2);
            const panelA = packedA + ii * depth * 4;
            const panelB = room + jj * depth * 4;
            if (high == TILE_ROWS && wide == TILE_COLUMNS) {
              tile(panelA, panelB, depth, to, stride, d == 0);
            } else {
              if (d != 0) copyTile(to, stride, scratch + EDGE, 32, high, wide);
              tile(panelA, panelB, depth, scratch + EDGE, 32, d == 0);
              copyTile(scratch + EDGE, 32, to, stride, high, wide);
            }
          }
        }
        if (out && d + depth == k) {
          const at = i * stride + (j << 2);
          activate(c + at, out + at, stride, rows, columns, alpha, beta);
        }
      }
    }
  }
}

/** z = x W' + b: x of rows x inputs, W of outputs x inputs, z of rows x outputs; b 0: none. y = f(z) unless y is 0. */
export function linearForward(
  x: usize,
  w: usize,
  b: usize,
  z: usize,
  y: usize,
  room: usize,
  rows: usize,
  inputs: usize,
  outputs: usize,
  alpha: f32,
  beta: f32,
): void {
  multiply(rows, outputs, inputs, x, inputs << 2, 4, w, 4, inputs << 2, z, b, room, y, alpha, beta);
}

/** dx = g W */
export function linearBackwardInput(
  g: usize,
  w: usize,
  dx: usize,
  room: usize,
  rows: usize,
  inputs: usize,
  outputs: usize,
): void {
  multiply(rows, inputs, outputs, g, outputs << 2, 4, w, inputs << 2, 4, dx, 0, room, 0, 0, 0);
}

/** dW = g' x, for so many outputs of g's `width`. */
export function linearBackwardWeight(
  x: usize,
  g: usize,
  dw: usize,
  room: usize,
  rows: usize,
  inputs: usize,
  outputs: usize,
  width: usize,
): void {
  multiply(outputs, inputs, rows, g, 4, width << 2, x, inputs << 2, 4, dw, 0, room, 0, 0, 0);
}

/** db = the sum of g's rows */
export function linearBackwardBias(g: usize, db: usize, rows: usize, outputs: usize): void {
  const row = outputs << 2;
  memory.fill(db, 0, row);
  for (const end = g + rows * row; g < end; g += row) {
    let i: usize = 0;
    for (const full = (outputs & ~3) << 2; i < full; i += 16)
      v128.store(db + i, f32x4.add(v128.load(db + i), v128.load(g + i)));
    for (; i < row; i += 4) store<f32>(db + i, load<f32>(db + i) + load<f32>(g + i));
  }
}
