// The layers: this module is their table. nn exports each, and threads make one again by its name.

export { activation } from './activation.js';
export { dropout } from './dropout.js';
export { geglu, glu, swiglu } from './glu.js';
export { linear } from './linear.js';
export { prelu } from './prelu.js';
