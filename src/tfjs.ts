// fanwise/tfjs: initialisers for TensorFlow.js.

export * from './tfjs/initialisers.js';
