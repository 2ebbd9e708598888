// Results in a folder: a file for each, with the job's name.

import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from './grid.js';

export function results(folder: string) {
  mkdirSync(folder, { recursive: true });
  const path = (id: string) => join(folder, `${id}.json`);
  return {
    has: (id: string) => existsSync(path(id)),
    get: (id: string): Result => JSON.parse(readFileSync(path(id), 'utf8')),
    /** Stores a result; returns false if it was there. A second one has to be the same to the last bit, or it is an error. */
    put(id: string, result: Result): boolean {
      const text = `${JSON.stringify(result, null, 2)}\n`;
      const unfinished = join(folder, `.${id}.${process.pid}`);
      writeFileSync(unfinished, text, { flush: true });
      try {
        linkSync(unfinished, path(id)); // complete at once, and never replaces another
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        if (readFileSync(path(id), 'utf8') !== text) throw new Error(`two results of ${id} differ; see ${path(id)}`);
        return false;
      } finally {
        rmSync(unfinished);
      }
    },
  };
}
