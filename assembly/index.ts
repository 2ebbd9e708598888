export { philoxBernoulli, philoxBits, philoxNormal, philoxTruncatedNormal, philoxUniform } from './distribution';
export * from './gates';
export { linearBackwardBias, linearBackwardInput, linearBackwardWeight, linearForward, linearScratch } from './linear';
export { crossEntropyBackward, crossEntropyForward } from './loss';
export { normalCdf, normalDensity } from './math';
export { adam, sgd, sgdPlain } from './optimizer';
export { orthogonal } from './orthogonal';
export * from './rectifiers';
export * from './sigmoids';
export { logSoftmaxBackward, logSoftmaxForward, softmaxBackward, softmaxForward } from './softmax';
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
