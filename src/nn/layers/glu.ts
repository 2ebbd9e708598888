// Gated linear units as layers.

import { gateFirst, type Halves, type Unit, units } from '../../activation/glu.js';
import { options, whole } from '../../check.js';
import { type Layer, withSpec } from '../layer.js';

function layer(name: Unit) {
  return (outputs: number, given?: Halves): Layer => {
    const where = `nn.${name}`;
    whole(where, 'outputs', outputs, { least: 1, most: 2 ** 30 });
    const first = gateFirst(where, options(where, given, ['gate']).gate);
    return withSpec([name, outputs, { ...given }], {
      kind: name,
      inputs: 2 * outputs,
      outputs,
      parameters: {},
      inPlace: false,
      keepsOutput: false,
      scratch: 0,
      bind({ kernel, x, y, dx, dy }) {
        const forward = kernel('gluForward', x, y);
        const backward = dx && kernel('gluBackward', x, dy, dx);
        return {
          forward: (rows) => void forward(rows, outputs, units[name], first),
          backward: (rows) => void backward?.(rows, outputs, units[name], first),
        };
      },
    });
  };
}

/** A layer from rows of 2 `outputs` values to rows of `outputs`: value / (1 + e^-gate). */
export const glu = /* @__PURE__ */ layer('glu');
/** A layer from rows of 2 `outputs` values to rows of `outputs`: value silu(gate). */
export const swiglu = /* @__PURE__ */ layer('swiglu');
/** A layer from rows of 2 `outputs` values to rows of `outputs`: value gelu(gate). */
export const geglu = /* @__PURE__ */ layer('geglu');
