// The matrix product, in the manner of Goto and van de Geijn ("Anatomy of high-performance matrix multiplication", 2008):
// panels of the operands are packed so that the innermost loop reads both in order, and a tile of 4 x 8 results stays in
// eight registers. (46 GFLOP/s in Node 20, C by the same plan 52, unpacked loops below 10; tiles of 3 x 12, 5 x 8 and 6 x 8
// spill, and 2 x 16 stood at 38.)
//
// How a result is summed depends on k alone: its bits are the same however rows and columns are cut, for blocks or threads.
// The error of one float32 sum grows with its length (a million times 0.1 was off by 1 %). So up to 400 terms are one sum, in
// the order of k, and more are summed on three levels:
//
//   - 48 terms in a register of the tile (tile.ts),
//   - at most 9 such sums, one block of depth, in a tile of partial sums,
//   - the blocks in c: up to 12 are added, for more each result has a compensation (Kahan summation, kahan.ts).
//
// The error is at most 69 units of 2^-24 of the sum of magnitudes, 4.1e-6, for any data and any k. Data has to be made for it to
// come near: of 2,048 constants at each of 135 lengths up to 11,200 the worst is 9.4e-7, and random data is far below
// (docs/accuracy.md). Of one sum of 400 terms the worst constant is 6e-6.
//
// Roads not taken. 32 terms in a register: 8e-7 and 1 % slower; 64: 1e-6. Partial sums from 65 terms on: below 1e-6 there too,
// but 3 to 5 % slower up to 400 terms, and with other bits than before. 16 blocks without compensation: 9.8e-7. Compensation
// from the second block on: 3 % slower, for want of memory (see compensatedColumns). Pairwise summation of blocks: as many
// results more as there are levels, where Kahan summation needs one. Binary64: half the lanes.

import { BIAS, EDGE, scratch } from '../scratch';
import { kahan } from './kahan';
import { PARTIAL, TILE_COLUMNS, TILE_ROWS, tile } from './tile';

/** A block of the left operand (64 x 400) stays in the level-2 cache, one panel of the right (400 x 8) in level 1. */
const BLOCK_DEPTH: usize = 400;
const BLOCK_ROWS: usize = 64;
const BLOCK_COLUMNS: usize = 512;

/** So many terms are summed in a register, where there is more than one block of depth. */
const REGISTER_DEPTH: usize = 48;

/** So many blocks of depth are added without compensation. */
const PLAIN_BLOCKS: usize = 12;

/** With compensation, so many rows of c are made at once. */
const COMPENSATED_ROWS: usize = 384;

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

/** Adds the tile of partial sums to c; with compensations of its own (a tile row by row), 0: none. */
function addPartial(c: usize, stride: usize, compensation: usize): void {
  for (let from = scratch + PARTIAL, end = from + 128; from < end; from += 32, c += stride) {
    if (compensation) {
      kahan.add(c, v128.load(from), compensation);
      kahan.add(c + 16, v128.load(from, 16), compensation + 16);
      compensation += 32;
    } else {
      v128.store(c, f32x4.add(v128.load(c), v128.load(from)));
      v128.store(c, f32x4.add(v128.load(c, 16), v128.load(from, 16)), 16);
    }
  }
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
 * The product of two packed blocks, tile by tile: to c, begun from bias (0: none), or where there is something (`more`)
 * added to it. `length`: as in tile. `compensations`: of c's tiles, side by side; 0: none.
 */
function multiplyBlock(
  rows: usize,
  columns: usize,
  depth: usize,
  length: usize,
  packedA: usize,
  packedB: usize,
  c: usize,
  stride: usize,
  bias: usize,
  more: bool,
  compensations: usize,
): void {
  for (let j: usize = 0; j < columns; j += TILE_COLUMNS) {
    const wide = min(TILE_COLUMNS, columns - j);
    v128.store(scratch + BIAS, f32x4.splat(0));
    v128.store(scratch + BIAS, f32x4.splat(0), 16);
    if (bias) memory.copy(scratch + BIAS, bias + (j << 2), wide << 2);
    const panelB = packedB + j * depth * 4;
    for (let i: usize = 0; i < rows; i += TILE_ROWS) {
      const high = min(TILE_ROWS, rows - i);
      const inside = c + i * stride + (j << 2);
      const panelA = packedA + i * depth * 4;
      const whole = high == TILE_ROWS && wide == TILE_COLUMNS;
      const to = whole ? inside : scratch + EDGE;
      const toStride = whole ? stride : 32;
      const compensation = compensations ? compensations + j * (((rows + 3) & ~3) << 2) + i * (TILE_COLUMNS << 2) : 0;
      if (more) {
        if (!whole) copyTile(inside, stride, to, 32, high, wide);
        tile(panelA, panelB, depth, length, scratch + PARTIAL, 32);
        addPartial(to, toStride, compensation);
      } else {
        if (compensation) memory.fill(compensation, 0, 128);
        tile(panelA, panelB, depth, length, to, toStride);
      }
      if (!whole) copyTile(to, 32, inside, stride, high, wide);
    }
  }
}

/**
 * Columns of a block where each result has a compensation: those of so many rows stand where a narrower block of b leaves
 * room. So a is packed more often, and b for every 384 rows: 0 to 6 % slower.
 */
function compensatedColumns(rows: usize, n: usize): usize {
  const most = ((BLOCK_COLUMNS * BLOCK_DEPTH) / (BLOCK_DEPTH + rows)) & ~7;
  const blocks = max<usize>(1, (n + most - 1) / most);
  return ((n + blocks - 1) / blocks + 7) & ~7;
}

/**
 * c = a b (+ bias in each row), a of m x k, b of k x n, c of m x n contiguous. Strides between rows and
 * columns of a and b in bytes, so that a transposed operand costs nothing. bias 0: none. out: where f(c) goes, block
 * by block while c is in the cache; 0: there is no f.
 */
export function multiply(
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
  workspace: usize,
  out: usize,
  alpha: f32,
  beta: f32,
): void {
  const stride = n << 2;
  if (k == 0) {
    for (let i: usize = 0; i < m; i++) {
      if (bias) memory.copy(c + i * stride, bias, stride);
      else memory.fill(c + i * stride, 0, stride);
    }
  }
  const packedA = workspace + BLOCK_COLUMNS * BLOCK_DEPTH * 4;
  // Blocks of one depth: of 784 two of 392, where a small rest would cost what it takes to begin and end each tile.
  const blocks = max<usize>(1, (k + BLOCK_DEPTH - 1) / BLOCK_DEPTH);
  const most = (k + blocks - 1) / blocks;
  const length = blocks > 1 ? REGISTER_DEPTH : BLOCK_DEPTH;
  let rowsAtOnce = m;
  let blockColumns = BLOCK_COLUMNS;
  let compensations: usize = 0;
  if (blocks > PLAIN_BLOCKS) {
    rowsAtOnce = min(COMPENSATED_ROWS, (m + 3) & ~3);
    blockColumns = compensatedColumns(rowsAtOnce, n);
    compensations = workspace + blockColumns * BLOCK_DEPTH * 4;
  }
  for (let j: usize = 0; j < n; j += blockColumns) {
    const columns = min(blockColumns, n - j);
    for (let first: usize = 0; first < m; first += rowsAtOnce) {
      const last = min(m, first + rowsAtOnce);
      for (let d: usize = 0; d < k; d += most) {
        const depth = min(most, k - d);
        pack(b + d * bRow + j * bColumn, bColumn, bRow, columns, depth, TILE_COLUMNS, workspace);
        for (let i = first; i < last; i += BLOCK_ROWS) {
          const rows = min(BLOCK_ROWS, last - i);
          const at = i * stride + (j << 2);
          const beside = compensations ? compensations + (i - first) * (blockColumns << 2) : 0;
          const from = bias && d == 0 ? bias + (j << 2) : 0;
          pack(a + i * aRow + d * aColumn, aRow, aColumn, rows, depth, TILE_ROWS, packedA);
          multiplyBlock(rows, columns, depth, length, packedA, workspace, c + at, stride, from, d > 0, beside);
          if (out && d + depth == k) activate(c + at, out + at, stride, rows, columns, alpha, beta);
        }
      }
    }
  }
}
