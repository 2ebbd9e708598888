// Initialisers for TensorFlow.js where the modules are imported.

import './workerd.js';

export * from './tfjs/diagnose.js';
export * from './tfjs/initialisers.js';
