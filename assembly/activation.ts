// The module `activation`: functions of one variable, softmax over rows, gated linear units, and dropout.

export { dropout, dropoutMask } from './activation/dropout';
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
export { normalCdf, normalDensity } from './math';
export { heapBase, scratch } from './scratch';
