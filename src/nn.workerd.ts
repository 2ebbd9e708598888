// Networks where the modules are imported.

import './workerd.js';

export * from './nn.js';
