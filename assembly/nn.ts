// The module `nn`: products, losses, optimizers and statistics.

export { sine64 } from './math';
export { linearBackwardBias, linearBackwardInput, linearBackwardWeight, linearForward } from './nn/linear';
export * from './nn/loss';
export * from './nn/optimizer';
export { linearScratch } from './nn/product';
export * from './nn/statistics';
export { heapBase, scratch } from './scratch';
