// The package for runtimes that compile no bytes (workerd): they are given the module itself.

import module from 'fanwise/fanwise.wasm';
import { carry } from './carrier.js';

export * from './index.js';

carry(module);
