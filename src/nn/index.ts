// `nn`: training of feed-forward networks. Its members are separate exports, so that a bundler leaves out those that a page does
// not use.

export { load, save } from './checkpoint.js';
export { evaluate } from './evaluate.js';
export * from './layers/index.js';
export { lsuv } from './lsuv.js';
export { sequential } from './model.js';
export * from './optimizers.js';
export * from './schedules.js';
export { fit } from './training.js';
