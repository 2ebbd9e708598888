// A training that is neither awaited nor iterated over says so, once in a process. The programs use the built package.

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** What a program writes to the console's errors. `make(fit)` makes a training of `fit`, nn.fit or a workspace's. */
function warnings(program: string): string {
  const start = `
    import { nn } from 'fanwise';
    import { workspace } from 'fanwise/threads';
    const data = { x: new Float32Array(4), labels: [0, 1] };
    const make = (fit = nn.fit) =>
      fit(nn.sequential([nn.linear(2, 2, { seed: 1 })]), data, { optimizer: nn.sgd({ lr: 0.1 }) });
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    async function collect() {
      for (let i = 0; i < 4; i++) {
        gc();
        await wait(5);
      }
    }\n`;
  const { stderr, status, error } = spawnSync(
    process.execPath,
    ['--expose-gc', '--input-type=module', '-e', start + program],
    { encoding: 'utf8', timeout: 60_000 },
  );
  if (error) throw error;
  return `${stderr}${status === 0 ? '' : `ended with ${status}`}`;
}
const said = (where: string) =>
  `${where}: a training was neither awaited nor iterated over, and trained nothing; write await ${where}(...)\n`;

test.each([
  ['is collected', `make(); await collect(); process.removeAllListeners('exit');`, 'nn.fit'],
  ['is there when the process ends', `make();`, 'nn.fit'],
  ['is one of several', `make(); make(); await collect(); make(); await collect(); make();`, 'nn.fit'],
  ['is of a workspace', `make((await workspace({ bytes: 64, threads: 1 })).fit);`, 'workspace.fit'],
])('a training that is never used and that %s is told once', (_, program, where) => {
  expect(warnings(program)).toBe(said(where));
});

test.each([
  ['awaited', `await make();`],
  ['iterated over', `for await (const _ of make());`],
  ['left after a step', `for await (const _ of make()) break;`],
  ['used later', `const kept = make(); await collect(); await wait(200); await collect(); await kept;`],
  ['caught', `make().catch(() => {});`],
  ['ended by return', `make().return();`],
  ['not made: its options are wrong', `try { nn.fit(); } catch {}`],
])('nothing is said of one that is %s', (_, program) => {
  expect(warnings(`${program}; await collect();`)).toBe('');
});

test('nor is a listener left, or an ended training kept', () => {
  expect(
    warnings(`
    const listeners = process.listenerCount('exit');
    for (let i = 0; i < 20; i++) await make();
    if (process.listenerCount('exit') !== listeners) console.error('a listener');
    const seen = [];
    (() => seen.push(new WeakRef(make())))();
    await (async () => seen[0].deref())();
    await collect();
    if (seen[0].deref()) console.error('kept');`),
  ).toBe('');
});

test('a process that fails does not speak of it too', () => {
  expect(warnings(`make(); process.exit(3);`)).toBe('ended with 3');
});
