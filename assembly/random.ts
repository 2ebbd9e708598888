// The module `random`: generators, distributions, and what initialisation draws with structure.

export { orthogonal } from './init/orthogonal';
export { erf, normalCdf, normalDensity } from './math';
export * from './random/distribution';
export * from './random/torch';
export { heapBase, scratch } from './scratch';
