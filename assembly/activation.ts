// The module `activation`: functions of one variable, of a row, and of two halves.

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
// The mask of dropout by a seed, so that a page of activations needs no other module.
export { philoxBernoulli } from './random/distribution';
export { heapBase, scratch } from './scratch';
