// Where there are requests only: the hashes as the answer to one.

import { hashes } from './results.js';

export default { fetch: async () => Response.json(await hashes()) };
