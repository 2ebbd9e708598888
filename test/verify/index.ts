// npm run verify                 every float32 through every function of one variable, forward and derivative
// npm run verify -- tanh gelu    only those functions
//
// Takes about 45 minutes on two cores. It goes on where it was stopped (report/verify.json has the finished chunks of the same
// module) and writes docs/accuracy.json; `npx vitest run --project node test/activation/accuracy -u` then writes
// docs/accuracy.md.

import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Direction, directions, sampled, variants, type Worst } from '../activation/accuracy.js';

export interface Chunk {
  name: string;
  direction: Direction;
  /** Bits of the first float32, and of the one behind the last. */
  from: number;
  to: number;
}
export interface Found extends Chunk {
  worst: Worst;
}

/** The finished chunks of a function, and the worst of their inputs. */
interface Seen extends Worst {
  chunks: number[];
}

const CHUNK = 2 ** 24;
const CHUNKS = 2 ** 32 / CHUNK;
const STATE = 'report/verify.json';

const words = process.argv.slice(2);
const unknown = words.filter((word) => !variants.some(({ activation }) => activation === word));
if (unknown.length > 0) {
  console.error(`No function is called ${unknown.join(' or ')}; there are ${variants.map((v) => v.name).join(', ')}`);
  process.exit(1);
}
const wanted = variants.filter(({ activation }) => words.length === 0 || words.includes(activation));

const module = createHash('sha256').update(readFileSync('src/wasm/generated/activation.wasm')).digest('hex');
const read = (path: string) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
};
const before = read(STATE);
const seen: Record<string, Seen> = before.module === module ? before.seen : {};
const keyOf = ({ name, direction }: Pick<Chunk, 'name' | 'direction'>) => `${name} ${direction}`;

const todo: Chunk[] = [];
for (const { name } of wanted) {
  for (const direction of directions) {
    const { chunks } = (seen[keyOf({ name, direction })] ??= { error: 0, at: 0, chunks: [] });
    for (let k = 0; k < CHUNKS; k++) {
      if (!chunks.includes(k)) todo.push({ name, direction, from: k * CHUNK, to: (k + 1) * CHUNK });
    }
  }
}

mkdirSync('report', { recursive: true });
const saveState = () => writeFileSync(STATE, JSON.stringify({ module, seen }));

/** Writes the finished functions to docs/, beside those finished before. */
function record(): void {
  const docs = read('docs/accuracy.json');
  for (const variant of wanted) {
    const [forward, backward] = directions.map((direction) => seen[keyOf({ name: variant.name, direction })]);
    if (forward.chunks.length < CHUNKS || backward.chunks.length < CHUNKS) continue;
    const worst = ({ error, at }: Seen) => ({ error: Number(error.toPrecision(4)), at });
    const date = new Date().toISOString().slice(0, 10);
    const finished = { date, forward: worst(forward), backward: worst(backward), hash: sampled(variant) };
    docs.functions = { ...docs.functions, [variant.name]: finished };
  }
  if (docs.functions === undefined) return;
  const order = variants.filter(({ name }) => name in docs.functions);
  docs.functions = Object.fromEntries(order.map(({ name }) => [name, docs.functions[name]]));
  docs.machine = `${cpus()[0].model.trim()}, ${cpus().length} cores, Node ${process.version}`;
  mkdirSync('docs', { recursive: true });
  writeFileSync('docs/accuracy.json', `${JSON.stringify(docs, null, 2)}\n`);
}

const total = todo.length;
const start = performance.now();
let done = 0;
let saved = start;
const children = Array.from({ length: Math.min(availableParallelism(), total) }, () =>
  fork(fileURLToPath(new URL('./worker.ts', import.meta.url))),
);
for (const child of children) {
  const next = () => {
    const chunk = todo.shift();
    if (chunk) child.send(chunk);
    else child.disconnect();
  };
  child.once('message', next);
  child.on('message', (found: Found) => {
    if (!found.worst) return;
    const one = seen[keyOf(found)];
    one.chunks.push(found.from / CHUNK);
    if (found.worst.error > one.error) Object.assign(one, found.worst);
    done++;
    if (performance.now() - saved > 2000 || done === total) {
      saved = performance.now();
      saveState();
      const left = ((saved - start) / done) * (total - done);
      const share = ((100 * done) / total).toFixed(1);
      process.stderr.write(`\r${share} %, ${Math.ceil(left / 60000)} min left, at ${keyOf(found)}`.padEnd(72));
    }
    next();
  });
  child.on('exit', (code) => {
    if (code !== 0) {
      console.error(`\na process ended with ${code}; start again to go on`);
      process.exit(1);
    }
  });
}
process.on('exit', () => {
  saveState();
  record();
  process.stderr.write('\n');
  for (const { name, row } of wanted) {
    for (const direction of directions) {
      const { error, at, chunks } = seen[keyOf({ name, direction })];
      if (chunks.length < CHUNKS) continue;
      const verdict = error <= row.ulp[direction] ? '' : `  MORE THAN THE ${row.ulp[direction]} PROMISED`;
      if (verdict) process.exitCode = 1;
      console.log(`${keyOf({ name, direction }).padEnd(24)}${error.toFixed(4).padStart(8)} ulp at ${at}${verdict}`);
    }
  }
});
