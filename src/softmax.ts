// Softmax and its logarithm over the rows of a matrix.

import { float32, options, output, sameLength, whole } from './argument.js';
import { apply } from './wasm.js';

/** A matrix in row-major order: how long its rows are, and how many there are if that is to be checked. */
export interface Rows {
  columns: number;
  rows?: number;
}

/** The number of rows of so many columns. */
export function rowsOf(where: string, name: string, n: number, { rows, columns }: Partial<Rows>): number {
  whole(where, 'columns', columns, { least: 1 });
  if (rows !== undefined) {
    sameLength(where, name, n, 'rows x columns', whole(where, 'rows', rows) * columns!);
  } else if (n % columns! !== 0) {
    throw new RangeError(
      `${where}: ${name} has ${n} values, no whole number of rows of ${columns}; pass other columns`,
    );
  }
  return n / columns!;
}

function functions(name: string, kernel: 'softmax' | 'logSoftmax') {
  return {
    /** Row by row, in a new array or in out, which may be x. A row with NaN or +Infinity becomes NaN. */
    forward(x: Float32Array, given: Rows & { out?: Float32Array }): Float32Array {
      const where = `${name}.forward`;
      const o = options(where, given, ['rows', 'columns', 'out']);
      const rows = rowsOf(where, 'x', float32(where, 'x', x).length, o);
      const out = output(where, o.out, { x });
      apply(`${kernel}Forward`, rows, [x, out], [o.columns!]);
      return out;
    },
    /** The gradient by x from forward's result y and the gradient dy by it; out may be dy. */
    backward(given: Rows & { y: Float32Array; dy: Float32Array; out?: Float32Array }): Float32Array {
      const where = `${name}.backward`;
      const o = options(where, given, ['rows', 'columns', 'y', 'dy', 'out']);
      const y = float32(where, 'y', o.y);
      const dy = float32(where, 'dy', o.dy);
      const rows = rowsOf(where, 'y', y.length, o);
      sameLength(where, 'dy', dy.length, 'y', y.length);
      const out = output(where, o.out, { y, dy });
      apply(`${kernel}Backward`, rows, [y, dy, out], [o.columns!]);
      return out;
    },
  };
}

/** e^x / sum of e^x over each row; softmax.log is its logarithm. */
export const softmax = { ...functions('softmax', 'softmax'), log: functions('softmax.log', 'logSoftmax') };
