// The module `random`: generators, distributions, and what initialisation draws with structure.

export { orthogonal } from './init/orthogonal';
export { erf, normalCdf, normalDensity } from './math';
export {
  philoxBernoulli,
  philoxBits,
  philoxNormal,
  philoxTruncatedNormal,
  philoxUniform,
  threefryBits,
  threefryNormal,
  threefryUniform,
} from './random/distribution';
export {
  torchAccepted,
  torchBits,
  torchNormal,
  torchNormalFew,
  torchNormalTail,
  torchTruncated,
  torchUniform,
} from './random/torch';
export { heapBase, scratch } from './scratch';
