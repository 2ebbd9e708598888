// Gated linear units: an axis is two halves, a value and a gate, and y = value f(gate).

import { apart, choice, type Floats, float32, options, sameLength, type Unchecked } from '../check.js';
import { type Along, axisLayout, axisOptions } from '../tensor.js';
import { GEGLU, GLU, SWIGLU } from '../wasm/generated/constants.js';
import { apply } from '../wasm/kernels.js';
import { activationModule } from '../wasm/module.js';

/** The units by name, and what the kernels are passed for each. */
export const units = {
  /** f is the sigmoid (Dauphin et al. 2017). */
  glu: GLU,
  /** f is silu (Shazeer 2020). */
  swiglu: SWIGLU,
  /** f is gelu, with the error function (Shazeer 2020). */
  geglu: GEGLU,
};
export type Unit = keyof typeof units;

/** Which half is the gate: the second, as in PyTorch's glu, or the first, as in LLaMA's fused weights. */
export interface Halves {
  gate?: 'second' | 'first' | undefined;
}
const halves = ['second', 'first'] as const;

/** The gate's place, as the kernels have it. */
export const placed = (where: string, gate: unknown) => halves.indexOf(choice(where, 'gate', gate ?? 'second', halves));

function functions(name: Unit) {
  /** How the kernels see the values: rows of two halves of n. */
  const rowsOf = (where: string, x: Float32Array, o: Unchecked<Along>) => {
    const { outer, length, inner } = axisLayout(where, 'x', x.length, o);
    if (length % 2 !== 0)
      throw new RangeError(`${where}: the axis has ${length} values, which has no halves; pass an even one`);
    return { outer, n: (length / 2) * inner };
  };
  const result = (where: string, out: unknown, length: number, inputs: Record<string, Float32Array>): Floats => {
    if (out === undefined) return new Float32Array(length);
    const given = float32(where, 'out', out);
    sameLength(where, 'out', given.length, 'the result', length);
    // Both halves are read for each: the result cannot stand where one of them stands.
    for (const [name, input] of Object.entries(inputs)) apart(where, 'out', given, name, input, true);
    return given as Floats;
  };
  return {
    /** value f(gate), half as many values as x. out is apart from x. */
    forward(x: Float32Array, given: Along & Halves & { out?: Float32Array | undefined }): Floats {
      const where = `activation.${name}.forward`;
      const o = options(where, given, [...axisOptions, 'gate', 'out']);
      const { outer, n } = rowsOf(where, float32(where, 'x', x), o);
      const first = placed(where, o.gate);
      const out = result(where, o.out, x.length / 2, { x });
      apply(activationModule, 'gluForward', outer, [x, out], [n, units[name], first]);
      return out;
    },
    /** The gradient by x (both halves) from the gradient dy by y. out is apart from x and dy. */
    backward(given: Along & Halves & { x: Float32Array; dy: Float32Array; out?: Float32Array | undefined }): Floats {
      const where = `activation.${name}.backward`;
      const o = options(where, given, [...axisOptions, 'gate', 'x', 'dy', 'out']);
      const x = float32(where, 'x', o.x);
      const { outer, n } = rowsOf(where, x, o);
      const first = placed(where, o.gate);
      const dy = float32(where, 'dy', o.dy);
      sameLength(where, 'dy', dy.length, 'half of x', x.length / 2);
      const out = result(where, o.out, x.length, { x, dy });
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
