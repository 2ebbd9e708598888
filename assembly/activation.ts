// The module `activation`: functions of one variable, softmax over rows, gated linear units, and dropout.

export { dropout } from './activation/dropout';
export * from './activation/gates';
export { gluBackward, gluForward } from './activation/glu';
export { prelu } from './activation/prelu';
export * from './activation/rectifiers';
export * from './activation/sigmoids';
export {
  logSoftmaxBackward,
  logSoftmaxForward,
  logSumExpBackward,
  logSumExpForward,
  softmaxBackward,
  softmaxForward,
} from './activation/softmax';
export { exp64, log64, normalCdf, normalDensity } from './math';
// Dropout's mask from a seed, so that a page that uses activations alone loads no other module.
export { philoxBernoulli } from './random/distribution';
export { heapBase, scratch } from './scratch';
