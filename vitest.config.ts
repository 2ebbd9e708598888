// Tests in Node and in the three browser engines. A browser that is not installed is left out and said to be; with
// FANWISE_BROWSERS=required that is a failure.

import { existsSync } from 'node:fs';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromium, firefox } from './test/browsers.js';
import { webkitgtk } from './test/webkitgtk.js';

const webkit = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

const browsers = [
  {
    name: 'chromium',
    needs: [chromium.executablePath],
    headless: true,
    provider: () => playwright({ launchOptions: chromium }),
  },
  {
    name: 'firefox',
    needs: [firefox.executablePath],
    headless: true,
    provider: () => playwright({ launchOptions: firefox }),
  },
  { name: 'webkit', needs: [webkit, '/usr/bin/xvfb-run'], headless: false, provider: () => webkitgtk(webkit) },
];

const found = browsers.filter(({ needs }) => needs.every((path) => existsSync(path)));
for (const { name, needs } of browsers.filter((browser) => !found.includes(browser))) {
  const missing = needs.filter((path) => !existsSync(path)).join(' and ');
  if (process.env.FANWISE_BROWSERS === 'required') throw new Error(`${name} is required, and there is no ${missing}`);
  console.warn(`Left out: ${name} (there is no ${missing})`);
}

// `npm test` runs the projects node, programs and a browser's name; `npm run test:slow` those that end with `slow`. Every test
// belongs to exactly one project of each runtime, so that both together run all.

/** Whole programs and pages, one after the other when the rest is done: they have processes and clocks of their own. */
const programs = ['test/threads/{fit,workspace}.node.test.ts'];
const slowPrograms = ['test/examples/{distributed,examples,lab}.node.test.ts', 'test/consumers/consumers.node.test.ts'];
const slow = ['test/**/*.slow*.test.ts'];
/** What engines could do differently: kernels, memories, bits, files. The rest in browsers is of `test:slow`. */
const engines = ['test/{golden,wasm,random,formats}/**/*.test.ts', 'test/activation/table.test.ts'];
const inNode = ['test/**/*.node.test.ts'];

/** Limits of time are for hangs alone: a loaded machine is slow, and a browser takes seconds to start. */
const limits = { testTimeout: 120_000, hookTimeout: 120_000 };

const node = (name: string, include: string[], exclude: string[] = []) => ({
  test: { name, environment: 'node' as const, include, exclude, ...limits },
});
const sequential = (name: string, include: string[], groupOrder: number) => ({
  test: { ...node(name, include).test, fileParallelism: false, sequence: { groupOrder } },
});
const browser = (
  { name, headless, provider }: (typeof browsers)[number],
  kind: '' | ' slow',
  include: string[],
  exclude: string[],
) => ({
  test: {
    name: `${name}${kind}`,
    include,
    exclude,
    ...limits,
    browser: {
      enabled: true,
      headless,
      ui: false,
      screenshotFailures: false,
      provider: provider(),
      instances: [{ browser: name as 'chromium' }],
    },
  },
});

export default defineConfig({
  test: {
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: process.env.FANWISE_REPORT ?? 'out/tests.json' }]]
      : ['default'],
    projects: [
      node('node', ['test/**/*.test.ts'], [...programs, ...slowPrograms, ...slow]),
      sequential('programs', programs, 1),
      node('node slow', slow),
      sequential('programs slow', slowPrograms, 2),
      ...found.flatMap((one) => [
        browser(one, '', engines, inNode),
        browser(one, ' slow', ['test/**/*.test.ts'], [...inNode, ...engines]),
      ]),
    ],
  },
});
