// Losses: how far off the outputs are, and the gradient of that. Cross-entropy has a label a row; the others are rows of
// the table in losses/pointwise.ts, functions of each output and its target.

import { type CrossEntropy, crossEntropy, type Labels } from './losses/cross-entropy.js';
import { type ParametersOf, type PointwiseLoss, pointwiseLosses } from './losses/pointwise.js';

/** Losses, forward and backward. */
export const loss = /* @__PURE__ */ Object.assign(
  {
    /** -ln softmax(logits)[label], with label smoothing, class weights and labels that do not count. */
    crossEntropy,
  },
  pointwiseLosses,
);

/** A loss by its name, or by its name and options. */
export type NamedLoss =
  | 'crossEntropy'
  | PointwiseLoss
  | readonly ['crossEntropy', CrossEntropy]
  | { [L in PointwiseLoss]: readonly [L, ParametersOf<L>] }[PointwiseLoss];

/** Rows of inputs, and for each its class, or a target for each output. */
export type Data = { x: Float32Array } & ({ labels: Labels } | { targets: Float32Array });
