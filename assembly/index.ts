export {
  philoxBernoulli,
  philoxBits,
  philoxNormal,
  philoxTruncatedNormal,
  philoxUniform,
  threefryBits,
  threefryNormal,
  threefryUniform,
} from './distribution';
export { dropout } from './dropout';
export * from './gates';
export { gluBackward, gluForward } from './glu';
export { linearBackwardBias, linearBackwardInput, linearBackwardWeight, linearForward, linearScratch } from './linear';
export * from './loss';
export { erf, exp64, log64, normalCdf, normalDensity, sine64 } from './math';
export { adam, clip, sgd, sgdPlain } from './optimizer';
export { orthogonal } from './orthogonal';
export { prelu } from './prelu';
export * from './rectifiers';
export { scratch } from './scratch';
export * from './sigmoids';
export {
  logSoftmaxBackward,
  logSoftmaxForward,
  logSumExpBackward,
  logSumExpForward,
  softmaxBackward,
  softmaxForward,
} from './softmax';
export * from './statistics';
export {
  torchAccepted,
  torchBits,
  torchNormal,
  torchNormalFew,
  torchNormalTail,
  torchTruncated,
  torchUniform,
} from './torch';

/** The first byte behind the module's own data. */
export function heapBase(): usize {
  return __heap_base;
}
