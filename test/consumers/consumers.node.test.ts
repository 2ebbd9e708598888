// Consumers of the package: Node, a bundler, workers, pages with and without a content security policy. Each is a small temporary
// project with the package as npm packs it, and trains the same net to the same bits. `npm run test:consumers` has other tools.

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';
import { type Browser, chromium, firefox } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as debian from '../browsers.js';
import { find } from '../everywhere/runtimes.js';
import { ask } from '../everywhere/workerd.js';
import { program } from './program.js';
import { type Projects, projects } from './project.js';
import { type Site, serve } from './site.js';

let project: Projects['project'];
let site: Site;
let otherOrigin: Site;
let same: number;
const close: (() => unknown)[] = [];
beforeAll(async () => {
  const all = projects();
  close.push(all.remove);
  project = all.project;
  const policy = (scripts: string) => ({ 'content-security-policy': `script-src ${scripts}` });
  const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
  const [csp, strict] = [policy("'self' 'wasm-unsafe-eval'"), policy("'self'")];
  site = await serve(all.folder, {
    csp,
    strict,
    threads: isolated,
    'other-origin': isolated,
    'esbuild-threads': isolated,
    'threads-csp': { ...isolated, ...csp },
    'threads-missing': isolated,
    'threads-blob': { ...isolated, ...csp },
  });
  otherOrigin = await serve(all.folder, { 'other-origin': isolated });
  close.push(site.close, otherOrigin.close);
  same = await program();
});
afterAll(async () => {
  for (const each of close.reverse()) await each();
});

const node = (cwd: string, ...args: string[]) => promisify(execFile)(process.execPath, args, { cwd });

describe('Node', () => {
  test('import', async () => {
    const main = `import { program } from './program.js';\nconsole.log(await program());\n`;
    expect(await node(project('import', { 'main.js': main }), 'main.js')).toMatchObject({ stdout: `${same}\n` });
  });
  test('require', async () => {
    const main = `const { program } = require('./program.cjs');\nprogram().then(console.log);\n`;
    expect(await node(project('require', { 'main.cjs': main }), 'main.cjs')).toMatchObject({ stdout: `${same}\n` });
  });
});

// Every check of strict TypeScript, also of the package's declarations. Only two lines are errors.
const wrong = `import { activation } from 'fanwise';
const x = new Float32Array(1);
activation.gelu.backward({ x, dy: x });
activation.gelu.backward({ y: x, dy: x });
activation.tanh.backward({ y: x, dy: x });
activation.tanh.backward({ x, dy: x });
`;
// What another library exports again: a declaration can name each type of it.
const declared = `import * as fanwise from 'fanwise';
import { workspace as threaded } from 'fanwise/threads';
export const { activation, diagnose, gain, init, loss, nn, npy, random, safetensors, softmax, tensor, workspace } = fanwise;
export const shared = () => threaded({ bytes: 64, threads: 2 });
export const { backward } = activation.prelu;
export const { forward } = loss.crossEntropy;
export const { huber } = loss;
`;
test.each([
  ['nodenext', 'nodenext'],
  ['bundler', 'esnext'],
])('TypeScript, moduleResolution %s', async (moduleResolution, module) => {
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  const target = {
    outDir: 'built',
    declaration: true,
    rootDir: '.',
    target: 'es2022',
    lib: ['es2022'],
    types: [],
    module,
    moduleResolution,
  };
  const root = project(`types-${moduleResolution}`, {
    'tsconfig.json': JSON.stringify({ compilerOptions: { ...strict, ...target } }),
    'program.ts': readFileSync(join(import.meta.dirname, 'program.ts'), 'utf8'),
    'wrong.ts': wrong,
    'declared.ts': declared,
  });
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const { stdout } = await node(root, tsc, '-p', '.', '--pretty', 'false').catch((error) => error);
  expect(stdout.trim().split('\n')).toEqual([
    expect.stringMatching(/^wrong\.ts\(4,28\): error TS2353: .* 'y' does not exist in type 'Saved<"gelu">/),
    expect.stringMatching(/^wrong\.ts\(6,28\): error TS2353: .* 'x' does not exist in type 'Saved<"tanh">/),
  ]);
});

/** A program in CommonJS: the same net, by one thread and by two. */
const commonjs = `import { program } from './program.cjs';
import { workspace } from 'fanwise/threads';
import { nn, type Model } from 'fanwise';
const model: Model = nn.sequential([nn.linear(2, 3, { seed: 1 })]);
async function main(): Promise<void> {
  const ws = await workspace({ bytes: 1 << 10, threads: 2 });
  const out: Float32Array = await ws.forward(model, ws.float32(4), { out: ws.float32(6) });
  console.log(out.length, await program());
  await ws.close();
}
void main();
`;
test('TypeScript, a program in CommonJS', async () => {
  const options = {
    strict: true,
    outDir: 'built',
    rootDir: '.',
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2022', 'dom'],
  };
  const root = project('commonjs', {
    'tsconfig.json': JSON.stringify({ compilerOptions: { ...options, types: [] }, files: ['main.cts', 'program.cts'] }),
    'program.cts': readFileSync(join(import.meta.dirname, 'program.ts'), 'utf8'),
    'main.cts': commonjs,
  });
  const compiled = await node(root, resolve('node_modules/typescript/bin/tsc'), '-p', '.').catch((error) => error);
  expect(compiled.stdout).toBe('');
  expect(await node(root, 'built/main.cjs')).toMatchObject({ stdout: `6 ${same}\n`, stderr: '' });
});

const workerd = find('workerd');
test.skipIf(!workerd)('workerd, which npm run test:everywhere installs', async () => {
  const answer = 'export default { fetch: async () => Response.json(await program()) };';
  const root = project('workerd', { 'main.js': `import { program } from './program.js';\n${answer}\n` });
  const dist = join(root, 'node_modules/fanwise/dist');
  expect(await ask(workerd!, join(root, 'main.js'), dist, join(root, 'built'))).toBe(same);
});

// The title of a page becomes the hash of the net, or an error.
const titled = 'then((hash) => (document.title = hash), (error) => (document.title = error));';
const main = `import { program } from './program.js';\nprogram().${titled}\n`;
/** A program of a page that compares the results of two threads and of none. */
const threaded = (main: string, threads: string, option = '') => `import { random } from '${main}';
import { workspace } from '${threads}';
const make = async () => {
  const ws = await workspace({ bytes: 1 << 23, threads: 2, ${option} });
  const out = await ws.draw('normal', { seed: 1, out: ws.float32(1_000_000) });
  const alone = random.philox(1).normal(1_000_000);
  await ws.close();
  return out.every((value, i) => value === alone[i]) ? ${same} : 'other bits';
};
make().${titled}`;
const bundledThreads = (option?: string) => threaded('fanwise', 'fanwise/threads', option);
const html = (script: string) => `<!doctype html>\n<link rel="icon" href="data:,">\n${script}\n`;
const loads = (file: string) => html(`<script type="module" src="${file}"></script>`);
const bundle = async (root: string, ...files: string[]) =>
  esbuild.build({
    entryPoints: files.map((file) => join(root, file)),
    outdir: join(root, 'built'),
    bundle: true,
    format: 'esm',
  });

/** The addresses of the two entries without a bundler, in a folder. */
const unbundled = (folder: string) => [`${folder}/index.js`, `${folder}/threads.js`] as const;

/** Builds a page; its address. */
const pages: Record<string, () => Promise<string>> = {
  async esbuild() {
    await bundle(project('esbuild', { 'main.js': main, 'index.html': loads('built/main.js') }), 'main.js');
    return `${site.url}/esbuild/`;
  },
  async 'a web worker'() {
    const start = `const worker = new Worker('built/worker.js', { type: 'module' });
new Promise((resolve, reject) => ((worker.onmessage = ({ data }) => resolve(data)), (worker.onerror = reject))).${titled}`;
    const worker = `import { program } from './program.js';\nprogram().then(postMessage);\n`;
    const page = html(`<script type="module">${start}</script>`);
    await bundle(project('worker', { 'worker.js': worker, 'index.html': page }), 'worker.js');
    return `${site.url}/worker/`;
  },
  async 'a service worker'() {
    const start = `const { active } = await navigator.serviceWorker.register('built.js').then(() => navigator.serviceWorker.ready);
const { port1, port2 } = new MessageChannel();
active.postMessage(0, [port2]);
new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data))).${titled}`;
    const worker = `import { program } from './program.js';
onmessage = (event) => event.waitUntil(program().then((hash) => event.ports[0].postMessage(hash)));
`;
    const page = html(`<script type="module">${start}</script>`);
    const root = project('service', { 'worker.js': worker, 'index.html': page });
    await esbuild.build({ entryPoints: [join(root, 'worker.js')], outfile: join(root, 'built.js'), bundle: true });
    return `${site.url}/service/`;
  },
  async 'a script tag, without a bundler'() {
    const root = project('tag', {});
    const text = readFileSync(join(root, 'program.js'), 'utf8').replace(
      /"fanwise"/,
      `'./node_modules/fanwise/dist/index.js'`,
    );
    project('tag', { 'index.html': html(`<script type="module">\n${text}program().${titled}\n</script>`) });
    return `${site.url}/tag/`;
  },
  async 'a script tag that is no module'() {
    const root = project('classic', {});
    const text = readFileSync(join(root, 'program.js'), 'utf8')
      .replace(/import (\{.*?\}) from "fanwise"/, 'const $1 = fanwise')
      .replace(/export (async function|\{[^}]*\};)/, (_, what) => (what[0] === '{' ? '' : what));
    const file = 'node_modules/fanwise/dist/fanwise.min.js';
    const scripts = `<script src="${file}"></script>\n<script>\n${text}program().${titled}\n</script>`;
    project('classic', { 'index.html': html(scripts) });
    return `${site.url}/classic/`;
  },
  async 'threads, without a bundler'() {
    project('threads', {
      'index.html': html(`<script type="module">${threaded(...unbundled('./node_modules/fanwise/dist'))}</script>`),
    });
    return `${site.url}/threads/`;
  },
  async 'threads, from another origin'() {
    const there = unbundled(`${otherOrigin.url}/other-origin/node_modules/fanwise/dist`);
    project('other-origin', { 'index.html': html(`<script type="module">${threaded(...there)}</script>`) });
    return `${site.url}/other-origin/`;
  },
  async 'threads, esbuild'() {
    const files = { 'main.js': bundledThreads(), 'index.html': loads('built/main.js') };
    await bundle(project('esbuild-threads', files), 'main.js');
    return `${site.url}/esbuild-threads/`;
  },
  async 'threads, by workers of one’s own, with a policy that allows no blob:'() {
    const worker = `() => new Worker('node_modules/fanwise/dist/threads/worker.js')`;
    const files = { 'main.js': bundledThreads(`worker: ${worker}`), 'index.html': loads('built/main.js') };
    await bundle(project('threads-csp', files), 'main.js');
    return `${site.url}/threads-csp/`;
  },
  async 'a content security policy'() {
    await bundle(project('csp', { 'main.js': main, 'index.html': loads('built/main.js') }), 'main.js');
    return `${site.url}/csp/`;
  },
};

const found = [
  { name: 'Chromium', launch: () => chromium.launch(debian.chromium), path: debian.chromium.executablePath },
  { name: 'Firefox', launch: () => firefox.launch(debian.firefox), path: debian.firefox.executablePath },
].filter(({ name, path }) => {
  if (existsSync(path)) return true;
  if (process.env.FANWISE_BROWSERS === 'required') throw new Error(`${name} is required, and there is no ${path}`);
  console.warn(`Left out: consumers in ${name} (there is no ${path})`);
  return false;
});
const urls: Record<string, Promise<string>> = {};

describe.each(found)('in $name', ({ launch }) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
  });
  /** The title of the page, and the errors in the browser's console. */
  const open = async (url: string) => {
    const errors: string[] = [];
    const page = await browser.newPage();
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(url);
    await expect.poll(() => page.title(), { timeout: 60_000 }).not.toBe('');
    const title = await page.title();
    await page.close();
    return { title, errors };
  };

  test.each(Object.keys(pages))('%s', async (name) => {
    const url = await (urls[name] ??= pages[name]());
    expect(await open(url)).toEqual({ title: String(same), errors: [] });
  });
  test('a policy without wasm-unsafe-eval is named in the error', async () => {
    await bundle(project('strict', { 'main.js': main, 'index.html': loads('built/main.js') }), 'main.js');
    const { title } = await open(`${site.url}/strict/`);
    expect(title).toContain("a content security policy has to have 'wasm-unsafe-eval' in script-src");
  });
  test('so is one without blob:, where threads need it', async () => {
    const files = { 'main.js': bundledThreads(), 'index.html': loads('built/main.js') };
    await bundle(project('threads-blob', files), 'main.js');
    const { title } = await open(`${site.url}/threads-blob/`);
    expect(title).toContain('a content security policy has to have blob: in worker-src; or pass worker');
  });
  test('and a worker of one’s own that is not there is said to be', async () => {
    const option = `worker: () => new Worker('missing.js')`;
    const files = { 'main.js': bundledThreads(option), 'index.html': loads('built/main.js') };
    await bundle(project('threads-missing', files), 'main.js');
    const { title } = await open(`${site.url}/threads-missing/`);
    expect(title).toMatch(/serve fanwise\/threads\/worker.js as JavaScript/);
  });
});
