// Temporary projects, each with fanwise in its node_modules as npm packs it. They are outside the repository, so that they find
// nothing there by accident; nothing is downloaded.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transformSync } from 'esbuild';

export interface Projects {
  /** The folder of all projects. */
  folder: string;
  /** A new project with program.ts as JavaScript and these files; its folder. */
  project(name: string, files: Record<string, string>): string;
  /** Deletes all projects. */
  remove(): void;
}

export function projects(): Projects {
  const folder = mkdtempSync(join(tmpdir(), 'fanwise-consumers-'));
  const modules = join(folder, 'packed');
  mkdirSync(join(modules, 'fanwise'), { recursive: true });
  // Without its scripts: prepack would build dist/ again while other tests use it.
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
  const [{ filename }] = JSON.parse(String(packed));
  execFileSync('tar', ['-xzf', join(folder, filename), '--strip-components=1', '-C', join(modules, 'fanwise')]);

  const text = readFileSync(join(import.meta.dirname, 'program.ts'), 'utf8');
  const own = {
    'package.json': '{ "private": true, "type": "module" }',
    'program.js': transformSync(text, { loader: 'ts' }).code,
    'program.cjs': transformSync(text, { loader: 'ts', format: 'cjs' }).code,
  };
  return {
    folder,
    project(name, files) {
      const root = join(folder, name);
      cpSync(modules, join(root, 'node_modules'), { recursive: true });
      for (const [file, text] of Object.entries({ ...own, ...files })) {
        mkdirSync(dirname(join(root, file)), { recursive: true });
        writeFileSync(join(root, file), text);
      }
      return root;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
