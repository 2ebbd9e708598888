// Softmax, log-softmax and log-sum-exp, over rows or any axis of a shape.

import { allocate, apart, float32, options, output, sameLength } from '../check.js';
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
    /** The result for each row of x, in a new array or in out, which may be x. A row with NaN or +Infinity becomes NaN. */
    forward(x: Float32Array, given: Along & { out?: Float32Array }): Float32Array {
      const where = `${name}.forward`;
      const o = options(where, given, [...axisOptions, 'out']);
      const axis = axisLayout(where, 'x', float32(where, 'x', x).length, o);
      const out = output(where, o.out, 'x', x);
      applyOverAxis(`${kernel}Forward`, axis, [x, out]);
      return out;
    },
    /** The gradient with respect to x, from forward's result y and the gradient dy with respect to y. out may be dy. */
    backward(given: Along & { y: Float32Array; dy: Float32Array; out?: Float32Array }): Float32Array {
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
  /** One value for each row, in a new array; -Infinity for a row of -Infinity only, or without values. */
  forward(x: Float32Array, given: Along): Float32Array {
    const where = 'softmax.logSumExp.forward';
    const axis = axisLayout(where, 'x', float32(where, 'x', x).length, options(where, given, axisOptions));
    const out = allocate(where, axis.outer * axis.inner, Float32Array);
    applyOverAxis('logSumExpForward', axis, [x, out]);
    return out;
  },
  /** The gradient with respect to x, dy softmax(x), where dy has the gradient with respect to each row's result. */
  backward(given: Along & { x: Float32Array; dy: Float32Array; out?: Float32Array }): Float32Array {
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
export const softmax = /* @__PURE__ */ Object.assign(forwardAndBackward('softmax', 'softmax'), {
  log: forwardAndBackward('softmax.log', 'logSoftmax'),
  logSumExp,
});
