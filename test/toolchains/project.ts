// A temporary project of a toolchain: it installs packages, runs commands, and opens pages.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify, stripVTControlCharacters } from 'node:util';
import { gzipSync } from 'node:zlib';
import { transformSync } from 'esbuild';
import { type Browser, chromium } from 'playwright';
import * as debian from '../browsers.js';
import { serve } from '../consumers/site.js';
import type { Report } from './program.js';

/** The headers of a page whose threads share memory. */
export const isolated = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** The same with a policy that allows no `blob:`. */
export const strict = { ...isolated, 'Content-Security-Policy': "script-src 'self' 'wasm-unsafe-eval'" };

/** What a page reported, and what it downloaded: gzipped kilobytes of scripts. */
export interface PageReport {
  report: Report;
  size: number;
  /** Errors and warnings in the console. */
  console: string[];
}

const text = readFileSync(join(import.meta.dirname, 'program.ts'), 'utf8');

/** Files that every project has. */
function ownFiles(type: 'module' | 'commonjs'): Record<string, string> {
  const format = type === 'module' ? 'esm' : 'cjs';
  const js = (source: string) => transformSync(source, { loader: 'ts', format }).code;
  const reported = (then: string) => js(`import { report } from './program.js';\nreport().then((all) => ${then});\n`);
  return {
    'program.js': js(text),
    'page.js': reported('(document.title = JSON.stringify(all))'),
    'print.js': reported('console.log(JSON.stringify(all))'),
    'index.html': pageOf('./page.js'),
  };
}

/** A page's program that gives the workers itself. */
export const ownWorkers = `globalThis.worker = () => new Worker(new URL('fanwise/threads/worker.js', import.meta.url));
import('./page.js');
`;

/** A page that loads a script. */
export const pageOf = (script: string, type = 'type="module" ') =>
  `<!doctype html>\n<link rel="icon" href="data:,">\n<script ${type}src="${script}"></script>\n`;

let browser: Promise<Browser> | undefined;
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
}

export class Project {
  private readonly env: NodeJS.ProcessEnv;
  private readonly servers: ChildProcess[] = [];
  /** What the commands have printed. */
  output = '';

  constructor(
    readonly folder: string,
    private readonly tarball: string,
    readonly node: string,
  ) {
    const PATH = [dirname(node), process.env.PATH].join(delimiter);
    const quiet = { NEXT_TELEMETRY_DISABLED: '1', NG_CLI_ANALYTICS: 'false', DO_NOT_TRACK: '1', FORCE_COLOR: '0' };
    this.env = { ...process.env, ...quiet, PATH, CI: '1' };
    delete this.env.NODE_ENV;
    mkdirSync(folder, { recursive: true });
  }

  /** Writes files. */
  write(files: Record<string, string>): void {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      writeFileSync(join(this.folder, file), text);
    }
  }

  /** Installs exact versions and the packed package, in up to three attempts. */
  async install(packages: readonly string[], type: 'module' | 'commonjs' = 'module'): Promise<void> {
    const manifest = { name: 'consumer', version: '1.0.0', private: true, type };
    this.write({ 'package.json': JSON.stringify(manifest), ...ownFiles(type) });
    const quiet = ['--no-audit', '--no-fund', '--save-exact', '--prefer-offline', '--loglevel=error'];
    for (let attempt = 1; ; attempt++) {
      try {
        await this.run('npm', ['install', ...quiet, this.tarball, ...packages], 400_000);
        break;
      } catch (error) {
        if (attempt === 3) throw error;
        await setTimeout(attempt * 5000);
      }
    }
    this.output = '';
  }

  /** The output of a command. An error has it too. */
  async run(command: string, args: readonly string[], timeout = 240_000): Promise<string> {
    const options = { cwd: this.folder, env: this.env, timeout, maxBuffer: 1 << 26, killSignal: 'SIGKILL' as const };
    const done = promisify(execFile)(command, args, options).catch((error) => {
      const why = error.killed ? `stopped after ${timeout / 1000} s` : `exit code ${error.code}`;
      throw new Error(`${command} ${args.join(' ')}: ${why}\n${error.stdout}${error.stderr}`);
    });
    const { stdout, stderr } = await done;
    this.output += stdout + stderr;
    return stdout;
  }

  /** The output of a program of an installed package. */
  bin(name: string, ...args: string[]): Promise<string> {
    return this.run(join(this.folder, 'node_modules/.bin', name), args);
  }

  /** The report that a command prints in its last line. */
  async report(command: string, args: readonly string[]): Promise<Report> {
    return JSON.parse((await this.run(command, args)).trim().split('\n').at(-1)!);
  }

  /** Starts a server on a free port, which `args` gives it, and waits for its first answer. Its address. */
  async start(name: string, args: (port: number) => string[]): Promise<string> {
    const port = await freePort();
    const command = join(this.folder, 'node_modules/.bin', name);
    const server = spawn(command, args(port), { cwd: this.folder, env: this.env, detached: true });
    this.servers.push(server);
    let said = '';
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (data) => {
        said += data;
        this.output += data;
      });
    const url = `http://localhost:${port}/`;
    for (let attempt = 0; attempt < 600; attempt++) {
      if (server.exitCode !== null) break;
      if (await fetch(url).then(Boolean, () => false)) return url;
      await setTimeout(100);
    }
    throw new Error(`${name} ${args(port).join(' ')} gave no answer\n${said}`);
  }

  /** Opens a page in Chromium and waits for its report. */
  async page(url: string): Promise<PageReport> {
    browser ??= chromium.launch(debian.chromium);
    const page = await (await browser).newPage();
    const seen: string[] = [];
    const scripts = new Set<string>();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) seen.push(message.text());
    });
    page.on('pageerror', (error) => seen.push(error.message));
    page.on('response', (response) => {
      if (response.url().startsWith('http') && response.request().resourceType() === 'script')
        scripts.add(response.url());
    });
    try {
      await page.goto(url);
      await page.waitForFunction(() => document.title.startsWith('{'), undefined, { timeout: 60_000 });
      const sizes = await Promise.all(Array.from(scripts, gzipped));
      const size = sizes.reduce((sum, each) => sum + each, 0) / 1000;
      return { report: JSON.parse(await page.title()), size, console: seen };
    } catch (error) {
      throw new Error(`${url} gave no report: ${seen.join('; ') || error}`);
    } finally {
      await page.close();
    }
  }

  /** The same of the page that is built into dist/, from a server that isolates it. */
  async built(headers: Record<string, string> = isolated): Promise<PageReport> {
    const site = await serve(this.folder, { dist: headers });
    try {
      return await this.page(`${site.url}/dist/`);
    } finally {
      await site.close();
    }
  }

  /** The version of an installed package. */
  version(name: string): string {
    return JSON.parse(readFileSync(join(this.folder, 'node_modules', name, 'package.json'), 'utf8')).version;
  }

  /** Lines of the commands' output that warn, but for those of a tool's own. */
  warnings(own = /^$/): string[] {
    const lines = stripVTControlCharacters(this.output)
      .split('\n')
      .map((line) => line.trim());
    return lines.filter((line) => /\bwarn(ing)?\b|⚠/i.test(line) && !/\b0 warnings/.test(line) && !own.test(line));
  }

  /** Ends the servers that it started, with their children. */
  stop(): void {
    for (const { pid } of this.servers)
      try {
        process.kill(-pid!, 'SIGKILL');
      } catch {} // It has ended by itself.
  }
}

/** The length of what an address answers, gzipped. */
const gzipped = async (url: string) =>
  gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer()), { level: 9 }).length;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as { port: number };
  await promisify(server.close.bind(server))();
  return port;
}
