// A workspace with threads: its functions, its errors, its end, and pages. Threads load the built package, as those of a user do;
// so does this test.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { activation, init, nn, random } from 'fanwise';
import { type Threads, workspace } from 'fanwise/threads';
import { chromium, firefox } from 'playwright';
import { build, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { activations } from '../../src/activation/table.js';
import { type DistributionName, distributions } from '../../src/random/distributions.js';
import * as debian from '../browsers.js';
import { hash, noise } from '../oracle.js';
import { all, same, spyOnWorkers } from './workers.js';

const n = 2_100_007; // just enough for threads in the cheapest functions, and no multiple of a tile

const x = noise(1, n, 4);
const dy = noise(2, n);

describe.each([1, 2, 3])('%i threads have the bits of one', (threads) => {
  let ws: Threads;
  let a: Float32Array;
  let b: Float32Array;
  let out: Float32Array;
  beforeAll(async () => {
    ws = await workspace({ bytes: 16 * n + (1 << 26), threads });
    [a, b, out] = [ws.float32(n), ws.float32(n), ws.float32(n)];
  });
  afterAll(() => ws.close());

  test('every activation, forward and backward, also in place', async () => {
    for (const name of Object.keys(activations) as 'tanh'[]) {
      const y = activation[name].forward(x);
      a.set(x);
      expect(await ws.activation[name].forward(a, { out }), name).toBe(out);
      expect(same(out, y), name).toBe(true);
      const saved = activations[name].keeps === ('x' as string) ? x : y;
      a.set(saved);
      b.set(dy);
      const expected = activation[name].backward({ [activations[name].keeps]: saved, dy } as never);
      await ws.activation[name].backward({ [activations[name].keeps]: a, dy: b, out: b } as never);
      expect(same(b, expected), name).toBe(true);
    }
    a.set(x);
    await ws.activation.leakyRelu.forward(a, { slope: 0.3, out: a });
    expect(same(a, activation.leakyRelu.forward(x, { slope: 0.3 }))).toBe(true);
  });

  test('every distribution, and initialisers; the generator has the same state as with one thread', async () => {
    for (const make of [() => random.philox(3), () => random.threefry(3)]) {
      const [one, many] = [make(), make()];
      for (const name of Object.keys(distributions) as DistributionName[]) {
        await ws.draw(name, { rng: many, out });
        expect(same(out, (one[name] as typeof one.normal)(n)), name).toBe(true);
      }
      await ws.draw('normal', { rng: many, out, mean: 5, std: 0.1 });
      expect(same(out, one.normal(n, { mean: 5, std: 0.1 }))).toBe(true);
      expect(many.state()).toEqual(one.state());
      const weight = ws.float32(700 * 2001);
      for (const name of ['kaimingNormal', 'xavierUniform', 'zeros', 'kerasHeNormal'] as const) {
        await ws.init(name, [700, 2001], { rng: many, out: weight });
        expect(same(weight, init[name]([700, 2001], { rng: one })), name).toBe(true);
      }
      expect(many.state()).toEqual(one.state());
    }
    await ws.draw('normal', { seed: 9, out });
    expect(same(out, random.philox(9).normal(n))).toBe(true);
  });

  test('the forward pass of a model with any layers, also after its parameters have changed', async () => {
    const model = nn.sequential([
      nn.linear(30, 64, { seed: 1, activation: ['leakyRelu', { slope: 0.2 }] }),
      nn.activation('softplus', { beta: 2 }),
      nn.dropout({ p: 0.5, seed: 1 }),
      nn.prelu(64, { slope: 0.1 }),
      nn.linear(64, 20, { seed: 2, bias: false }),
      nn.swiglu(10, { gate: 'first' }),
      nn.linear(10, 3, { seed: 3 }),
    ]);
    const rows = 20_001;
    const inside = ws.float32(30 * rows);
    const outputs = ws.float32(3 * rows);
    inside.set(x.subarray(0, 30 * rows));
    for (let i = 0; i < 2; i++) {
      await ws.forward(model, inside, { out: outputs });
      expect(same(outputs, model.forward(x.slice(0, 30 * rows)))).toBe(true);
      model.parameters['0.weight'].data[3] += 1;
    }
  });
});

describe('wrong arguments are errors before anything is written', () => {
  let ws: Threads;
  beforeAll(async () => {
    ws = await workspace({ bytes: 1 << 12, threads: 2 });
  });
  afterAll(() => ws.close());
  const rejects = async (call: () => Promise<unknown>, message: RegExp) => expect(call()).rejects.toThrow(message);

  test('arrays of other memory, lengths, overlaps, options', async () => {
    const [a, b] = [ws.float32(64), ws.float32(60)];
    await rejects(
      () => ws.activation.tanh.forward(new Float32Array(4), { out: a }),
      /x is a Float32Array of 4 of other memory; pass an array of this workspace/,
    );
    await rejects(() => ws.activation.tanh.forward(a), /out is undefined; pass an array of this workspace/);
    await rejects(() => ws.activation.tanh.forward(a, { out: b }), /out has 60 values and x 64/);
    await rejects(() => ws.activation.tanh.forward(a.subarray(0, 32), { out: a.subarray(8, 40) }), /out overlaps x/);
    await rejects(() => ws.activation.tanh.backward({ x: a, dy: a, out: a } as never), /unknown option x/);
    await rejects(() => ws.activation.leakyRelu.forward(a, { slope: -1, out: a }), /slope is -1/);
    await rejects(
      () => ws.draw('normal', { rng: random.torch(1), out: a }),
      /a value of random.torch depends on all before it/,
    );
    await rejects(() => ws.draw('normal', { seed: 1, out: a, std: -1 }), /std is -1/);
    await rejects(() => ws.draw('normal', { seed: 1, rng: random.philox(1), out: a }), /both rng and seed/);
    await rejects(
      () => ws.draw('cauchy' as never, { seed: 1, out: a }),
      /law is the string "cauchy"; pass one of uniform/,
    );
    await rejects(() => ws.draw('normal', { seed: 1, out: a, slice: [0, 4] }), /unknown option slice/);
    await rejects(() => ws.init('zeros', [8, 8], { seed: 1, out: a, slice: [0, 4] }), /unknown option slice/);
    await rejects(() => ws.init('kaimingNormal', [8, 9], { seed: 1, out: a }), /out has 64 values and the draw 72/);
    await rejects(
      () => ws.init('kaimingNormal', [8, 8], { seed: 1, out: a, groups: 3 }),
      /8 outputs have no 3 equal groups/,
    );
    await rejects(() => ws.init('orthogonal' as never, [8, 8], { seed: 1, out: a }), /cannot be made in parts/);
    await rejects(() => ws.forward({} as never, a, { out: b }), /pass one made by nn.sequential/);
    await rejects(
      () => ws.forward(nn.sequential([nn.linear(7, 1, { seed: 1 })]), a, { out: b }),
      /no whole number of rows of 7/,
    );
    expect(() => ws.float32(1 << 20)).toThrow(/make the workspace larger/);
    expect(() => activation.tanh.forward(new Float32Array(new SharedArrayBuffer(16)))).toThrow(/on shared memory/);
    await rejects(() => workspace({ bytes: 16, threads: 0 }), /threads is 0; pass a whole number from 1 to 64/);
    await rejects(() => workspace({ bytes: -1, threads: 2 }), /bytes is -1/);
  });
});

test('two workspaces have models of their own, and a call uses the parameters that it was made with', async () => {
  const rows = 40_000;
  const setUp = async (seed: number) => {
    const model = nn.sequential([
      nn.linear(30, 60, { seed, activation: seed === 1 ? 'tanh' : 'relu' }),
      nn.linear(60, 3, { seed }),
    ]);
    const ws = await workspace({ bytes: 4 * 33 * rows + 64, threads: 2 });
    const [inside, out] = [ws.float32(30 * rows), ws.float32(3 * rows)];
    inside.set(x.subarray(0, 30 * rows));
    return { model, ws, inside, out };
  };
  const both = [await setUp(1), await setUp(2)];
  for (const some of [100, rows]) {
    for (const { model, ws, inside, out } of both) {
      const [rowsIn, rowsOut] = [inside.subarray(0, 30 * some), out.subarray(0, 3 * some)];
      const expected = model.forward(x.slice(0, 30 * some));
      const job = ws.forward(model, rowsIn, { out: rowsOut });
      model.parameters['0.bias'].data[0] += 1;
      await job;
      expect(same(rowsOut, expected)).toBe(true);
    }
  }
  // Two models in one workspace do not mix either.
  const [{ ws, inside, out }, { model }] = both;
  const expected = model.forward(x.slice(0, 30 * rows));
  await ws.forward(model, inside, { out });
  expect(same(out, expected)).toBe(true);
  await Promise.all(both.map(({ ws }) => ws.close()));
});

describe('threads that end', () => {
  const { workers } = spyOnWorkers();

  test('a thread ends: its job and all later ones are errors, and nothing hangs', async () => {
    const ws = await workspace({ bytes: 1 << 27, threads: 2 });
    const a = ws.float32(1 << 24);
    const job = ws.draw('truncatedNormal', { seed: 1, out: a });
    await workers[workers.length - 1].terminate();
    await expect(job).rejects.toThrow(/workspace: a thread ended \(exit code \d\); make a new workspace/);
    await expect(ws.draw('normal', { seed: 1, out: a })).rejects.toThrow(/a thread ended/);
    await ws.close();
  });

  test('a workspace is closed: running jobs and all later ones are errors', async () => {
    const ws = await workspace({ bytes: 1 << 27, threads: 2 });
    const a = ws.float32(1 << 24);
    const job = ws.draw('normal', { seed: 1, out: a });
    const closed = ws.close();
    await expect(job).rejects.toThrow(/workspace: it is closed/);
    await closed;
    await expect(ws.activation.tanh.forward(a, { out: a })).rejects.toThrow(/workspace: it is closed/);
  });

  test('a process does not end during a job, and ends while threads wait', () => {
    const program = `import { workspace } from 'fanwise/threads';
      const ws = await workspace({ bytes: 1 << 25, threads: 2 });
      const out = ws.float32(1 << 21);
      void ws.draw('normal', { seed: 1, out }).then(() => console.log(out.at(-1) !== 0));`;
    expect(
      execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 60_000 }),
    ).toBe('true\n');
  });
});

const browsers = [
  { name: 'chromium', type: chromium, options: debian.chromium },
  { name: 'firefox', type: firefox, options: debian.firefox },
].filter(({ options }) => existsSync(options.executablePath));
describe('in a page', () => {
  mkdirSync('out', { recursive: true });
  const folder = mkdtempSync(resolve('out', 'threads-'));
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
  const program = `import { nn } from 'fanwise';
    import { workspace } from 'fanwise/threads';
    try {
      const ws = await workspace({ bytes: 1 << 25, threads: 2 });
      const out = ws.float32(${n});
      await ws.draw('normal', { seed: 7, out });
      await ws.activation.tanh.forward(out, { out });
      const layers = [nn.linear(256, 140, { seed: 1, activation: 'tanh' }), nn.linear(140, 4, { seed: 2 })];
      const data = { x: out.slice(0, 256 * 300), labels: Array.from({ length: 300 }, (_, i) => i % 4) };
      for await (const _ of ws.fit(nn.sequential(layers), data, { batchSize: 150, optimizer: nn.adam(), seed: 1 }));
      const hash = (x) => {
        let h = 2166136261;
        for (const byte of new Uint8Array(x.slice().buffer)) h = Math.imul(h ^ byte, 16777619);
        return h >>> 0;
      };
      document.title = hash(out) + ' ' + hash(layers[0].weight.data);
      await ws.close();
    } catch (error) { document.title = error.message; }`;
  beforeAll(async () => {
    writeFileSync(
      join(folder, 'index.html'),
      '<link rel="icon" href="data:,"><script type="module" src="main.js"></script>',
    );
    writeFileSync(join(folder, 'main.js'), program);
    const shared = { root: folder, base: './', configFile: false, logLevel: 'error' } as const;
    await build({ ...shared, worker: { format: 'es' }, build: { outDir: join(folder, 'out'), target: 'es2022' } });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The titles of the page, served with headers and without, in one browser. */
  async function titles({ type, options }: (typeof browsers)[number]): Promise<string[]> {
    const browser = await type.launch({ ...options, headless: true });
    const found: string[] = [];
    try {
      for (const responseHeaders of [headers, {}]) {
        const server = await preview({
          root: folder,
          configFile: false,
          logLevel: 'error',
          build: { outDir: join(folder, 'out') },
          preview: { port: 0, headers: responseHeaders },
        });
        try {
          const page = await browser.newPage();
          await page.goto(server.resolvedUrls!.local[0]);
          await page.waitForFunction(() => document.title !== '', undefined, { timeout: 60_000 });
          found.push(await page.title());
        } finally {
          await server.close();
        }
      }
    } finally {
      await browser.close();
    }
    return found;
  }
  test.each(browsers)('$name: the same bits, and without cross-origin isolation an error', async (browser) => {
    const values = random.philox(7).normal(n);
    activation.tanh.forward(values, { out: values });
    const layers = [nn.linear(256, 140, { seed: 1, activation: 'tanh' }), nn.linear(140, 4, { seed: 2 })];
    const data = { x: values.slice(0, 256 * 300), labels: Array.from({ length: 300 }, (_, i) => i % 4) };
    await all(nn.fit(nn.sequential(layers), data, { batchSize: 150, optimizer: nn.adam(), seed: 1 }));
    const [isolated, other] = await titles(browser);
    expect(isolated).toBe(`${hash(values)} ${hash(layers[0].weight.data)}`);
    expect(other).toMatch(/Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp/);
  });
});

test('an isolated page in an engine without shared memory gets an error that says so', async () => {
  vi.stubGlobal('crossOriginIsolated', true);
  vi.stubGlobal('SharedArrayBuffer', undefined);
  try {
    await expect(workspace({ bytes: 64, threads: 2 })).rejects.toThrow('which this engine does not give to pages');
  } finally {
    vi.unstubAllGlobals();
  }
});

test('a runtime without workers gets an error that says so', async () => {
  const { getBuiltinModule } = process;
  process.getBuiltinModule = (() => undefined) as never;
  try {
    await expect(workspace({ bytes: 64, threads: 2 })).rejects.toThrow(/^workspace: this runtime has no workers/);
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
});

test('threads can be workers of one’s own', async () => {
  let started = 0;
  const worker = () => {
    started++;
    return new Worker(resolve('dist/threads/worker.js'));
  };
  const ws = await workspace({ bytes: 1 << 25, threads: 2, worker });
  const out = await ws.draw('normal', { seed: 3, out: ws.float32(1 << 20) });
  expect(started).toBe(2);
  expect(same(out, random.philox(3).normal(1 << 20))).toBe(true);
  await ws.close();
});

test.each([
  [5, /^workspace: worker is 5; pass a function that gives a new Worker$/],
  [
    () => 'worker.js',
    /^workspace: worker gave the string "worker.js"; give a new Worker of fanwise\/threads\/worker.js$/,
  ],
  [() => undefined, /^workspace: worker gave undefined; /],
  [() => new Worker('not there'), /^workspace: a thread could not be started; .*not there/],
])('worker: %s is an error', async (worker, message) => {
  await expect(workspace({ bytes: 64, threads: 2, worker: worker as never })).rejects.toThrow(message);
});

test('where the second worker cannot be started, the first is ended', async () => {
  const workers: Worker[] = [];
  const worker = () => {
    if (workers.length === 1) return {} as never;
    workers.push(new Worker(resolve('dist/threads/worker.js')));
    return workers[0];
  };
  await expect(workspace({ bytes: 64, threads: 2, worker })).rejects.toThrow(/^workspace: worker gave an object; /);
  // A worker that has ended has no thread id.
  await expect.poll(() => workers[0].threadId).toBe(-1);
});
