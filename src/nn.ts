// What it takes to train a feed-forward network: the members of `nn`, each by itself, so that a bundler leaves out what
// a page does not use.

export { activationLayer as activation } from './activation.js';
export { load, save } from './checkpoint.js';
export { dropoutLayer as dropout } from './dropout.js';
export { gegluLayer as geglu, gluLayer as glu, swigluLayer as swiglu } from './glu.js';
export { linear } from './linear.js';
export { lsuv } from './lsuv.js';
export { sequential } from './model.js';
export { adam, adamW, cosine, sgd, stepDecay, warmUp } from './optimizer.js';
export { preluLayer as prelu } from './prelu.js';
export { evaluate, fit } from './training.js';
