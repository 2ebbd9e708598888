// Where there are requests only: the hashes as the answer to one.

import module from 'fanwise/fanwise.wasm';
import { carry } from '../../src/wasm/module.js';
import { hashes } from './results.js';

carry(module);

export default { fetch: async () => Response.json(await hashes()) };
