// fanwise/tfjs: initialisers and diagnosis for TensorFlow.js.

export * from './tfjs/diagnose.js';
export * from './tfjs/initialisers.js';
