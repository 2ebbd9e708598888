// Python and its libraries, against which files are tested. Where a library is not installed, its tests are skipped; with
// FANWISE_TORCH=required that is an error for PyTorch and NumPy.

import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const python = '/usr/bin/python3';

/** Whether Python has these modules. */
export function has(modules: string, isRequired = process.env.FANWISE_TORCH === 'required'): boolean {
  try {
    execFileSync(python, ['-c', `import ${modules}`], { stdio: 'ignore' });
    return true;
  } catch {
    if (isRequired) throw new Error(`python3 with ${modules} is required`);
    return false;
  }
}

export const newFolder = () => mkdtempSync(join(tmpdir(), 'fanwise-'));

/** Runs a program with a folder as its argument. */
export const run = (script: string, folder: string) =>
  execFileSync(python, ['-c', script, folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
