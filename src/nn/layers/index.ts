// The table of layers. nn exports each of them, and threads make them again by their names.

export { activation } from './activation.js';
export { dropout } from './dropout.js';
export { geglu, glu, swiglu } from './glu.js';
export { linear } from './linear.js';
export { prelu } from './prelu.js';
