// Dropout as a layer, with a new mask for each step.

import { type Dropout, maskLaw, probabilityOf, scaleOf } from '../../activation/dropout.js';
import { options } from '../../check.js';
import { sourceFrom } from '../../random/generator.js';
import { type Layer, withSpec } from '../layer.js';

/** A layer of dropout. In training each step draws a new mask; otherwise the output is the input. */
export function dropout(given?: Dropout): Layer {
  const where = 'nn.dropout';
  const o = options(where, given, ['p', 'rng', 'seed']);
  const p = probabilityOf(where, o.p);
  const source = sourceFrom(where, o);
  return withSpec(['dropout', { p, seed: 0 }], {
    kind: 'dropout',
    parameters: {},
    source,
    inPlace: true,
    keepsOutput: false,
    scratch: 0,
    saves: 'inputs',
    bind({ kernel, x, y, dx, dy, inputs, saved: mask }) {
      const forward = kernel('dropout', mask, x, y);
      const backward = dx && kernel('dropout', mask, dy, dx);
      let masked = false;
      return {
        forward(rows) {
          masked = false;
          if (x !== y) y.set(x.subarray(0, rows * inputs));
        },
        train(rows) {
          masked = true;
          const values = mask.subarray(0, rows * inputs);
          source.fill(maskLaw(p), values, { from: 0, of: values.length });
          forward(rows * inputs, scaleOf(p));
        },
        backward(rows) {
          if (masked) backward?.(rows * inputs, scaleOf(p));
          else if (dx && dx !== dy) dx.set(dy.subarray(0, rows * inputs));
        },
      };
    },
  });
}
