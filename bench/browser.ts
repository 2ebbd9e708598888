// npm run bench -- browser [words]: the bench in a page of Chromium and of Firefox; writes report/browser.json.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import * as playwright from 'playwright';
import * as launch from '../test/browsers.js';
import type { Row } from './measure.js';
import { head, line } from './table.js';

const browsers = [
  { name: 'Chromium', type: playwright.chromium, launch: launch.chromium },
  { name: 'Firefox', type: playwright.firefox, launch: launch.firefox },
];

/** The page and its script, bundled from source. */
async function serve(): Promise<{ url: string; close: () => void }> {
  const { outputFiles } = await build({
    entryPoints: ['bench/page.ts'],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    outdir: 'dist',
  });
  const server = createServer((request, response) => {
    const script = request.url === '/page.js';
    response.writeHead(200, {
      'content-type': script ? 'text/javascript' : 'text/html',
      // An isolated page has a clock of microseconds, others one of 100 microseconds or more.
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    response.end(script ? outputFiles[0].contents : '<!doctype html><title>fanwise</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

export async function browser({ date, cpu }: { date: string; cpu: string }, words: string[]): Promise<void> {
  const { url, close } = await serve();
  const measured: { name: string; rows: Row[] }[] = [];
  for (const { name, type, launch } of browsers) {
    if (!existsSync(launch.executablePath)) {
      console.warn(`Left out: ${name} (there is no ${launch.executablePath})`);
      continue;
    }
    const opened = await type.launch(launch);
    try {
      const rows: Row[] = [];
      const label = `${name} ${opened.version().split('.')[0]}`;
      console.log(`${label}\n${head}`);
      const page = await opened.newPage();
      await page.exposeFunction('report', (row: Row) => {
        rows.push(row);
        console.log(line(row));
      });
      await page.goto(url);
      // As text: the bench is compiled with helpers that the page does not have.
      await page.evaluate(`import('/page.js').then(({ run }) => run(${JSON.stringify(words)}, report))`);
      measured.push({ name: label, rows });
      console.log();
    } finally {
      await opened.close();
    }
  }
  close();
  mkdirSync('report', { recursive: true });
  writeFileSync('report/browser.json', `${JSON.stringify({ date, cpu, browsers: measured }, null, 2)}\n`);
}
