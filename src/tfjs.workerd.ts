// Initialisers for TensorFlow.js where the module is imported.

import './workerd.js';

export * from './tfjs.js';
