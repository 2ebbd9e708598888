// What SECURITY.md and docs/hardening.md say, as far as a moment shows it; `npm run soak` has the rest.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as source from '../../src/index.js';
import { activation, init, nn, random, softmax, workspace } from '../../src/index.js';
import { aborted, copies, copyOf, limits, mixed, resident, threads, workspaces } from './endurance.js';

test('calls and workspaces leave no memory behind', async () => {
  await mixed(3000);
  await workspaces(60, 1 << 20);
  const before = await resident();
  await mixed(6000);
  await workspaces(300, 1 << 20);
  // Without a collector at hand it is its limit, not a leak, that is seen: 300 workspaces not given back were 300 MB more.
  expect((await resident()) - before).toBeLessThan(250);
});

test('a workspace has up to 4 GiB less 128 KiB, and works to its end', () => {
  expect(limits()).toBe(2 ** 32 - 131072);
});

test('a fit broken off at any step leaves what so many steps make', async () => {
  expect(await aborted()).toBe(15);
});

test('threads at a time make the golden hashes', async () => {
  const golden = readFileSync(new URL('../golden/golden.json', import.meta.url), 'utf8');
  for (const made of await threads(3)) expect(made).toBe(golden);
});

test('copies of the package in one process do not disturb each other', async () => {
  const others = [copyOf(), copyOf()];
  expect(others[0].random).not.toBe(others[1].random);
  const strange = others[1].random.philox(0);
  expect(() => others[0].init.normal([2], { rng: strange })).toThrow(/pass a generator of this copy of fanwise/);
  const hashes = copies([source, ...others]);
  expect(new Set(hashes)).toEqual(new Set([copies([source])[0]]));
});

test('what is put upon an array reaches nothing beyond its own memory', () => {
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
        // The engine's own words, too: WebAssembly lets nothing out of its memory.
        expect(error instanceof RangeError || error instanceof WebAssembly.RuntimeError).toBe(true);
      }
    }
  }
  expect(beside.every((v) => v === -5)).toBe(true);
  // And the package works on.
  expect([...activation.relu.forward(Float32Array.of(-1, 2))]).toEqual([0, 2]);
  expect(random.philox(0).bits(1)[0]).toBe(0x6627e8d5);
});

test('shapes and lengths beyond memory are errors at once, and shapes without values are nothing', () => {
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
test('what is installed evaluates no text and runs nothing on its own', () => {
  const installed = readdirSync(new URL('../../dist/', import.meta.url), { recursive: true, encoding: 'utf8' });
  const scripts = installed.filter((name) => /\.c?js$/.test(name));
  for (const name of ['index.js', 'threads/worker.js', 'fanwise.min.js', 'index.cjs']) expect(scripts).toContain(name);
  for (const name of scripts) {
    const text = read(`dist/${name}`);
    expect(text, name).not.toMatch(/\beval\s*\(|\bnew Function\b|\bFunction\s*\(|\bdocument\.write|\binnerHTML\b/);
    // What belongs to all programs of the process.
    expect(text, name).not.toMatch(/\b(Object|Array|Math|Promise|globalThis)\.(?!onmessage)[\w.]+\s*=[^=]/);
    // An import of something that is only known at run time.
    expect(text, name).not.toMatch(/\bimport\s*\(\s*[^'"`\s]/);
    expect(text, name).not.toMatch(/\bfetch\s*\(|XMLHttpRequest|WebSocket|node:(?:fs|net|http|child_process)/);
  }
  const { scripts: commands, dependencies, files } = JSON.parse(read('package.json'));
  for (const hook of ['preinstall', 'install', 'postinstall', 'prepare']) expect(commands).not.toHaveProperty(hook);
  expect(dependencies).toBeUndefined();
  expect(files).toEqual(['dist']);
});
