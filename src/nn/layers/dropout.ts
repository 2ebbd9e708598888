// Dropout as a layer: a new mask a step.

import { type Dropout, maskLaw, probabilityOf, scaleOf } from '../../activation/dropout.js';
import { options } from '../../check.js';
import { sourceFrom } from '../../random/generator.js';

import { type Layer, specified } from '../layer.js';

/** A layer that leaves values out while a model is fitted, a new mask a step; else it changes nothing. */
export function dropout(passed?: Dropout): Layer {
  const where = 'nn.dropout';
  const o = options(where, passed, ['p', 'rng', 'seed']);
  const p = probabilityOf(where, o.p);
  const source = sourceFrom(where, o);
  return specified(['dropout', { p, seed: 0 }], {
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
          const used = mask.subarray(0, rows * inputs);
          source.fill(maskLaw(p), used, { from: 0, of: used.length });
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
