// The module `nn`: products, losses, optimizers and statistics.

export { sine64 } from './math';
export {
  linearBackwardBias,
  linearBackwardInput,
  linearBackwardWeight,
  linearForward,
  linearScratch,
} from './nn/linear';
export * from './nn/loss';
export * from './nn/optimizer';
export * from './nn/statistics';
export { heapBase, scratch } from './scratch';
