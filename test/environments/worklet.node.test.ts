// A real AudioWorklet: the results are those of Node.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright';
import { expect, test } from 'vitest';
import { chromium as debian } from '../browsers.js';
import { serve } from '../consumers/site.js';
import { results } from './worklet.js';

const isFound = existsSync(debian.executablePath);
if (!isFound) {
  if (process.env.FANWISE_BROWSERS === 'required') throw new Error(`there is no ${debian.executablePath}`);
  console.warn(`Left out: an AudioWorklet (there is no ${debian.executablePath})`);
}

const processor = `import { results } from './test/environments/worklet.js';
registerProcessor('results', class extends AudioWorkletProcessor {
  constructor() {
    super();
    const absent = ['performance', 'crypto', 'TextEncoder', 'TextDecoder', 'setTimeout'].filter((name) => !(name in globalThis));
    results().then((made) => this.port.postMessage({ made, absent }), (error) => this.port.postMessage(String(error)));
  }
  process() { return true; }
});`;

test.runIf(isFound)('an AudioWorklet of Chromium makes what Node makes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fanwise-worklet-'));
  await build({
    stdin: { contents: processor, resolveDir: '.' },
    bundle: true,
    format: 'esm',
    conditions: ['default'],
    outfile: join(folder, 'worklet.js'),
  });
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  const site = await serve(folder, {});
  const browser = await chromium.launch(debian);
  try {
    const page = await browser.newPage();
    await page.goto(`${site.url}/`);
    const posted = await page.evaluate(async () => {
      const context = new OfflineAudioContext(1, 128, 44100);
      await context.audioWorklet.addModule('worklet.js');
      const { port } = new AudioWorkletNode(context, 'results');
      return new Promise((resolve) => {
        port.onmessage = ({ data }) => resolve(data);
        context.startRendering();
      });
    });
    const unseeded = 'random.philox: without a seed it needs crypto.getRandomValues, which is not here; pass a seed';
    expect(posted).toEqual({
      made: { ...(await results()), unseeded },
      absent: expect.arrayContaining(['performance', 'crypto', 'TextEncoder']),
    });
  } finally {
    await browser.close();
    await site.close();
    rmSync(folder, { recursive: true });
  }
});
