// A toolchain: its packages, and how it builds and runs the program.

import type { Report } from './program.js';
import type { PageReport, Project } from './project.js';

/** How a part may end otherwise than with its hash: with an error that says what to do. */
export type Instead = Partial<Record<keyof Report, RegExp>>;

/** Reports of one runtime that the result ran in: a page, a route, a test. */
export type Add = (where: string, got: Report | PageReport, instead?: Instead) => void;

export interface Tool {
  /** With their exact versions; the table has the first one's. */
  packages: readonly string[];
  /** The runtime of test/everywhere that it is a part of. */
  runtime?: 'bun' | 'deno';
  /** Whether it is fast enough for every run of CI. */
  quick?: boolean;
  /** What Node takes the project's files for (module). */
  type?: 'module' | 'commonjs';
  /** Warnings that it prints whatever it builds. */
  own?: RegExp;
  run(project: Project, add: Add): Promise<void>;
}
