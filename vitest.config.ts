// Tests in Node and in the three browser engines, in one run. A browser that is not installed is left out, with a warning; with
// FANWISE_BROWSERS=required that is an error.

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

/** Time limits are for hangs alone: a test that takes seconds may take many times as long on a busy machine. */
const limits = { testTimeout: 60_000, hookTimeout: 60_000 };

/** Tests of whole programs and pages. They start processes, so they run one after the other, when all others are done. */
const whole = [
  'consumers/consumers', 'examples/distributed', 'examples/examples', 'examples/lab',
  'threads/fit', 'threads/workspace',
].map((name) => `test/${name}.node.test.ts`);

export default defineConfig({
  test: {
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'out/tests.json' }]] : ['default'],
    projects: [
      { test: { ...limits, name: 'node', environment: 'node', include: ['test/**/*.test.ts'], exclude: whole } },
      {
        test: {
          ...limits,
          name: 'whole',
          environment: 'node',
          include: whole,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      ...found.map(({ name, headless, provider }) => ({
        test: {
          ...limits,
          name,
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.node.test.ts'],
          browser: {
            enabled: true,
            headless,
            ui: false,
            screenshotFailures: false,
            provider: provider(),
            instances: [{ browser: name as 'chromium' }],
          },
        },
      })),
    ],
  },
});
