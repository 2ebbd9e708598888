// The module `random`: generators, distributions, and orthogonal matrices.

export { orthogonal } from './init/orthogonal';
export { erf, exp64, log64, normalCdf, normalDensity } from './math';
export * from './random/distribution';
export * from './random/torch';
export { heapBase, scratch } from './scratch';
