// `random`: the generators. The same functions are exports of fanwise/random, of which a bundler leaves out those that a page does
// not use (src/random.ts).

import { philox, restore, threefry, torch } from './generators.js';

export const random = { philox, torch, threefry, restore };
