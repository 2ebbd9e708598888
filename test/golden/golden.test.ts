// The same bits in every engine: a hash for each generator, initialiser and kernel, in golden.json. A hash
// changes only where a formula does; `npx vitest run test/golden -u` writes them anew, CHANGELOG.md says why.

import { expect, test } from 'vitest';
import { hashes } from '../everywhere/results.js';

test('all hashes', async ({ task }) => {
  const all = await hashes();
  Object.assign(task.meta, { hashes: all }); // into the JSON report, from which `npm run test:everywhere` takes them
  await expect(`${JSON.stringify(all, null, 2)}\n`).toMatchFileSnapshot('./golden.json');
});
