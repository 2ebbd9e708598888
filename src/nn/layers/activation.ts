// Activations as layers.

import { type Activation, type ActivationParameters, activationOf } from '../../activation/table.js';
import { type Layer, type ThreadContext, withSpec } from '../layer.js';

/** A layer that applies an activation, such as 'relu', or 'leakyRelu' with { slope: 0.2 }. */
export function activation<A extends Activation>(name: A, given?: ActivationParameters<A>): Layer {
  const { row, numbers } = activationOf('nn.activation', [name, given]);
  return withSpec(['activation', name, { ...given }], {
    kind: name,
    parameters: {},
    inPlace: row.keeps === 'y',
    keepsOutput: row.keeps === 'y',
    scratch: 0,
    bind({ kernel, x, y, dx, dy, inputs }) {
      const forward = kernel(`${name}Forward`, x, y);
      const saved = row.keeps === 'y' ? y : x;
      const backward = dx && kernel(`${name}Backward`, saved, dy, dx);
      /** A function that takes a thread's rows of an array, and how many values these are. */
      const rangeOf = (rows: number, thread: ThreadContext) => {
        const [from, to] = thread.range(rows, 1);
        return { rowsOf: (a: Float32Array) => a.subarray(from * inputs, to * inputs), n: (to - from) * inputs };
      };
      return {
        forward: (rows) => void forward(rows * inputs, ...numbers),
        backward: (rows) => void backward?.(rows * inputs, ...numbers),
        split: {
          forward(rows, thread) {
            const { rowsOf, n } = rangeOf(rows, thread);
            kernel(`${name}Forward`, rowsOf(x), rowsOf(y))(n, ...numbers);
          },
          backward(rows, thread) {
            const { rowsOf, n } = rangeOf(rows, thread);
            if (dx) kernel(`${name}Backward`, rowsOf(saved), rowsOf(dy), rowsOf(dx))(n, ...numbers);
          },
        },
        activation: { name, saved, numbers },
      };
    },
  });
}
