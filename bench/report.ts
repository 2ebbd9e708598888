// npm run bench -- report: writes docs/performance.md from what `npm run bench -- peers`, bench/torch.py, bench/limit.c and
// `npm run bench -- browser` wrote to report/, and from bench/notes.json.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Row, speed } from './measure.js';

/**
 * What a row is compared with: the speed of TensorFlow.js, of PyTorch, of memory.copy or, for kernels that read two arrays and
 * write one, the bytes per second of memory.copy.
 */
const against = { tfjs: 'TF.js', torch: 'PyTorch', copy: 'memory.copy', bandwidth: 'bandwidth' };

type Against = keyof typeof against;

/** The aims of a row: at least so many times as fast. */
const aims: Record<string, Partial<Record<Against, number>>> = {
  'relu forward': { copy: 0.9 },
  'relu backward': { torch: 0.9, bandwidth: 0.8 },
  'leakyRelu forward': { copy: 0.8 },
  'leakyRelu backward': { bandwidth: 0.8 },
  'relu6 backward': { bandwidth: 0.8 },
  'hardtanh backward': { bandwidth: 0.8 },
  'elu forward': { tfjs: 1 },
  'elu backward': { bandwidth: 0.8 },
  'celu backward': { bandwidth: 0.8 },
  'selu forward': { tfjs: 1 },
  'selu backward': { bandwidth: 0.8 },
  'sigmoid forward': { tfjs: 1 },
  'sigmoid backward': { torch: 0.9, bandwidth: 0.8 },
  'tanh forward': { tfjs: 1, torch: 1.6 },
  'tanh backward': { torch: 0.9, bandwidth: 0.8 },
  'hardSigmoid backward': { bandwidth: 0.8 },
  'softplus forward': { tfjs: 1, torch: 1 },
  'softsign backward': { bandwidth: 0.8 },
  'gelu forward': { torch: 0.5 },
  'gelu backward': { torch: 0.8 },
  'gelu tanh forward': { torch: 1.5 },
  'silu forward': { torch: 0.5 },
  'silu backward': { torch: 0.8 },
  'mish forward': { torch: 3 },
  uniform: { torch: 2 },
  normal: { torch: 1.1 },
  'truncated normal': { torch: 10 },
  'random.torch normal': { torch: 0.5 },
  'He normal 4096 x 4096': { torch: 1 },
  'orthogonal 128': { torch: 0.5 },
  'orthogonal 512': { torch: 0.5 },
  'matmul 256 x 1024 x 1024': { tfjs: 1.3 },
  'matmul 100 x 784 x 100': { tfjs: 1.3 },
  'matmul 100 x 100 x 10': { tfjs: 1.3 },
  'training step 784-100-10, batch 100': { torch: 1 },
  'training step 256-256-256-10, batch 64': { torch: 1 },
};

const read = (path: string) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined);

/** A table in Markdown; the first row is its head. */
function table([head, ...body]: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

const times = (v: number | undefined) =>
  v === undefined || Number.isNaN(v) ? '' : `${v.toPrecision(v < 10 ? 2 : 3)} ×`;

function figure(row: Row, way: string): string {
  const value = speed(row, way);
  return value === undefined ? '' : `${Number(value.toPrecision(3)).toLocaleString('en')} ${row.unit}`;
}

/** report/limit.json and report/browser.json */
interface Limit {
  compiler: string;
  milliseconds: Record<string, number>;
}
interface Browsers {
  date: string;
  cpu: string;
  browsers: { name: string; rows: Row[] }[];
}

/** The results of `npm run bench -- browser`: the speed in each browser, as a multiple of plain JavaScript there. */
function inBrowsers({ date, cpu, browsers }: Browsers): string {
  const names = new Set(browsers.flatMap(({ rows }) => rows.map(({ name }) => name)));
  const lines = [...names].map((name) => [
    name,
    ...browsers.flatMap(({ rows }) => {
      const row = rows.find((one) => one.name === name);
      return row ? [figure(row, 'workspace'), times(row.milliseconds.baseline / row.milliseconds.workspace)] : ['', ''];
    }),
  ]);
  return `
## In browsers

Measured on ${date}, ${cpu}, by \`npm run bench -- browser\`: kernels on 65,536 values in a workspace, and whole jobs, one thread. "× JavaScript" is how many times as fast that is as plain JavaScript in the same browser.

${table([['', ...browsers.flatMap(({ name }) => [name, '× JavaScript'])], ...lines])}
`;
}

/** The results of `npm run bench -- --record` for calls of few values. */
function small({ date, small: calls }: { date: string; small?: Row[] }): string {
  const sizes = [16, 256];
  const lines = [...new Set((calls ?? []).map(({ name }) => name))].map((name) => [
    name,
    ...sizes.flatMap((size) => {
      const { workspace, staged } = calls!.find((one) => one.name === name && one.size === size)!.ratio;
      return [times(workspace), times(staged)];
    }),
  ]);
  return `
## Small calls

Measured on ${date} by \`npm run bench -- --record\`: the speed of a call on 16 and on 256 values, with its checks, as a multiple of a plain loop's speed. The aim is 0.5 ×: a call takes at most twice as long as the loop.

${table([['', ...sizes.flatMap((size) => [`${size} in a workspace`, `${size} staged`])], ...lines])}
`;
}

export function report(): void {
  const ours = read('report/peers.json');
  if (ours === undefined) {
    console.error('There is no report/peers.json; run `npm run bench -- peers` first');
    process.exit(1);
  }
  const torch = read('report/torch.json');
  const limit: Limit | undefined = read('report/limit.json');
  const browsers: Browsers | undefined = read('report/browser.json');
  const notes: Record<string, string> = read('bench/notes.json') ?? {};
  const rows = ours.rows as Row[];
  const copy = rows.find(({ name }) => name === 'memory.copy')?.milliseconds.fanwise ?? Number.NaN;
  const head = ['', 'speed', '× JavaScript', '× TF.js', '× PyTorch', '× memory.copy', 'aim'];
  if (limit) head.splice(-1, 0, 'of the limit');
  const lines = rows.map((row) => {
    const { name, unit, amount } = row;
    const own = row.milliseconds.fanwise;
    const theirs: number | undefined = torch?.milliseconds[name];
    const ratio: Record<Against, number> = {
      tfjs: row.milliseconds.tfjs / own,
      torch: ((theirs ?? Number.NaN) * (unit === 'ms' ? amount : 1)) / own,
      copy: copy / own,
      // Twelve bytes a value, of which memory.copy moves eight.
      bandwidth: ((copy / own) * 12) / 8,
    };
    const reached = (Object.entries(aims[name] ?? {}) as [Against, number][]).map(([peer, least]) => {
      const mark = Number.isNaN(ratio[peer]) ? '' : ratio[peer] >= least ? ' ✓' : ' ✗';
      return `${least} × ${against[peer]}${mark}`;
    });
    const bytes = name.endsWith(' backward') ? ratio.bandwidth : ratio.copy;
    const cells = [name, figure(row, 'fanwise'), times(row.ratio.fanwise), times(ratio.tfjs), times(ratio.torch)];
    cells.push(unit === 'M/s' ? times(bytes) : '');
    const best = limit?.milliseconds[name];
    if (limit) cells.push(best === undefined ? '' : `${Math.round((100 * best) / own)} %`);
    return [...cells, reached.join(', ')];
  });
  const missed = Object.entries(notes).map(([name, note]) => `- **${name}**: ${note}`);
  const ofTheLimit = limit
    ? `

\`of the limit\` is the share that is reached of the speed of the same algorithm in C (${limit.compiler.split(' -')[0]}, intrinsics on 128-bit lanes, no fused multiply-add, the same bits), in another process on the same machine: \`gcc -O3 -mavx2 -mno-fma -ffp-contract=off -o report/limit bench/limit.c -lm && report/limit\`. The aim is 90 %.`
    : '';
  mkdirSync('docs', { recursive: true });
  writeFileSync(
    'docs/performance.md',
    `# Performance

Measured on ${ours.date}, ${ours.cpu}, ${ours.cores} cores, Node ${ours.node}, one thread: \`npm run bench -- peers\` (this package, TensorFlow.js on its wasm backend and plain JavaScript over preallocated arrays, in one process and in turns, medians of rounds) and \`python3 bench/torch.py\` (${torch ? `PyTorch ${torch.torch}, one thread, the same machine` : 'not run'}), joined by \`npm run bench -- report\`. Ratios say how many times as fast this package is. Those against PyTorch compare two processes, and are good to a fifth.

Kernels run on 65,536 values in a workspace. \`memory.copy\` reads and writes as many bytes as a forward does, and is the limit for functions that do little else. A backward moves twelve bytes a value (two reads and a write) where \`memory.copy\` moves eight. So its \`× memory.copy\` is a ratio of bytes a second, which the aims call bandwidth.${ofTheLimit}

${table([head, ...lines])}

TensorFlow.js' backward includes its forward, as it does for a user of tf.grad. Aims that are missed (✗) are explained below.

${missed.join('\n')}
${small(read('bench/figures.json'))}${browsers?.browsers.length ? inBrowsers(browsers) : ''}`,
  );
  console.log('docs/performance.md');
}
