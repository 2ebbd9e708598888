// An activation as a layer.

import { type Activation, named, type Parameters } from '../../activation/table.js';
import { type Layer, type Share, specified } from '../layer.js';

/** A layer that applies an activation: 'relu', or 'leakyRelu' and { slope: 0.2 }. */
export function activation<A extends Activation>(name: A, passed?: Parameters<A>): Layer {
  const { row, numbers } = named('nn.activation', [name, passed]);
  return specified(['activation', name, { ...passed }], {
    kind: name,
    parameters: {},
    inPlace: row.keeps === 'y',
    keepsOutput: row.keeps === 'y',
    scratch: 0,
    bind({ kernel, x, y, dx, dy, inputs }) {
      const forward = kernel(`${name}Forward`, x, y);
      const kept = row.keeps === 'y' ? y : x;
      const backward = dx && kernel(`${name}Backward`, kept, dy, dx);
      /** The rows of one thread. */
      const ownOf = (rows: number, share: Share) => {
        const [from, to] = share.part(rows, 1);
        return { own: (a: Float32Array) => a.subarray(from * inputs, to * inputs), n: (to - from) * inputs };
      };
      return {
        forward: (rows) => void forward(rows * inputs, ...numbers),
        backward: (rows) => void backward?.(rows * inputs, ...numbers),
        parted: {
          forward(rows, share) {
            const { own, n } = ownOf(rows, share);
            kernel(`${name}Forward`, own(x), own(y))(n, ...numbers);
          },
          backward(rows, share) {
            const { own, n } = ownOf(rows, share);
            if (dx) kernel(`${name}Backward`, own(kept), own(dy), own(dx))(n, ...numbers);
          },
        },
        slope: { name, kept, numbers },
      };
    },
  });
}
