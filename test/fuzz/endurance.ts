// What `npm run soak` does at length and hardening.node.test.ts for a moment: many calls and workspaces, sizes up to the limit, threads
// and copies of the package side by side, interrupted trainings.

import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { activation, nn, random, softmax, type Workspace, workspace } from '../../src/index.js';
import { hash, noise } from '../oracle.js';
import { calls } from './calls.js';

const gc = () => (globalThis as { gc?: () => void }).gc?.();
/** The resident memory of the process in megabytes, after garbage collection. */
export async function resident(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10)); // memories are freed between turns of the event loop
  }
  return Math.round(process.memoryUsage().rss / 2 ** 20);
}
/** Throws where a value is not the expected one. */
const expectSame = (what: string, got: unknown, expected: unknown) => {
  if (got !== expected) throw new Error(`${what}: ${got} instead of ${expected}`);
};

/** That many calls of all functions in turn; those that take milliseconds are one in a thousand. */
export async function manyCalls(
  count: number,
  observe: (done: number) => Promise<void> = async () => {},
): Promise<void> {
  const slow = calls.filter(({ name }) => /^(nn|model|diagnose|gain|workspace)\b/.test(name));
  const fast = calls.filter((call) => !slow.includes(call));
  for (let i = 0; i < count; i++) {
    const call = i % 1000 === 0 ? slow[(i / 1000) % slow.length] : fast[i % fast.length];
    const result = call.run(...call.args()) as { next?: () => Promise<unknown>; return?: () => Promise<unknown> };
    if (typeof result?.next === 'function') {
      await result.next();
      await result.return?.();
    }
    if ((i + 1) % Math.ceil(count / 10) === 0) await observe(i + 1);
  }
}

/**
 * How resident megabytes grew from the first half of a run to the second, if they did: by more than a tenth, and by more than the
 * 24 by which an engine's own heap and code may differ after a short run. Of fewer than eight figures nothing can be said.
 */
export function growthOf(megabytes: readonly number[]): string | undefined {
  if (megabytes.length < 8) return undefined;
  const [early, late] = [Math.max(...megabytes.slice(1, 5)), Math.max(...megabytes.slice(5))];
  return late > Math.max(1.1 * early, early + 24) ? `from ${early} to ${late} MB` : undefined;
}

/** That many workspaces, up to 17 at the same time. Each holds a pattern of its own until it is dropped. */
export async function manyWorkspaces(
  count: number,
  bytes: number,
  observe: (done: number) => Promise<void> = async () => {},
): Promise<void> {
  const alive: { x: Float32Array; id: number }[] = [];
  const check = ({ x, id }: { x: Float32Array; id: number }) => {
    for (let k = 0; k < x.length; k += 511) expectSame(`workspace ${id} at ${k}`, x[k], Math.fround(id + k / 2 ** 12));
  };
  for (let id = 0; id < count; id++) {
    const ws: Workspace = workspace({ bytes });
    const x = ws.float32(bytes / 4);
    for (let k = 0; k < x.length; k++) x[k] = id + k / 2 ** 12;
    alive.push({ x, id });
    if (alive.length > 16) check(alive.shift()!);
    // Finalizers run when the event loop turns.
    if (id % 64 === 63) await new Promise((resolve) => setImmediate(resolve));
    if ((id + 1) % Math.ceil(count / 10) === 0) await observe(id + 1);
  }
  alive.forEach(check);
}

/** The largest workspace works to its end, and one byte more is an error; its size. */
export function largestWorkspace(): number {
  const most = 2 ** 32 - 2 * 65536;
  for (const bytes of [most + 1, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    try {
      workspace({ bytes });
    } catch (error) {
      if (!(error instanceof RangeError) || !/^workspace: .* 4 GiB; split the work$/.test(error.message)) throw error;
      continue;
    }
    throw new Error(`a workspace of ${bytes} bytes was made`);
  }
  const ws = workspace({ bytes: most });
  const [n, rest] = [1024, most / 4 - 2048];
  const x = ws.float32(n);
  ws.float32(rest); // up to the last kilobytes; it is not written
  const out = ws.float32(n);
  x.set(noise(1, n, 4));
  for (const [name, f] of [
    ['relu', () => activation.relu.forward(x, { out })],
    ['tanh', () => activation.tanh.forward(x, { out })],
    ['gelu', () => activation.gelu.forward(x, { out })],
    ['softmax', () => softmax.forward(x, { columns: 64, out })],
    ['normal', () => random.philox(1).normal({ out })],
  ] as const) {
    out.fill(7);
    f();
    const inside = hash(out.slice());
    const outside = {
      relu: () => activation.relu.forward(x.slice()),
      tanh: () => activation.tanh.forward(x.slice()),
      gelu: () => activation.gelu.forward(x.slice()),
      softmax: () => softmax.forward(x.slice(), { columns: 64 }),
      normal: () => random.philox(1).normal(n),
    }[name]();
    expectSame(`${name} at the end of 4 GiB`, inside, hash(outside));
  }
  return ws.bytes;
}

/** A thread does not inherit the loader of TypeScript. */
const START = `import('tsx/esm/api').then(({ register }) => {
  register();
  return import(require('node:worker_threads').workerData);
});`;

/** The golden hashes, computed by that many threads at the same time. */
export function goldenHashes(count: number): Promise<string[]> {
  return Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<string>((resolve, reject) => {
          const worker = new Worker(START, { eval: true, workerData: new URL('./worker.ts', import.meta.url).href });
          worker.once('message', (hashes: string) => {
            void worker.terminate();
            resolve(hashes);
          });
          worker.once('error', reject);
        }),
    ),
  );
}

/** That many trainings by the threads of one workspace, each of a model of its own; some are interrupted. */
export async function threadedFits(
  count: number,
  { nn, random }: Package,
  { workspace }: Threads,
  observe: (done: number) => Promise<void> = async () => {},
): Promise<void> {
  const ws = await workspace({ bytes: 1 << 16, threads: 2 });
  const data = { x: random.philox(1).normal(256 * 300), labels: Uint8Array.from({ length: 300 }, (_, i) => i % 10) };
  const results = new Set<number>();
  for (let id = 1; id <= count; id++) {
    const model = nn.sequential([
      nn.linear(256, 140, { seed: 1, activation: 'relu' }),
      nn.linear(140, 10, { seed: 2 }),
    ]);
    for await (const _ of ws.fit(model, data, { batchSize: 150, optimizer: nn.adam(), seed: 1 }))
      if (id % 3 === 0) break;
    if (id % 3 !== 0) results.add(hash(model.parameters['0.weight'].data));
    if (id % Math.ceil(count / 10) === 0) await observe(id);
  }
  expectSame('results of trainings of one seed', results.size, 1);
  await ws.close();
}

/** That many workspaces that are closed during a step. */
export async function closedInStep(
  count: number,
  { nn, random }: Package,
  { workspace }: Threads,
  observe: (done: number) => Promise<void> = async () => {},
): Promise<void> {
  const data = { x: random.philox(1).normal(256 * 300), labels: Uint8Array.from({ length: 300 }, (_, i) => i % 10) };
  let ended = 0;
  for (let id = 1; id <= count; id++) {
    const ws = await workspace({ bytes: 16, threads: 2 });
    // A step takes some 20 ms, and the workspace is closed after 2.
    const model = nn.sequential([nn.linear(256, 5000, { seed: 1 }), nn.linear(5000, 10, { seed: 2 })]);
    const steps = ws.fit(model, data, { batchSize: 150, optimizer: nn.adam(), seed: 1 });
    await steps.next();
    const step = steps.next().catch((error: Error) => error.message);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await ws.close();
    if ((await step) === 'workspace: it is closed') ended++;
    if (id % Math.ceil(count / 10) === 0) await observe(id);
  }
  expectSame('most steps were interrupted', ended > count / 2, true);
}

type Package = typeof import('../../src/index.js');
type Threads = typeof import('../../src/threads.js');
/** Uses generators, a workspace and a model of a copy of the package, step by step; returns a hash of the results. */
export function* useStepwise({ activation, nn, random, softmax, workspace }: Package): Generator<void, number, void> {
  const rng = random.philox(5);
  const ws = workspace({ bytes: 1 << 16 });
  const x = rng.normal({ out: ws.float32(4000) });
  yield;
  activation.gelu.forward(x, { out: x });
  yield;
  const y = softmax.forward(x.slice(), { columns: 40 });
  yield;
  const model = nn.sequential([nn.linear(4, 8, { seed: 1, activation: 'relu' }), nn.linear(8, 2, { seed: 2 })]);
  yield;
  const out = model.forward(y);
  yield;
  return hash(Float32Array.of(...x.subarray(0, 500), ...out.subarray(0, 500), ...random.torch(3).normal(500)));
}
/** A new copy of the package: the file for script tags. */
export function copyOf(): Package {
  const text = readFileSync(new URL('../../dist/fanwise.min.js', import.meta.url), 'utf8');
  return new Function(`${text}\nreturn fanwise;`)();
}

/** The hashes of several copies in one process, used in turn. */
export function hashesOfCopies(packages: Package[]): number[] {
  const running = packages.map(useStepwise);
  const hashes: number[] = [];
  while (hashes.length < running.length) {
    running.forEach((one, i) => {
      const { done, value } = one.next();
      if (done && value !== undefined) hashes[i] = value;
    });
    if (hashes.filter((v) => v !== undefined).length === running.length) break;
  }
  return hashes;
}

/** A training aborted at each of its steps: the model is that of as many steps, and can be trained again. How many steps. */
export async function abortedTrainings(): Promise<number> {
  const x = noise(1, 4 * 40);
  const data = { x, labels: Uint8Array.from({ length: 40 }, (_, i) => i % 3) };
  const make = () =>
    nn.sequential([
      nn.linear(4, 6, { seed: 1, activation: 'tanh' }),
      nn.dropout({ p: 0.2, seed: 3 }),
      nn.linear(6, 3, { seed: 2 }),
    ]);
  const options = { epochs: 3, batchSize: 8, seed: 4 };
  const state = (model: ReturnType<typeof make>) => hash(nn.save(model));
  const uninterrupted = make();
  const expected = [state(uninterrupted)];
  for await (const _ of nn.fit(uninterrupted, data, { ...options, optimizer: nn.adam() }))
    expected.push(state(uninterrupted));
  for (let stop = 0; stop < expected.length; stop++) {
    const model = make();
    const control = new AbortController();
    if (stop === 0) control.abort(new Error('enough'));
    let thrown: unknown;
    try {
      for await (const { step } of nn.fit(model, data, { ...options, optimizer: nn.adam(), signal: control.signal }))
        if (step + 1 === stop) control.abort(new Error('enough'));
    } catch (error) {
      thrown = error;
    }
    // A signal at the last step ends nothing.
    expectSame(
      `the reason at step ${stop}`,
      (thrown as Error)?.message,
      stop === expected.length - 1 ? undefined : 'enough',
    );
    expectSame(`the model interrupted at step ${stop}`, state(model), expected[stop]);
    const other = make();
    nn.load(nn.save(model), other);
    expectSame(`the model of the file of step ${stop}`, hash(other.forward(x)), hash(model.forward(x)));
    let steps = 0;
    for await (const { loss } of nn.fit(model, data, { ...options, optimizer: nn.sgd({ lr: 0.1 }) })) {
      steps++;
      if (!Number.isFinite(loss)) throw new Error(`after a stop at ${stop} the loss is ${loss}`);
    }
    expectSame(`the steps after a stop at ${stop}`, steps, expected.length - 1);
  }
  return expected.length - 1;
}
