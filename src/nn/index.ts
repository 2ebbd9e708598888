// What it takes to train a feed-forward network: the members of `nn`, each by itself, so that a bundler leaves out what
// a page does not use.

export { load, save } from './checkpoint.js';
export { evaluate } from './evaluate.js';
export * from './layers/index.js';
export { lsuv } from './lsuv.js';
export { sequential } from './model.js';
export * from './optimizers.js';
export * from './schedules.js';
export { fit } from './training.js';
