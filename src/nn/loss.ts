// `loss`: the losses, forward and backward. Cross-entropy is a function of a row and its label. The others are functions of one
// output and its target, the rows of the table in losses/pointwise.ts.

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

/** A loss's name, or its name and options. */
export type NamedLoss =
  | 'crossEntropy'
  | PointwiseLoss
  | readonly ['crossEntropy', CrossEntropy]
  | { [L in PointwiseLoss]: readonly [L, ParametersOf<L>] }[PointwiseLoss];

/** Rows of inputs, and for each row a label, or for each output a target. */
export type Data = { x: Float32Array } & ({ labels: Labels } | { targets: Float32Array });
