// The same bits in every engine: golden.json has a hash for each result of test/everywhere/results.ts. A hash changes only where a
// formula does; `npx vitest run test/golden -u` renews them, and CHANGELOG.md says why.

import { expect, test } from 'vitest';
import { hashes } from '../everywhere/results.js';

test('all hashes are those of golden.json', async ({ task }) => {
  const all = await hashes();
  Object.assign(task.meta, { hashes: all }); // into the JSON report, from which `npm run test:everywhere` takes them
  await expect(`${JSON.stringify(all, null, 2)}\n`).toMatchFileSnapshot('./golden.json');
});
