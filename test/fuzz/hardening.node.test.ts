// The promises of SECURITY.md and docs/hardening.md, in a short run; `npm run soak` has the long one.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as source from '../../src/index.js';
import { activation, init, nn, random, softmax, workspace } from '../../src/index.js';
import {
  abortedTrainings,
  copyOf,
  goldenHashes,
  growthOf,
  hashesOfCopies,
  largestWorkspace,
  manyCalls,
  manyWorkspaces,
  resident,
} from './endurance.js';

test('calls and workspaces do not leak memory', async () => {
  await manyCalls(3000);
  await manyWorkspaces(60, 1 << 20);
  const before = await resident();
  await manyCalls(6000);
  await manyWorkspaces(300, 1 << 20);
  // Without --expose-gc memory grows to the collector's limit; 300 workspaces that leak would be 300 MB more.
  expect((await resident()) - before).toBeLessThan(250);
});

test('growth is told of a leak, and of neither few figures nor a heap that stops growing', () => {
  const run = (f: (i: number) => number, length = 10) => growthOf(Array.from({ length }, (_, i) => f(i)));
  expect(run((i) => 100 + 30 * i)).toBe('from 220 to 370 MB');
  expect(run((i) => 1000 + 30 * i)).toBe('from 1120 to 1270 MB');
  expect(run((i) => 100 + 4 * i)).toBeUndefined();
  expect(run((i) => 1000 + 8 * i)).toBeUndefined();
  for (const length of [0, 1, 5]) expect(run((i) => 100 + 90 * i, length)).toBeUndefined();
});

test('a step beyond 4 GiB is an error that says what to make smaller', async () => {
  const rows = 20_000;
  const model = nn.sequential([nn.linear(1, 2 ** 16, { seed: 0 })]);
  const data = { x: new Float32Array(rows), labels: new Uint16Array(rows) };
  await expect(nn.fit(model, data, { optimizer: nn.sgd({ lr: 1 }), batchSize: rows })).rejects.toThrow(
    /^nn\.fit: \d+ bytes are beyond WebAssembly's 4 GiB; pass a smaller batchSize, or narrower layers$/,
  );
});

test('a workspace may have 4 GiB less 128 KiB, and works to its end', () => {
  expect(largestWorkspace()).toBe(2 ** 32 - 131072);
});

test('a training aborted at any step leaves the model of as many steps', async () => {
  expect(await abortedTrainings()).toBe(15);
});

test('several threads at the same time compute the golden hashes', async () => {
  const golden = readFileSync(new URL('../golden/golden.json', import.meta.url), 'utf8');
  for (const hashes of await goldenHashes(3)) expect(hashes).toBe(golden);
});

test('copies of the package in one process do not disturb each other', async () => {
  const others = [copyOf(), copyOf()];
  expect(others[0].random).not.toBe(others[1].random);
  const foreign = others[1].random.philox(0);
  expect(() => others[0].init.normal([2], { rng: foreign })).toThrow(/pass a generator of this copy of fanwise/);
  const [one, another] = others;
  const owned = one.nn.sequential([one.nn.linear(2, 2, { seed: 1 })]);
  expect(() => another.nn.sequential(owned.layers)).toThrow(
    /weight of layers\[0\] is frozen, or of a model of another copy/,
  );
  const hashes = hashesOfCopies([source, ...others]);
  expect(new Set(hashes)).toEqual(new Set([hashesOfCopies([source])[0]]));
});

test('redefined properties of an array reach no other memory', () => {
  const [ws, other] = [workspace({ bytes: 4096 }), workspace({ bytes: 4096 })];
  const beside = other.float32(1024).fill(-5);
  for (const [name, value] of [
    ['length', 2 ** 28],
    ['length', 2 ** 20],
    ['byteOffset', 2 ** 31],
    ['byteLength', 2 ** 31],
  ] as const) {
    for (const x of [ws.float32(8), ws.float32(16).subarray(4, 12), new Float32Array(8)]) {
      Object.defineProperty(x, name, { value });
      try {
        activation.relu.forward(x, { out: x });
        random.philox(1).normal({ out: x });
      } catch (error) {
        // Or an error of the engine: WebAssembly does not leave its memory.
        expect(error instanceof RangeError || error instanceof WebAssembly.RuntimeError).toBe(true);
      }
    }
  }
  expect(beside.every((v) => v === -5)).toBe(true);
  // The package still works.
  expect([...activation.relu.forward(Float32Array.of(-1, 2))]).toEqual([0, 2]);
  expect(random.philox(0).bits(1)[0]).toBe(0x6627e8d5);
});

test('shapes and lengths beyond memory are errors at once; shapes without values have no values', () => {
  const since = performance.now();
  expect(() => init.eye([94906265, 94906265])).toThrow(/^init\.eye: .*do not fit into memory/);
  expect(() => init.dirac([2 ** 25, 2 ** 25, 1])).toThrow(/^init\.dirac: .*do not fit into memory/);
  expect(init.sparse([0, 2 ** 45], { sparsity: 0.5, seed: 0 }).length).toBe(0);
  expect(init.dirac([2 ** 30, 2 ** 20, 0]).length).toBe(0);
  expect(() => nn.sequential([nn.linear(1, 4096, { seed: 0 })]).forward(new Float32Array(2 ** 22))).toThrow(
    /^model\.forward: .*do not fit into memory/,
  );
  expect(() => softmax.logSumExp.forward(new Float32Array(0), { shape: [2 ** 45, 0] })).toThrow(
    /^softmax\.logSumExp\.forward: .*do not fit into memory/,
  );
  expect(() => random.philox(0).uniform(2 ** 45)).toThrow(/do not fit into memory/);
  expect(performance.now() - since).toBeLessThan(5000);
});

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
test('the installed files evaluate no text but the program of threads, and installation runs no scripts', () => {
  const installed = readdirSync(new URL('../../dist/', import.meta.url), { recursive: true, encoding: 'utf8' });
  const scripts = installed.filter((name) => /\.c?js$/.test(name));
  for (const name of ['index.js', 'threads/worker.js', 'fanwise.min.js', 'index.cjs']) expect(scripts).toContain(name);
  for (const name of scripts) {
    const text = read(`dist/${name}`);
    expect(text, name).not.toMatch(/\beval\s*\(|\bnew Function\b|\bFunction\s*\(|\bdocument\.write|\binnerHTML\b/);
    // Node's workers take a text for their program.
    const starts = /^(threads\/thread\.js|node\/threads\.js|threads\.cjs)$/.test(name);
    expect([name, /\beval: *true/.test(text)]).toEqual([name, starts]);
    // Assignments to globals.
    expect(text, name).not.toMatch(/\b(Object|Array|Math|Promise|globalThis)\.(?!onmessage)[\w.]+\s*=[^=]/);
    // An import whose name is computed.
    expect(text, name).not.toMatch(/\bimport\s*\(\s*[^'"`\s]/);
    expect(text, name).not.toMatch(/\bfetch\s*\(|XMLHttpRequest|WebSocket|node:(?:fs|net|http|child_process)/);
  }
  const { scripts: commands, dependencies, files } = JSON.parse(read('package.json'));
  for (const hook of ['preinstall', 'install', 'postinstall', 'prepare']) expect(commands).not.toHaveProperty(hook);
  expect(dependencies).toBeUndefined();
  expect(files).toEqual([
    'dist',
    'nn',
    'init',
    'random',
    'threads',
    'tfjs',
    'docs/**/*.md',
    'examples/diagnose/torch_hook.py',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
  ]);
});
