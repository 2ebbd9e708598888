// Softmax, its logarithm and the logarithm of its sum, over rows or any axis.

import { allocate, apart, type Floats, float32, options, output, sameLength } from '../check.js';
import { type Along, axisLayout, axisOptions } from '../tensor.js';
import { apply } from '../wasm/kernels.js';
import { type ActivationKernel, activationModule } from '../wasm/module.js';

/** outer x a x b to outer x b x a. */
function turned(x: Float32Array, out: Float32Array, outer: number, a: number, b: number): Float32Array {
  for (let o = 0; o < outer; o++) {
    const at = o * a * b;
    for (let i = 0; i < a; i++) for (let j = 0; j < b; j++) out[at + j * a + i] = x[at + i * b + j];
  }
  return out;
}

/** A kernel over the values of an axis, which are brought side by side where they are not; the last array is written. */
function over(
  kernel: ActivationKernel,
  { outer, length, inner }: ReturnType<typeof axisLayout>,
  arrays: Float32Array[],
): void {
  if (inner === 1) {
    apply(activationModule, kernel, outer, arrays, [length]);
    return;
  }
  // A value a row (logSumExp) has the same order either way.
  const rows = outer * inner;
  const sides = arrays.map((x) =>
    x.length === rows ? x : turned(x, new Float32Array(x.length), outer, length, inner),
  );
  apply(activationModule, kernel, rows, sides, [length]);
  const out = arrays[arrays.length - 1];
  if (out.length !== rows) turned(sides[sides.length - 1], out, outer, inner, length);
}

function functions(name: string, kernel: 'softmax' | 'logSoftmax') {
  return {
    /** In a new array or in out, which may be x. Where a row has NaN or +Infinity, it becomes NaN. */
    forward(x: Float32Array, given: Along & { out?: Float32Array | undefined }): Floats {
      const where = `${name}.forward`;
      const o = options(where, given, [...axisOptions, 'out']);
      const axis = axisLayout(where, 'x', float32(where, 'x', x).length, o);
      const out = output(where, o.out, 'x', x);
      over(`${kernel}Forward`, axis, [x, out]);
      return out;
    },
    /** The gradient by x from forward's result y and the gradient dy by it; out may be dy. */
    backward(given: Along & { y: Float32Array; dy: Float32Array; out?: Float32Array | undefined }): Floats {
      const where = `${name}.backward`;
      const o = options(where, given, [...axisOptions, 'y', 'dy', 'out']);
      const y = float32(where, 'y', o.y);
      const dy = float32(where, 'dy', o.dy);
      const axis = axisLayout(where, 'y', y.length, o);
      sameLength(where, 'dy', dy.length, 'y', y.length);
      const out = output(where, o.out, 'y', y, 'dy', dy);
      over(`${kernel}Backward`, axis, [y, dy, out]);
      return out;
    },
  };
}

const logSumExp = {
  /** A value for each row, in a new array; -Infinity for a row of -Infinity alone, or of nothing. */
  forward(x: Float32Array, given: Along): Floats {
    const where = 'softmax.logSumExp.forward';
    const axis = axisLayout(where, 'x', float32(where, 'x', x).length, options(where, given, axisOptions));
    const out = allocate(where, axis.outer * axis.inner, Float32Array);
    over('logSumExpForward', axis, [x, out]);
    return out;
  },
  /** The gradient by x, dy softmax(x), from the gradients dy by each row's value. */
  backward(given: Along & { x: Float32Array; dy: Float32Array; out?: Float32Array | undefined }): Floats {
    const where = 'softmax.logSumExp.backward';
    const o = options(where, given, [...axisOptions, 'x', 'dy', 'out']);
    const x = float32(where, 'x', o.x);
    const axis = axisLayout(where, 'x', x.length, o);
    const dy = float32(where, 'dy', o.dy);
    sameLength(where, 'dy', dy.length, 'the rows', axis.outer * axis.inner);
    const out = output(where, o.out, 'x', x);
    apart(where, 'out', out, 'dy', dy, true);
    over('logSumExpBackward', axis, [x, dy, out]);
    return out;
  },
};

/** e^x / sum of e^x over each row; softmax.log is its logarithm, softmax.logSumExp that of the sum. */
export const softmax = /* @__PURE__ */ Object.assign(functions('softmax', 'softmax'), {
  log: functions('softmax.log', 'logSoftmax'),
  logSumExp,
});
