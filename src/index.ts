export { gain, init } from './init.js';
export { random } from './random.js';
export { tensor } from './tensor.js';
export { workspace } from './wasm.js';
