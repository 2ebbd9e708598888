// PReLU (He et al. 2015, equation 1): x, or slope x below 0. The slopes are learnt, one for all channels or one for each.

import { type Floats, float32, options, output, sameLength, type Unchecked } from '../check.js';
import { type Along, axisLayout } from '../tensor.js';
import { apply } from '../wasm/kernels.js';
import { activationModule } from '../wasm/module.js';

/** One slope, or one for each channel of an axis: the last axis, unless shape and axis say another. */
export interface Slopes extends Pick<Along, 'shape' | 'axis'> {
  slopes: Float32Array;
}
const known = ['slopes', 'shape', 'axis', 'out'] as const;

/** The slopes, checked, and the layout of x along the axis of channels. */
function checkedSlopes(where: string, x: Float32Array, { shape, axis, ...o }: Unchecked<Slopes>) {
  const slopes = float32(where, 'slopes', o.slopes);
  if (shape === undefined && axis !== undefined)
    throw new TypeError(`${where}: axis without shape; pass the shape too`);
  if (slopes.length === 0) throw new RangeError(`${where}: slopes is empty; pass one, or one a channel`);
  const forAll = slopes.length === 1 && shape === undefined;
  if (!forAll && shape === undefined && x.length % slopes.length !== 0) {
    throw new RangeError(
      `${where}: x has ${x.length} values, no whole number of rows of ${slopes.length} slopes; pass shape and axis, or other slopes`,
    );
  }
  const channels = forAll
    ? { length: 1, inner: x.length }
    : axisLayout(where, 'x', x.length, shape === undefined ? { columns: slopes.length } : { shape, axis });
  if (slopes.length !== 1) sameLength(where, 'slopes', slopes.length, 'the axis', channels.length);
  return { slopes, ...channels };
}

/** out = x > 0 ? g : slope g. Forward is this with g = x. */
function run(
  { slopes, length, inner }: ReturnType<typeof checkedSlopes>,
  x: Float32Array,
  g: Float32Array,
  out: Float32Array,
): void {
  if (slopes.length === 1) {
    // leakyRelu's backward kernel takes y, but x has the same sign. (Here the slope may be negative, so that y may not.)
    if (g === x) apply(activationModule, 'leakyReluForward', x.length, [x, out], [slopes[0], 0]);
    else apply(activationModule, 'leakyReluBackward', x.length, [x, g, out], [slopes[0], 0]);
  } else if (x.length > 0) {
    const columns = length * inner;
    const row = new Float32Array(columns);
    slopes.forEach((slope, c) => void row.fill(slope, c * inner, (c + 1) * inner));
    apply(activationModule, 'prelu', x.length / columns, [x, g, out], [columns], { constant: [row] });
  }
}

/**
 * Adds to the gradients with respect to the slopes: dy x for x < 0. Each channel has `inner` values in a row. Sums are in
 * binary64.
 */
export function addSlopeGradients(x: Float32Array, dy: Float32Array, sums: Float64Array, inner: number): void {
  for (let i = 0; i < x.length; ) {
    for (let c = 0; c < sums.length; c++) {
      let sum = sums[c];
      for (let k = 0; k < inner; k++, i++) if (!(x[i] >= 0)) sum += x[i] * dy[i];
      sums[c] = sum;
    }
  }
}

export const prelu = {
  /** x where x > 0, else slope x, in a new array or in out, which may be x. */
  forward(x: Float32Array, given: Slopes & { out?: Float32Array | undefined }): Floats {
    const where = 'activation.prelu.forward';
    const o = options(where, given, known);
    const channels = checkedSlopes(where, float32(where, 'x', x), o);
    const out = output(where, o.out, 'x', x);
    run(channels, x, x, out);
    return out;
  },
  /**
   * The gradients with respect to x (in out, which may be dy, or a new array) and to the slopes. At x = 0 the derivative is
   * the slope.
   */
  backward(given: Slopes & { x: Float32Array; dy: Float32Array; out?: Float32Array | undefined }): {
    dx: Floats;
    dslopes: Floats;
  } {
    const where = 'activation.prelu.backward';
    const o = options(where, given, [...known, 'x', 'dy']);
    const x = float32(where, 'x', o.x);
    const channels = checkedSlopes(where, x, o);
    const dy = float32(where, 'dy', o.dy);
    sameLength(where, 'dy', dy.length, 'x', x.length);
    const out = output(where, o.out, 'x', x, 'dy', dy);
    const sums = new Float64Array(channels.slopes.length);
    addSlopeGradients(x, dy, sums, sums.length === 1 ? x.length : channels.inner);
    run(channels, x, dy, out);
    return { dx: out, dslopes: Float32Array.from(sums) };
  },
};
