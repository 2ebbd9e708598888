// The module `random`: generators, distributions, and orthogonal matrices.

export { orthogonal } from './init/orthogonal';
export { erf, normalCdf, normalDensity } from './math';
export * from './random/distribution';
export * from './random/torch';
export { heapBase, scratch } from './scratch';
