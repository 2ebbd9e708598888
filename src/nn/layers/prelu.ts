// PReLU as a layer, whose parameter is the slopes.

import { addSlopeGradients } from '../../activation/prelu.js';
import { allocate, number, options, whole } from '../../check.js';
import { tensor } from '../../tensor.js';
import { view } from '../../wasm/kernels.js';
import { type Layer, withSpec } from '../layer.js';

/** A layer of PReLU with one slope (channels 1), or with one for each value of a row. Slopes begin at `slope` (0.25). */
export function prelu(channels = 1, given?: { slope?: number | undefined }): Layer {
  const where = 'nn.prelu';
  whole(where, 'channels', channels, { least: 1, most: 2 ** 30 });
  const slope = number(where, 'slope', options(where, given, ['slope']).slope ?? 0.25);
  const weight = tensor([channels], allocate(where, channels, Float32Array).fill(slope));
  return withSpec(['prelu', channels], {
    kind: 'prelu',
    inputs: channels === 1 ? undefined : channels,
    parameters: { weight },
    inPlace: false,
    keepsOutput: false,
    scratch: 0,
    bind({ kernel, x, y, dx, dy, inputs, gradients }) {
      const { data } = weight;
      const sums = new Float64Array(channels);
      const forAll = channels === 1;
      const forward = forAll ? kernel('leakyReluForward', x, y) : kernel('prelu', data, x, x, y);
      const backward = dx && (forAll ? kernel('leakyReluBackward', x, dy, dx) : kernel('prelu', data, x, dy, dx));
      const numbers = (rows: number) => (forAll ? [rows * inputs, data[0], 0] : [rows, inputs]);
      return {
        forward: (rows) => void forward(...numbers(rows)),
        backward(rows) {
          const n = rows * inputs;
          sums.fill(0);
          addSlopeGradients(view(x, 0, n), view(dy, 0, n), sums, forAll ? n : 1);
          gradients.weight.set(sums);
          backward?.(...numbers(rows));
        },
      };
    },
  });
}
