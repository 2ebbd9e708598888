// Gated linear units: an axis is two halves, a value and a gate, and y = value f(gate).
//
// At an infinite gate f and its slope are their limits: at -infinity 0 and 0, at +infinity f is 1 (glu) or +infinity, the slope
// 0 (glu) or 1. Products are IEEE 754's: NaN times anything, and an infinity times 0, are NaN. PyTorch's glu is the same; its
// silu and gelu are NaN at -infinity, and so are their slopes at both ends.

import { apart, choice, type Floats, float32, options, sameLength, type Unchecked } from '../check.js';
import { type Along, axisLayout, axisOptions } from '../tensor.js';
import { GEGLU, GLU, SWIGLU } from '../wasm/generated/constants.js';
import { apply } from '../wasm/kernels.js';
import { activationModule } from '../wasm/module.js';

/** The units by name, and the number by which the kernels know each. */
export const units = {
  /** f is the sigmoid (Dauphin et al. 2017). */
  glu: GLU,
  /** f is silu (Shazeer 2020). */
  swiglu: SWIGLU,
  /** f is gelu, with the error function (Shazeer 2020). */
  geglu: GEGLU,
};
export type Unit = keyof typeof units;

/** Which half is the gate: the second (the default), as in PyTorch's glu, or the first, as in LLaMA's fused weights. */
export interface Halves {
  gate?: 'second' | 'first' | undefined;
}
const halves = ['second', 'first'] as const;

/** The kernels' number for the option `gate`: 1 for 'first', 0 for 'second'. */
export const gateFirst = (where: string, gate: unknown) =>
  halves.indexOf(choice(where, 'gate', gate ?? 'second', halves));

function functions(name: Unit) {
  /** The layout of x for the kernels: `outer` rows of two halves of n values. */
  const rowsOf = (where: string, x: Float32Array, o: Unchecked<Along>) => {
    const { outer, length, inner } = axisLayout(where, 'x', x.length, o);
    if (length % 2 !== 0)
      throw new RangeError(`${where}: the axis has ${length} values, which has no halves; pass an even one`);
    return { outer, n: (length / 2) * inner };
  };
  const resultOf = (where: string, out: unknown, length: number, inputs: Record<string, Float32Array>): Floats => {
    if (out === undefined) return new Float32Array(length);
    const result = float32(where, 'out', out);
    sameLength(where, 'out', result.length, 'the result', length);
    // Each value of the result needs both halves, so that it must not overwrite one of them.
    for (const [name, input] of Object.entries(inputs)) apart(where, 'out', result, name, input, true);
    return result as Floats;
  };
  return {
    /**
     * value f(gate), half as many values as x. out is apart from x. At a gate of -Infinity f is 0, so that y is 0, or NaN where
     * the value is infinite; at +Infinity it is 1 (glu) or Infinity.
     */
    forward(x: Float32Array, given: Along & Halves & { out?: Float32Array | undefined }): Floats {
      const where = `activation.${name}.forward`;
      const o = options(where, given, [...axisOptions, 'gate', 'out']);
      const { outer, n } = rowsOf(where, float32(where, 'x', x), o);
      const first = gateFirst(where, o.gate);
      const out = resultOf(where, o.out, x.length / 2, { x });
      apply(activationModule, 'gluForward', outer, [x, out], [n, units[name], first]);
      return out;
    },
    /**
     * The gradient by x (both halves) from the gradient dy by y. out is apart from x and dy. At an infinite gate f and its slope
     * are their limits; what is infinite times a limit of 0 is NaN.
     */
    backward(given: Along & Halves & { x: Float32Array; dy: Float32Array; out?: Float32Array | undefined }): Floats {
      const where = `activation.${name}.backward`;
      const o = options(where, given, [...axisOptions, 'gate', 'x', 'dy', 'out']);
      const x = float32(where, 'x', o.x);
      const { outer, n } = rowsOf(where, x, o);
      const first = gateFirst(where, o.gate);
      const dy = float32(where, 'dy', o.dy);
      sameLength(where, 'dy', dy.length, 'half of x', x.length / 2);
      const out = resultOf(where, o.out, x.length, { x, dy });
      apply(activationModule, 'gluBackward', outer, [x, dy, out], [n, units[name], first]);
      return out;
    },
  };
}

/** value / (1 + e^-gate) (Dauphin et al. 2017), as PyTorch's glu. */
export const glu = /* @__PURE__ */ functions('glu');
/** value silu(gate) (Shazeer 2020) */
export const swiglu = /* @__PURE__ */ functions('swiglu');
/** value gelu(gate), gelu with the error function (Shazeer 2020) */
export const geglu = /* @__PURE__ */ functions('geglu');
