// Softmax, its logarithm and the logarithm of its sum, over rows or any axis.
//
// Infinities and NaN, in a row of x: where NaN is, all of the row becomes NaN. A value of -infinity has the share 0, the
// logarithm -infinity and the gradient 0. A row that has +infinity, or -infinity alone, has no softmax and becomes NaN; the
// logarithm of its sum is the infinity. So are PyTorch's and JAX's. The gradient of that logarithm is NaN in both; here it is
// the limit: +infinity shares dy with others of its kind, and all else has 0. Products with dy are IEEE 754's: an infinite dy
// times a share of 0 is NaN.

import { allocate, apart, type Floats, float32, options, output, sameLength } from '../check.js';
import { type Along, axisLayout, axisOptions } from '../tensor.js';
import { apply } from '../wasm/kernels.js';
import { type ActivationKernel, activationModule } from '../wasm/module.js';

/** Transposes outer x a x b to outer x b x a. */
function transpose(x: Float32Array, out: Float32Array, outer: number, a: number, b: number): Float32Array {
  for (let block = 0; block < outer; block++) {
    const at = block * a * b;
    for (let i = 0; i < a; i++) for (let j = 0; j < b; j++) out[at + j * a + i] = x[at + i * b + j];
  }
  return out;
}

/** Runs a kernel over an axis, transposing the arrays if it is not the last axis. The kernel writes the last of `arrays`. */
function applyOverAxis(
  kernel: ActivationKernel,
  { outer, length, inner }: ReturnType<typeof axisLayout>,
  arrays: Float32Array[],
): void {
  if (inner === 1) {
    apply(activationModule, kernel, outer, arrays, [length]);
    return;
  }
  // An array with one value for each row, as logSumExp has, need not be transposed: its order stays the same.
  const rows = outer * inner;
  const transposed = arrays.map((x) =>
    x.length === rows ? x : transpose(x, new Float32Array(x.length), outer, length, inner),
  );
  apply(activationModule, kernel, rows, transposed, [length]);
  const out = arrays[arrays.length - 1];
  if (out.length !== rows) transpose(transposed[transposed.length - 1], out, outer, inner, length);
}

/** The functions of a kernel. `name`, such as 'softmax.log', begins their errors. */
function forwardAndBackward(name: string, kernel: 'softmax' | 'logSoftmax') {
  return {
    /**
     * In a new array or in out, which may be x. A row that has NaN or +Infinity, or -Infinity alone, becomes NaN; other values
     * of -Infinity have the share 0, as in PyTorch and JAX.
     */
    forward(x: Float32Array, given: Along & { out?: Float32Array | undefined }): Floats {
      const where = `${name}.forward`;
      const o = options(where, given, [...axisOptions, 'out']);
      const axis = axisLayout(where, 'x', float32(where, 'x', x).length, o);
      const out = output(where, o.out, 'x', x);
      applyOverAxis(`${kernel}Forward`, axis, [x, out]);
      return out;
    },
    /**
     * The gradient by x from forward's result y and the gradient dy by it; out may be dy. Where a row of y has NaN, or a row of
     * dy has NaN or an infinity, all of the row can become NaN, as in PyTorch.
     */
    backward(given: Along & { y: Float32Array; dy: Float32Array; out?: Float32Array | undefined }): Floats {
      const where = `${name}.backward`;
      const o = options(where, given, [...axisOptions, 'y', 'dy', 'out']);
      const y = float32(where, 'y', o.y);
      const dy = float32(where, 'dy', o.dy);
      const axis = axisLayout(where, 'y', y.length, o);
      sameLength(where, 'dy', dy.length, 'y', y.length);
      const out = output(where, o.out, 'y', y, 'dy', dy);
      applyOverAxis(`${kernel}Backward`, axis, [y, dy, out]);
      return out;
    },
  };
}

const logSumExp = {
  /**
   * A value for each row, in a new array; -Infinity for a row of -Infinity alone, or of nothing; Infinity for one that has it;
   * NaN for one that has NaN.
   */
  forward(x: Float32Array, given: Along): Floats {
    const where = 'softmax.logSumExp.forward';
    const axis = axisLayout(where, 'x', float32(where, 'x', x).length, options(where, given, axisOptions));
    const out = allocate(where, axis.outer * axis.inner, Float32Array);
    applyOverAxis('logSumExpForward', axis, [x, out]);
    return out;
  },
  /**
   * The gradient by x, dy softmax(x), from the gradients dy by each row's value. Where softmax has no value: values of Infinity
   * share dy equally, and the others of their row have 0; in a row of -Infinity alone all have 0, whatever dy (PyTorch and JAX:
   * NaN). NaN in a row makes NaN of it.
   */
  backward(given: Along & { x: Float32Array; dy: Float32Array; out?: Float32Array | undefined }): Floats {
    const where = 'softmax.logSumExp.backward';
    const o = options(where, given, [...axisOptions, 'x', 'dy', 'out']);
    const x = float32(where, 'x', o.x);
    const axis = axisLayout(where, 'x', x.length, o);
    const dy = float32(where, 'dy', o.dy);
    sameLength(where, 'dy', dy.length, 'the rows', axis.outer * axis.inner);
    const out = output(where, o.out, 'x', x);
    apart(where, 'out', out, 'dy', dy, true);
    applyOverAxis('logSumExpBackward', axis, [x, dy, out]);
    return out;
  },
};

/** e^x / sum of e^x over each row. softmax.log is its logarithm, softmax.logSumExp the logarithm of the sum. */
export const softmax = /* @__PURE__ */ Object.assign(/* @__PURE__ */ forwardAndBackward('softmax', 'softmax'), {
  log: /* @__PURE__ */ forwardAndBackward('softmax.log', 'logSoftmax'),
  logSumExp,
});
