// fanwise/random: the members of `random`, each an export of its own, so that a bundler leaves out those that a page does not use.
// The use is the same: import * as random from 'fanwise/random'.

export { philox, restore, threefry, torch } from './random/generators.js';
