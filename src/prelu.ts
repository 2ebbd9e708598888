// x, or slope x below 0, with slopes that are learnt, one for all or one a channel (He et al. 2015, equation 1).

import { float32, number, options, output, sameLength, whole } from './argument.js';
import type { Layer } from './layer.js';
import { type Along, along, tensor } from './tensor.js';
import { apply, view } from './wasm.js';

/** One slope, or as many as the axis has channels: the last axis unless shape and axis say another. */
export interface Slopes extends Pick<Along, 'shape' | 'axis'> {
  slopes: Float32Array;
}
const known = ['slopes', 'shape', 'axis', 'out'] as const;

/** Values a call where one slope serves all. */
const CHUNK = 16384;

function checked(where: string, x: Float32Array, { shape, axis, ...o }: Partial<Slopes>) {
  const slopes = float32(where, 'slopes', o.slopes);
  const alone = slopes.length === 1 && shape === undefined;
  if (!alone && shape === undefined && x.length % slopes.length !== 0) {
    throw new RangeError(
      `${where}: x has ${x.length} values, no whole number of rows of ${slopes.length} slopes; pass shape and axis, or other slopes`,
    );
  }
  const channels = alone
    ? { length: 1, inner: x.length }
    : along(where, 'x', x.length, shape === undefined ? { columns: slopes.length } : { shape, axis });
  if (slopes.length !== 1) sameLength(where, 'slopes', slopes.length, 'the axis', channels.length);
  return { slopes, ...channels };
}

/** out = x > 0 ? g : slope g. */
function run(
  { slopes, length, inner }: ReturnType<typeof checked>,
  x: Float32Array,
  g: Float32Array,
  out: Float32Array,
): void {
  if (slopes.length === 1) {
    for (let from = 0; from < x.length; from += CHUNK) {
      const part = (a: Float32Array) => view(a, from, Math.min(from + CHUNK, a.length));
      const four = new Float32Array(4).fill(slopes[0]);
      apply('prelu', 1, [part(x), part(g), part(out)], [Math.min(CHUNK, x.length - from), 0], { whole: [four] });
    }
    return;
  }
  const columns = length * inner;
  const row = new Float32Array(columns);
  slopes.forEach((slope, c) => void row.fill(slope, c * inner, (c + 1) * inner));
  apply('prelu', x.length / columns, [x, g, out], [columns, -1], { whole: [row] });
}

/** What the slopes' gradients grow by: dy x where x is below 0. Sums in binary64. */
function gather(x: Float32Array, dy: Float32Array, sums: Float64Array, inner: number): void {
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
  forward(x: Float32Array, given: Slopes & { out?: Float32Array }): Float32Array {
    const where = 'activation.prelu.forward';
    const o = options(where, given, known);
    const channels = checked(where, float32(where, 'x', x), o);
    const out = output(where, o.out, { x });
    run(channels, x, x, out);
    return out;
  },
  /** The gradients by x (in out, which may be dy, or a new array) and by the slopes. At 0 the slope holds. */
  backward(given: Slopes & { x: Float32Array; dy: Float32Array; out?: Float32Array }): {
    dx: Float32Array;
    dslopes: Float32Array;
  } {
    const where = 'activation.prelu.backward';
    const o = options(where, given, [...known, 'x', 'dy']);
    const x = float32(where, 'x', o.x);
    const channels = checked(where, x, o);
    const dy = float32(where, 'dy', o.dy);
    sameLength(where, 'dy', dy.length, 'x', x.length);
    const out = output(where, o.out, { x, dy });
    const sums = new Float64Array(channels.slopes.length);
    gather(x, dy, sums, sums.length === 1 ? x.length : channels.inner);
    run(channels, x, dy, out);
    return { dx: out, dslopes: Float32Array.from(sums) };
  },
};

/** A layer with a slope for all values of a row (channels 1), or one for each. They start at `slope`, 0.25. */
export function preluLayer(channels = 1, given?: { slope?: number }): Layer {
  const where = 'nn.prelu';
  whole(where, 'channels', channels, { least: 1 });
  const slope = number(where, 'slope', options(where, given, ['slope']).slope ?? 0.25);
  const weight = tensor([channels], new Float32Array(channels).fill(slope));
  return {
    kind: 'prelu',
    inputs: channels === 1 ? undefined : channels,
    parameters: { weight },
    inPlace: false,
    keepsOutput: false,
    scratch: channels === 1 ? 4 : 0,
    bind({ kernel, x, y, dx, dy, inputs, gradients, scratch }) {
      const slopes = channels === 1 ? scratch : weight.data;
      const forward = kernel('prelu', slopes, x, x, y);
      const backward = dx && kernel('prelu', slopes, x, dy, dx);
      const sums = new Float64Array(channels);
      // One slope: all rows are one.
      const numbers = (rows: number) => (channels === 1 ? [1, rows * inputs, 0] : [rows, inputs, -1]);
      const ready = () => void (channels === 1 && scratch.fill(weight.data[0], 0, 4));
      return {
        forward(rows) {
          ready();
          forward(...numbers(rows));
        },
        backward(rows) {
          const n = rows * inputs;
          sums.fill(0);
          gather(view(x, 0, n), view(dy, 0, n), sums, channels === 1 ? n : 1);
          gradients.weight.set(sums);
          ready();
          backward?.(...numbers(rows));
        },
      };
    },
  };
}
