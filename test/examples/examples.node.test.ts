// The examples do what they say. The ts snippets of docs/migration run as README's do, and their values of PyTorch are compared
// with PyTorch, where it is installed.

import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { safetensors } from 'fanwise';
import { chromium } from 'playwright';
import { build, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_STEPS } from '../../examples/cartpole/cart.js';
import { learner } from '../../examples/cartpole/learn.js';
import { alice, entropy, learn } from '../../examples/language/model.js';
import { digits } from '../../examples/service/digits.js';
import * as debian from '../browsers.js';
import { runs, snippets } from '../docs/snippet.js';

const tsx = resolve('node_modules/tsx/dist/cli.mjs');
const run = async (example: string, ...args: string[]) =>
  (await promisify(execFile)(process.execPath, [tsx, `examples/${example}/index.ts`, ...args])).stdout;
const lines = (example: string) =>
  readFileSync(`examples/${example}/index.ts`, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('//')).length;
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test('XOR and two moons are learnt, in fifteen lines each', { timeout: 20_000 }, async () => {
  expect(await run('xor')).toMatch(/accuracy 1\n$/);
  const [, accuracy] = /accuracy (\S+) on 1000 others\n$/.exec(await run('moons'))!;
  expect(Number(accuracy)).toBeGreaterThan(0.96);
  for (const example of ['xor', 'moons']) expect(lines(example)).toBeLessThanOrEqual(15);
});

describe('language', () => {
  test('it learns more than how frequent letters are', { timeout: 300_000 }, async () => {
    const said = await run('language');
    const number = (what: RegExp) => Number(what.exec(said)![1]);
    expect(number(/on text that it has not seen (\S+) nats/)).toBeLessThan(2.05);
    expect(number(/single letters, without those before: (\S+)\n/)).toBeCloseTo(entropy(alice), 1);
    expect(entropy(alice)).toBeGreaterThan(3);
    expect(said).toContain('Alice');
  });

  test('the same seed, the same text', { timeout: 300_000 }, async () => {
    const [once, again, other] = [
      await learn(alice.slice(0, 3000), { seed: 1, epochs: 2 }),
      await learn(alice.slice(0, 3000), { seed: 1, epochs: 2 }),
      await learn(alice.slice(0, 3000), { seed: 2, epochs: 2 }),
    ];
    const text = once.write(200, { seed: 'x' });
    expect(text).toHaveLength(200);
    expect(again.write(200, { seed: 'x' })).toBe(text);
    expect(once.write(200, { seed: 'y' })).not.toBe(text);
    expect(other.write(200, { seed: 'x' })).not.toBe(text);
    expect(text.slice(0, 30)).toBe(' te  ooi ae  hu tahl  trn her ');
  });

  test('entropy', () => {
    expect(entropy('aaaa')).toBeCloseTo(0, 12);
    expect(entropy('abab')).toBeCloseTo(Math.LN2, 12);
  });
});

describe('cart and pole', () => {
  const returns: number[] = [];

  beforeAll(async () => {
    for await (const steps of learner({ seed: 2 }).returns) returns.push(steps);
  }, 300_000);

  test('it balances ten seconds, nearly always, after 400 episodes', { timeout: 300_000 }, async () => {
    expect(returns).toHaveLength(400);
    expect(Math.max(...returns)).toBe(MAX_STEPS);
    expect(mean(returns.slice(0, 20))).toBeLessThan(50);
    expect(mean(returns.slice(-20))).toBe(484.85);
    expect(await run('cartpole', '2')).toMatch(/the last 20: 484.[89] of 500\n$/);
  });

  test('the same seed, the same episodes', async () => {
    const again: number[] = [];
    for await (const steps of learner({ seed: 2, episodes: 60 }).returns) again.push(steps);
    expect(again).toEqual(returns.slice(0, 60));
  });

  const found = existsSync(debian.chromium.executablePath);
  if (!found && process.env.FANWISE_BROWSERS === 'required') throw new Error('Chromium is required, and there is none');
  test.runIf(found)('the page learns the same, can be paused, and fits a telephone', { timeout: 300_000 }, async () => {
    const root = 'examples/cartpole';
    const outDir = join(process.cwd(), 'out/cartpole-test');
    const configured = { root, configFile: `${root}/vite.config.ts`, logLevel: 'error' as const, build: { outDir } };
    await build(configured);
    const server = await preview({ ...configured, preview: { port: 4181 } });
    const browser = await chromium.launch(debian.chromium);
    try {
      const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
      const complaints: string[] = [];
      page.on('console', (message) => void complaints.push(message.text()));
      page.on('pageerror', (error) => void complaints.push(error.message));
      await page.goto(server.resolvedUrls!.local[0]);
      const text = (id: string) => page.textContent(`#${id}`);
      const picture = () => page.evaluate(() => (document.getElementById('curve') as HTMLCanvasElement).toDataURL());
      await page.waitForFunction(() => Number(document.getElementById('episode')!.textContent) > 5);
      const early = await picture();
      await page.waitForFunction(() => Number(document.getElementById('episode')!.textContent) > 60);
      await page.click('#pause');
      await page.waitForTimeout(100);
      const episodes = Number(await text('episode'));
      expect(await picture()).not.toBe(early);
      // To the last step: the bits of the weights, of chance and of the physics are the same in both.
      expect(Number(await text('steps'))).toBe(returns[episodes - 1]);
      expect(await text('mean')).toBe(mean(returns.slice(0, episodes).slice(-20)).toFixed(0));
      expect(await page.getAttribute('#curve', 'aria-label')).toContain(`${episodes} episodes`);
      await page.waitForTimeout(200);
      expect(Number(await text('episode'))).toBe(episodes);

      await page.fill('#seed', '3');
      await page.click('text=Start over');
      await page.click('#pause');
      await page.waitForFunction(() => Number(document.getElementById('episode')!.textContent) > 3);
      expect(Number(await text('episode'))).toBeLessThan(episodes);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
      await server.close();
    }
  });
});

describe('service', () => {
  let service: ChildProcess;
  let url = '';
  let printed = '';

  beforeAll(async () => {
    service = spawn(process.execPath, [tsx, 'examples/service/index.ts', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((ready, failed) => {
      service.once('exit', () => failed(new Error('the service did not start')));
      service.stdout!.on('data', (data) => {
        printed += data;
        if (printed.includes('is ready')) ready();
      });
    });
    url = printed.split(' ')[0];
  }, 30_000);
  afterAll(() => void service.kill('SIGKILL'));

  const ask = async (path: string, body?: string, method = body === undefined ? 'GET' : 'POST') => {
    const response = await fetch(url + path, { method, body });
    // biome-ignore lint/suspicious/noExplicitAny: JSON of whatever route
    return { code: response.status, value: (await response.json()) as any };
  };
  const eight = JSON.stringify(Array(784).fill(0.5));

  test('errors say what is wrong', async () => {
    for (const [code, says, ...request] of [
      [404, 'there is no /nothing; there are /train', '/nothing'],
      [404, 'there is no /toString', '/toString'],
      [405, '/train is for POST, not GET', '/train'],
      [409, 'POST /train makes one', '/predict', eight],
      [409, 'POST /train makes one', '/model'],
      [400, 'no JSON', '/predict', '[1'],
      [400, 'no array', '/predict', '{}'],
      [400, 'the array has 3 values; pass an array of 784 numbers', '/predict', '[1,2,3]'],
      [400, 'value 1 is "a"; pass', '/predict', JSON.stringify([1, 'a', ...Array(782).fill(0)])],
      [
        400,
        'value 0 is 255; pass an array of 784 numbers from 0 to 1',
        '/predict',
        JSON.stringify(Array(784).fill(255)),
      ],
      [413, 'larger than 32768 bytes', '/predict', 'x'.repeat(40_000)],
      [400, 'epochs is 0; pass a whole number from 1 to 50', '/train', '{"epochs":0}'],
      [400, 'unknown setting "epoch"; there are epochs', '/train', '{"epoch":1}'],
      [400, 'no object', '/train', '[]'],
    ] as const) {
      const { code: got, value } = await ask(...(request as unknown as [string, string?]));
      expect(value.error, request.join(' ').slice(0, 60)).toContain(says);
      expect(got).toBe(code);
    }
    expect((await ask('/status')).value.state).toBe('idle');
  });

  test('it trains, answers meanwhile, and reads digits', { timeout: 300_000 }, async () => {
    expect(await ask('/train', '{"rows":10000,"epochs":4}')).toMatchObject({ code: 200, value: { state: 'training' } });
    expect(await ask('/train', '')).toMatchObject({ code: 409 });
    let meanwhile = 0;
    let status = (await ask('/status')).value;
    for (; status.state === 'training'; status = (await ask('/status')).value) {
      const { code, value } = await ask('/predict', eight);
      if (code === 200 && value.probabilities.length === 10) meanwhile++;
    }
    expect(meanwhile).toBeGreaterThan(3);
    expect(status).toMatchObject({ state: 'trained', epoch: 3, step: 4 * Math.ceil(10_000 / 32) - 1 });
    expect(status.accuracy).toBeGreaterThan(0.9);
    // Not asserted: another process may have the processor.
    const { p50, p99, most } = status.eventLoopDelayMs;
    console.log(`While it trained, the event loop was late by ${p50} ms (median), ${p99} (99 of 100), ${most} (most)`);
    expect(p99).toBeGreaterThanOrEqual(0);

    const { x, labels } = digits('t10k', 20);
    let right = 0;
    for (let row = 0; row < 20; row++) {
      const { value } = await ask('/predict', JSON.stringify(Array.from(x.subarray(784 * row, 784 * (row + 1)))));
      expect(mean(value.probabilities)).toBeCloseTo(0.1, 5);
      if (value.digit === labels[row]) right++;
    }
    expect(right).toBeGreaterThan(16);

    const model = new Uint8Array(await (await fetch(`${url}/model`)).arrayBuffer());
    const { tensors, metadata } = safetensors.decode(model);
    expect(metadata).toEqual({ format: 'pt' });
    expect(Object.entries(tensors).map(([name, { shape }]) => `${name} ${shape.join(' x ')}`)).toEqual([
      ...['0.weight 128 x 784', '0.bias 128', '1.weight 10 x 128', '1.bias 10'],
    ]);
  });

  test('it closes in the middle of a training', { timeout: 20_000 }, async () => {
    expect((await ask('/train', '{"rows":60000,"epochs":50}')).code).toBe(200);
    const ended = new Promise((done) => service.once('close', (code) => done(code)));
    service.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(printed).toContain('closed');
    await expect(fetch(`${url}/status`)).rejects.toThrow();
  });
});

const guides = readdirSync('docs/migration')
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/migration/${name}`);
test.each(guides.flatMap((file) => snippets(file)))('$file: snippet $i runs', { timeout: 300_000 }, runs);

describe('PyTorch says the same', () => {
  const python = '/usr/bin/python3';
  const ask = (program: string) =>
    execFileSync(python, ['-W', 'ignore', '-c', program], { encoding: 'utf8', stdio: 'pipe' }).trim().split('\n');
  const has = (module: string) => {
    try {
      ask(`import ${module}`);
      return true;
    } catch {
      return false;
    }
  };
  const torch = has('torch');
  if (!torch && process.env.FANWISE_TORCH === 'required') throw new Error('PyTorch is required, and python3 has none');

  test.runIf(torch)('line by line', { timeout: 300_000 }, () => {
    // A comment that is a call, or a weight of one, and below it a line with its value.
    const line = /^\/\/ ((?:nn|F|torch)\..+[)\w\]])\n(?:.+); \/\/ => (.+)$/gm;
    const pairs = snippets('docs/migration/pytorch.md')
      .flatMap(({ code }) => [...code.matchAll(line)])
      .filter(([, expression]) => !/ PyTorch /.test(expression));
    expect(pairs.length).toBeGreaterThan(50);
    const told = ask(`
import math, torch
import torch.nn.functional as F
from torch import nn
x = torch.tensor([-0.5, 2.0])
for expression in [${pairs.map(([, expression]) => JSON.stringify(expression)).join(', ')}]:
    w, k = torch.empty(100, 784), torch.empty(64, 3, 7, 7)
    torch.manual_seed(0)
    value = eval(expression)
    print(value if isinstance(value, float) else value.detach().flatten()[0].item())
`);
    pairs.forEach(([, expression, value], i) => {
      // A number is every bit; a text is rounded.
      if (value.startsWith("'")) expect(Number(told[i]), expression).toBeCloseTo(Number(value.slice(1, -1)), 5);
      else expect(Number(told[i]), expression).toBe(Number(value));
    });
  });

  test.for(snippets('docs/migration/pytorch.md', 'python'))(
    'program $i',
    { timeout: 300_000 },
    ({ code }, { skip }) => {
      skip(!torch, 'there is no PyTorch');
      skip(code.includes('safetensors') && !has('safetensors'), 'there is no safetensors for Python');
      mkdirSync('out/migration', { recursive: true });
      const expected = [...code.matchAll(/# => (.+)$/gm)].map(([, value]) => value);
      expect(ask(`import os; os.chdir('out/migration')\n${code}`)).toEqual(expected);
    },
  );
});
