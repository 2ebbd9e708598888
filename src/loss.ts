// Losses: how far off the outputs are, and the gradient of that.

import { attached, classOf, float32, options, output, sameLength, what } from './argument.js';
import { type Rows, rowsOf } from './softmax.js';
import { apply } from './wasm.js';

/** Classes as whole numbers from 0 on. */
export type Labels = Uint8Array | Uint16Array | Uint32Array | Int32Array | readonly number[];

/** Labels as the kernels take them, each below the number of classes. */
export function labelled(where: string, labels: unknown, classes: number): Uint32Array {
  if (!Array.isArray(labels)) {
    if (!['Uint8Array', 'Uint16Array', 'Uint32Array', 'Int32Array'].includes(classOf(labels) ?? '')) {
      throw new TypeError(
        `${where}: labels is ${what(labels)}; pass a Uint8Array, Uint32Array or an array of whole numbers`,
      );
    }
    attached(where, 'labels', labels as Uint8Array);
  }
  const given = labels as readonly number[];
  for (let i = 0; i < given.length; i++) {
    if (!(Number.isInteger(given[i]) && given[i] >= 0 && given[i] < classes)) {
      throw new RangeError(`${where}: labels[${i}] is ${what(given[i])}; pass whole numbers from 0 to ${classes - 1}`);
    }
  }
  return classOf(labels) === 'Uint32Array' ? (labels as Uint32Array) : Uint32Array.from(given);
}

interface Given extends Rows {
  logits: Float32Array;
  labels: Labels;
}

function checked(where: string, o: Partial<Given>) {
  const logits = float32(where, 'logits', o.logits);
  const rows = rowsOf(where, 'logits', logits.length, o);
  const labels = labelled(where, o.labels, o.columns!);
  sameLength(where, 'labels', labels.length, 'the logits', rows);
  return { logits, labels, rows, columns: o.columns! };
}

export const loss = {
  /** The mean over rows of -ln softmax(logits)[label], from logits, in nats; 0 for no rows. */
  crossEntropy: {
    forward(given: Given): number {
      const where = 'loss.crossEntropy.forward';
      const { logits, labels, rows, columns } = checked(
        where,
        options(where, given, ['logits', 'labels', 'rows', 'columns']),
      );
      return rows === 0 ? 0 : apply('crossEntropyForward', rows, [logits, labels], [columns], 2) / rows;
    },
    /** The gradient of that mean by the logits: (softmax - one at the label) / rows. */
    backward(given: Given & { out?: Float32Array }): Float32Array {
      const where = 'loss.crossEntropy.backward';
      const o = options(where, given, ['logits', 'labels', 'rows', 'columns', 'out']);
      const { logits, labels, rows, columns } = checked(where, o);
      const out = output(where, o.out, { logits });
      apply('crossEntropyBackward', rows, [logits, labels, out], [columns, 1 / rows]);
      return out;
    },
  },
};
