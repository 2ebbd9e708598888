// Generators where the modules are imported.

import './workerd.js';

export * from './random.js';
