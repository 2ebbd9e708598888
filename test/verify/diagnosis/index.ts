// npm run verify:diagnose           300 networks: judged, trained as they are, with the fix, and by a grid of plain schemes
// npm run verify:diagnose -- again  the same, of which only the grid's trainings are kept
//
// Takes about an hour on two cores, half of it for the grid. It goes on where it was stopped (report/diagnosis.json) and writes
// docs/diagnosis.json; `npx vitest run --project node test/diagnose/verified -u` then writes the tables of docs/diagnosis.md.

import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Judged } from './judge.js';
import { NETWORKS } from './networks.js';
import { type Record as Row, summary } from './record.js';
import type { Result, Task } from './work.js';

const STATE = 'report/diagnosis.json';
const RECORD = 'docs/diagnosis.json';

interface State {
  /** The best accuracy of the grid, by network. */
  best: Record<string, number>;
  judged: Record<string, Judged>;
}

function read(): State {
  try {
    return JSON.parse(readFileSync(STATE, 'utf8'));
  } catch {
    return { best: {}, judged: {} };
  }
}

const state = read();
if (process.argv.includes('again')) state.judged = {};
const ids = Array.from({ length: NETWORKS }, (_, id) => id);
const todo: Task[] = [
  ...ids.filter((id) => !(id in state.best)).map((id) => ({ id, kind: 'grid' as const })),
  ...ids.filter((id) => !(id in state.judged)).map((id) => ({ id, kind: 'judged' as const })),
];
mkdirSync('report', { recursive: true });
const save = () => writeFileSync(STATE, JSON.stringify(state));

/** Writes the results of all networks to docs/, a network a line. */
function record(): void {
  const rows = ids.map((id): Row => {
    const { ms: _, ...rest } = state.judged[id];
    return { ...rest, best: state.best[id] };
  });
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus()[0].model.trim()}, ${cpus().length} cores, Node ${process.version}`;
  const lines = rows.map((row) => JSON.stringify(row)).join(',\n');
  writeFileSync(RECORD, `{"date":"${date}","machine":"${machine}","networks":[\n${lines}\n]}\n`);
  console.log(summary(rows));
}

const total = todo.length;
let done = 0;
if (total === 0) record();
for (let i = 0; i < Math.min(availableParallelism(), total); i++) {
  const child = fork(fileURLToPath(new URL('./work.ts', import.meta.url)));
  const next = () => {
    const task = todo.shift();
    if (task) child.send(task);
    else child.disconnect();
  };
  child.on('message', (result: Result | 'ready') => {
    if (result !== 'ready') {
      if (result.kind === 'grid') state.best[result.id] = Math.max(...result.grid.flat());
      else state.judged[result.id] = result.judged;
      save();
      process.stderr.write(`\r${++done} of ${total}`.padEnd(30));
      if (done === total) record();
    }
    next();
  });
  child.on('exit', (code) => {
    if (code === 0) return;
    console.error(`\na process ended with ${code}; start again to go on`);
    process.exit(1);
  });
}
