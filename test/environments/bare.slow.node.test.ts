// What bare.node.test.ts shows of the files for Node, of the one file for each source too, which takes as long again.

import { expect, test } from 'vitest';
import { bare } from './bare.js';

test('dist/index.js, without each global of the host', async () => {
  const { tried, wrong } = await bare('index.js', 'each');
  expect(wrong).toEqual({});
  expect(tried).toBeGreaterThan(50);
});
