// What it takes to train a feed-forward network: the members of `nn`, each by itself, so that a bundler leaves out what
// a page does not use.

export { load, save } from './checkpoint.js';
export { activation } from './layers/activation.js';
export { dropout } from './layers/dropout.js';
export { geglu, glu, swiglu } from './layers/glu.js';
export { linear } from './layers/linear.js';
export { prelu } from './layers/prelu.js';
export { lsuv } from './lsuv.js';
export { sequential } from './model.js';
export { adam, adamW, sgd } from './optimizer.js';
export { cosine, stepDecay, warmUp } from './schedule.js';
export { evaluate, fit } from './training.js';
