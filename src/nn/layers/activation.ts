// An activation as a layer.

import { type Activation, type ActivationParameters, activationOf } from '../../activation/table.js';
import { type Layer, specified, type ThreadContext } from '../layer.js';

/** A layer that applies an activation: 'relu', or 'leakyRelu' and { slope: 0.2 }. */
export function activation<A extends Activation>(name: A, passed?: ActivationParameters<A>): Layer {
  const { row, numbers } = activationOf('nn.activation', [name, passed]);
  return specified(['activation', name, { ...passed }], {
    kind: name,
    parameters: {},
    inPlace: row.keeps === 'y',
    keepsOutput: row.keeps === 'y',
    scratch: 0,
    bind({ kernel, x, y, dx, dy, inputs }) {
      const forward = kernel(`${name}Forward`, x, y);
      const saved = row.keeps === 'y' ? y : x;
      const backward = dx && kernel(`${name}Backward`, saved, dy, dx);
      /** A thread's rows of an array, and how many values they are. */
      const rangeOf = (rows: number, thread: ThreadContext) => {
        const [from, to] = thread.range(rows, 1);
        return { own: (a: Float32Array) => a.subarray(from * inputs, to * inputs), n: (to - from) * inputs };
      };
      return {
        forward: (rows) => void forward(rows * inputs, ...numbers),
        backward: (rows) => void backward?.(rows * inputs, ...numbers),
        split: {
          forward(rows, thread) {
            const { own, n } = rangeOf(rows, thread);
            kernel(`${name}Forward`, own(x), own(y))(n, ...numbers);
          },
          backward(rows, thread) {
            const { own, n } = rangeOf(rows, thread);
            if (dx) kernel(`${name}Backward`, own(saved), own(dy), own(dx))(n, ...numbers);
          },
        },
        activation: { name, saved, numbers },
      };
    },
  });
}
