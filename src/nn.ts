// fanwise/nn: the members of `nn`, each an export of its own, so that a bundler leaves out those that a page does not use. The use is
// the same: import * as nn from 'fanwise/nn'.

export * from './nn/index.js';
