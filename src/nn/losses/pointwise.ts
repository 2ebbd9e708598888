// The table of losses that are functions of an output x and its target t. The kernels of the same names are in
// assembly/nn/loss.ts.

import { apart, choice, type Floats, float32, options, output, sameLength } from '../../check.js';
import { type NumberOption, valuesOf } from '../../options.js';
import { apply } from '../../wasm/kernels.js';
import { type NnKernel, nnModule } from '../../wasm/module.js';
import { type Forward, type Reduction, ratio, reductions, upstreamGradients } from './reduction.js';

export interface LossRow {
  /** The name of the outputs: 'logits' if the loss includes the sigmoid. */
  from: 'outputs' | 'logits';
  /** At most one parameter, a. */
  parameters: Readonly<Record<string, NumberOption & { value: number }>>;
  /** Whether targets are shares, from 0 to 1. */
  shares?: boolean;
  /** The loss in double precision: documentation, oracle of the tests, and baseline of the benchmarks. */
  formula(x: number, t: number, a: number): number;
  /** Its derivative with respect to x. At a kink it is 0. */
  slope(x: number, t: number, a: number): number;
  /** The largest error in units in the last place; of a derivative near zero this times 2^-24. */
  ulp: { forward: number; backward: number };
}

/** ln(1 + e^x) */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

export const losses = {
  /** (x - t)^2, as PyTorch's MSELoss */
  meanSquaredError: {
    from: 'outputs',
    parameters: {},
    formula: (x, t) => (x - t) ** 2,
    slope: (x, t) => 2 * (x - t),
    ulp: { forward: 2, backward: 2 },
  },
  /** |x - t|, as PyTorch's L1Loss */
  meanAbsoluteError: {
    from: 'outputs',
    parameters: {},
    formula: (x, t) => Math.abs(x - t),
    slope: (x, t) => Math.sign(x - t),
    ulp: { forward: 0.5, backward: 0 },
  },
  /** d^2 / 2 where |d| = |x - t| is at most delta, beyond it delta (|d| - delta / 2) (Huber 1964), as PyTorch's HuberLoss */
  huber: {
    from: 'outputs',
    parameters: { delta: { value: 1, least: 0, open: true } },
    formula(x, t, delta) {
      const d = Math.abs(x - t);
      return d <= delta ? (d * d) / 2 : delta * (d - delta / 2);
    },
    slope: (x, t, delta) => Math.min(Math.max(x - t, -delta), delta),
    ulp: { forward: 2, backward: 2 },
  },
  /** -positiveWeight t ln s(x) - (1 - t) ln(1 - s(x)), s the sigmoid, as PyTorch's BCEWithLogitsLoss */
  binaryCrossEntropy: {
    from: 'logits',
    parameters: { positiveWeight: { value: 1, least: 0 } },
    shares: true,
    formula: (x, t, weight) => (1 - t) * softplus(x) + weight * t * softplus(-x),
    slope: (x, t, weight) => (1 - t) / (1 + Math.exp(-x)) - (weight * t) / (1 + Math.exp(x)),
    ulp: { forward: 2, backward: 2 },
  },
} satisfies Record<string, LossRow>;

export type PointwiseLoss = keyof typeof losses;
type Rows = typeof losses;
export type ParametersOf<L extends PointwiseLoss> = { [P in keyof Rows[L]['parameters']]?: number | undefined };

interface Targeted {
  targets: Float32Array;
  reduction?: Reduction | undefined;
}
type Compared<L extends PointwiseLoss> = { [K in Rows[L]['from']]: Float32Array } & Targeted & ParametersOf<L>;

export interface Pointwise<L extends PointwiseLoss> {
  /** The mean over all values, or by `reduction` their sum or each value's loss. */
  forward: Forward<Omit<Compared<L>, 'reduction'>>;
  /** The gradient with respect to the outputs. With reduction 'none' it needs dy, that with respect to each loss. */
  backward(given: Compared<L> & { dy?: Float32Array | undefined; out?: Float32Array | undefined }): Floats;
}

/** The kernels of a row. TypeScript reports a row without kernels as an error here. */
export const kernelsOf = (name: PointwiseLoss): { forward: NnKernel; backward: NnKernel } => ({
  forward: `${name}Forward`,
  backward: `${name}Backward`,
});

/** The parameter of a row, given or by default; 0 if the row has none. */
export const parameterOf = (where: string, { parameters }: LossRow, given: Record<string, unknown>): number =>
  Object.values(valuesOf(where, parameters, given))[0] ?? 0;

/** `total` plus the first values of x, added one after the other in binary64. */
export function sumOf(x: Float32Array, length: number, total = 0): number {
  for (let i = 0; i < length; i++) total += x[i];
  return total;
}

/** The functions of a row. */
function functions<L extends PointwiseLoss>(name: L): Pointwise<L> {
  const row: LossRow = losses[name];
  const kernels = kernelsOf(name);
  const known = [row.from, 'targets', 'reduction', ...Object.keys(row.parameters)];
  function checkedArguments(where: string, given: unknown, more: string[]) {
    const o: Record<string, unknown> = options(where, (given ?? {}) as Record<string, unknown>, [...known, ...more]);
    const x = float32(where, row.from, o[row.from]);
    const targets = float32(where, 'targets', o.targets);
    sameLength(where, 'targets', targets.length, row.from, x.length);
    const reduction = choice(where, 'reduction', o.reduction ?? 'mean', reductions);
    return { o, x, targets, reduction, parameter: parameterOf(where, row, o) };
  }
  return {
    forward: ((given: unknown): number | Float32Array => {
      const { x, targets, reduction, parameter } = checkedArguments(`loss.${name}.forward`, given, []);
      const lossOfEach = new Float32Array(x.length);
      apply(nnModule, kernels.forward, x.length, [x, targets, lossOfEach], [parameter, 0]);
      if (reduction === 'none') return lossOfEach;
      const total = sumOf(lossOfEach, lossOfEach.length);
      return reduction === 'sum' ? total : ratio(total, x.length);
    }) as Pointwise<L>['forward'],
    backward(given) {
      const where = `loss.${name}.backward`;
      const { o, x, targets, reduction, parameter } = checkedArguments(where, given, ['dy', 'out']);
      const dy = upstreamGradients(where, o.dy, reduction, x.length);
      const out = output(where, o.out, row.from, x, 'targets', targets);
      if (dy) apart(where, 'out', out, 'dy', dy, true);
      const scale = reduction === 'mean' ? ratio(1, x.length) : 1;
      apply(nnModule, kernels.backward, x.length, [x, targets, out], [parameter, scale]);
      dy?.forEach((g, i) => {
        out[i] *= g;
      });
      return out;
    },
  };
}

/** The functions of all rows. */
export const pointwiseLosses = /* @__PURE__ */ Object.fromEntries(
  /* @__PURE__ */ Object.keys(losses).map((name) => [name, functions(name as PointwiseLoss)]),
) as unknown as { [L in PointwiseLoss]: Pointwise<L> };
