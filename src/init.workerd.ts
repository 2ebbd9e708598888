// Initialisers where the modules are imported.

import './workerd.js';

export * from './init.js';
