// npm run bench -- peers      against TensorFlow.js in one process, in turns; writes report/peers.json
// npm run bench -- report     docs/performance.md, of that and of what bench/torch.py, bench/limit.c and
//                             npm run bench -- browser have left in report/
//
// TensorFlow.js is not a dependency: npm install --no-save @tensorflow/tfjs @tensorflow/tfjs-backend-wasm

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { type Activation, activation, activations, parametersOf } from '../src/activation.js';
import { init, nn, random, tensor, workspace } from '../src/index.js';
import type { Row as Formulas } from '../src/pointwise.js';
import { bind, scalar } from '../src/wasm.js';
import * as distribution from './distribution.bench.js';
import * as linear from './linear.bench.js';
import { type Case, loop, measure, type Row, speed } from './measure.js';
import * as model from './model.bench.js';

// biome-ignore lint/suspicious/noExplicitAny: a peer that may be absent has no types
type Peer = any;

/** TensorFlow.js on its wasm backend, or undefined. */
async function tensorflow(): Promise<Peer> {
  const name = '@tensorflow/tfjs';
  try {
    const tf: Peer = await import(name);
    const wasm: Peer = await import(`${name}-backend-wasm`);
    wasm.setWasmPaths(`${dirname(createRequire(import.meta.url).resolve(`${name}-backend-wasm`))}/`);
    await tf.setBackend('wasm');
    await tf.ready();
    return tf;
  } catch (error) {
    console.warn(`Without TensorFlow.js (${(error as Error).message.split('\n')[0]}):`);
    console.warn('npm install --no-save @tensorflow/tfjs @tensorflow/tfjs-backend-wasm\n');
    return undefined;
  }
}

const N = 65536;

function pointwise(tf: Peer): Case[] {
  const ws = workspace({ bytes: 4 * (3 * N + 16) });
  const [x, dy, out] = [ws.float32(N), ws.float32(N), ws.float32(N)];
  random.philox(1).normal({ out: x });
  random.philox(2).normal({ out: dy });
  const plainX = x.slice();
  const plainDy = dy.slice();
  const plainOut = new Float32Array(N);
  const tx = tf?.tensor1d(plainX);
  const tdy = tf?.tensor1d(plainDy);
  // biome-ignore lint/complexity/noBannedTypes: the peer's functions
  const theirs: Partial<Record<Activation, Function>> = tf && {
    ...{ relu: tf.relu, relu6: tf.relu6, elu: tf.elu, selu: tf.selu, sigmoid: tf.sigmoid, tanh: tf.tanh },
    ...{ leakyRelu: (t: Peer) => tf.leakyRelu(t, 0.01), softplus: tf.softplus, logSigmoid: tf.logSigmoid },
    silu: (t: Peer) => tf.mul(t, tf.sigmoid(t)),
    mish: (t: Peer) => tf.mul(t, tf.tanh(tf.softplus(t))),
  };
  const about = { size: N, amount: N, unit: 'M/s' as const };
  const copy: Case = { ...about, name: 'memory.copy', ways: { fanwise: () => out.set(x) } };
  return [
    copy,
    ...([...(Object.keys(activations) as Activation[]), 'gelu tanh'] as const).flatMap((told): Case[] => {
      const name = told === 'gelu tanh' ? 'gelu' : told;
      const given = told === 'gelu tanh' ? { approximate: 'tanh' } : {};
      const row: Formulas = activations[name];
      const [a, b] = parametersOf(name, row, given);
      const { forward, backward } = activation[name] as (typeof activation)['tanh'];
      const f = loop('f, x, out, a, b', 'for (let i = 0; i < x.length; i++) out[i] = f(x[i], a, b)');
      const g = loop('f, x, dy, out, a, b', 'for (let i = 0; i < x.length; i++) out[i] = dy[i] * f(x[i], a, b)');
      const their = theirs?.[told as Activation];
      const gradient = their && tf.grad((t: Peer) => their(t));
      const tfjs = (run: () => Peer) => ({ tfjs: () => void tf.tidy(() => void run()) });
      return [
        {
          ...{ ...about, name: `${told} forward` },
          ways: {
            fanwise: () => void forward(x, { out, ...given }),
            ...(their ? tfjs(() => their(tx)) : {}),
            baseline: () => f(row.formula, plainX, plainOut, a, b),
          },
        },
        {
          ...{ ...about, name: `${told} backward` },
          ways: {
            fanwise:
              row.keeps === 'y'
                ? () => void backward({ y: x, dy, out, ...given } as never)
                : () => void backward({ x, dy, out, ...given } as never),
            ...(gradient ? tfjs(() => gradient(tx, tdy)) : {}),
            baseline: () => g(row.derivative, plainX, plainDy, plainOut, a, b),
          },
        },
      ];
    }),
  ];
}

function fills(tf: Peer): Case[] {
  const out = workspace({ bytes: 4 * N }).float32(N);
  const rng = random.philox(1);
  const torch = random.torch(1);
  const big = tensor([4096, 4096]);
  const about = { size: N, amount: N, unit: 'M/s' as const };
  const whole = { size: 1, amount: 1, unit: 'ms' as const };
  const tfjs = (run: () => Peer) => (tf ? { tfjs: () => void tf.tidy(() => void run()) } : {});
  return [
    {
      ...about,
      name: 'uniform',
      ways: { fanwise: () => void rng.uniform({ out }), ...tfjs(() => tf.randomUniform([N])) },
    },
    {
      ...about,
      name: 'normal',
      ways: { fanwise: () => void rng.normal({ out }), ...tfjs(() => tf.randomNormal([N])) },
    },
    {
      ...{ ...about, name: 'truncated normal' },
      ways: { fanwise: () => void rng.truncatedNormal({ out }), ...tfjs(() => tf.truncatedNormal([N])) },
    },
    { ...about, name: 'random.torch uniform', ways: { fanwise: () => void torch.uniform({ out }) } },
    { ...about, name: 'random.torch normal', ways: { fanwise: () => void torch.normal({ out }) } },
    // PyTorch fills what is there; TensorFlow.js makes an array, whose pages the system has to find first.
    { ...whole, name: 'He normal 4096 x 4096', ways: { fanwise: () => void init.heNormal(big, { rng }) } },
    {
      ...{ ...whole, name: 'He normal 4096 x 4096, a new array' },
      ways: {
        fanwise: () => void init.heNormal([4096, 4096], { rng }),
        ...tfjs(() => tf.initializers.heNormal({ seed: 1 }).apply([4096, 4096])),
      },
    },
    {
      ...{ ...whole, name: 'orthogonal 128' },
      ways: {
        fanwise: () => void init.orthogonal([128, 128], { rng }),
        ...tfjs(() => tf.initializers.orthogonal({ seed: 1 }).apply([128, 128])),
      },
    },
    { ...whole, name: 'orthogonal 512', ways: { fanwise: () => void init.orthogonal([512, 512], { rng }) } },
  ];
}

function products(tf: Peer): Case[] {
  return [
    [256, 1024, 1024],
    [100, 784, 100],
    [100, 100, 10],
  ].map(([rows, inputs, outputs]) => {
    const scratch = scalar('linearScratch') / 4;
    const sizes = [rows * inputs, outputs * inputs, rows * outputs, scratch];
    const ws = workspace({ bytes: 4 * sizes.reduce((sum, n) => sum + n + 4, 0) });
    const [x, w, y, work] = sizes.map((n) => ws.float32(n));
    random.philox(1).normal({ out: x });
    random.philox(2).normal({ out: w });
    const forward = bind(ws, 'linearForward', x, w, null, y, null, work);
    const [tx, tw] = tf ? [tf.tensor2d(x.slice(), [rows, inputs]), tf.tensor2d(w.slice(), [inputs, outputs])] : [];
    const amount = 2 * rows * inputs * outputs;
    return {
      ...{ name: `matmul ${rows} x ${inputs} x ${outputs}`, size: 1, amount, unit: 'GFLOP/s' as const },
      ways: {
        fanwise: () => void forward(rows, inputs, outputs, 0, 0),
        ...(tf ? { tfjs: () => void tf.tidy(() => void tf.matMul(tx, tw)) } : {}),
      },
    };
  });
}

/** Steps a call, as many as the plain loop's. */
const STEPS = 50;

async function trainings(tf: Peer): Promise<Case[]> {
  const nets: [widths: number[], batch: number][] = [
    [[784, 100, 10], 100],
    [[256, 256, 256, 10], 64],
  ];
  return nets.map(([widths, batch]) => {
    const rng = random.philox(1);
    const pairs = widths.slice(1).map((outputs, i) => [widths[i], outputs]);
    const last = pairs.length - 1;
    const layers = pairs.map(([i, o], k) =>
      nn.linear(i, o, { rng, ...(k < last ? { activation: 'tanh' as const } : {}) }),
    );
    const model = nn.sequential(layers);
    const x = rng.uniform(batch * widths[0]);
    const labels = Uint8Array.from({ length: batch }, (_, i) => i % 10);
    const optimizer = nn.sgd({ lr: 0.1, momentum: 0.9, nesterov: true });
    const ways: Case['ways'] = {
      fanwise: async () => {
        const o = { epochs: STEPS, batchSize: batch, shuffle: false, seed: 0, optimizer };
        for await (const _ of nn.fit(model, { x, labels }, o));
      },
    };
    if (tf) {
      const weights = pairs.map(([i, o]) => [tf.variable(tf.randomNormal([i, o], 0, 0.1)), tf.variable(tf.zeros([o]))]);
      const [tx, ty] = [tf.tensor2d(x, [batch, widths[0]]), tf.oneHot(tf.tensor1d(labels, 'int32'), 10)];
      const theirs = tf.train.momentum(0.1, 0.9, true);
      const loss = () => {
        const z = weights.reduce((h: Peer, [w, b]: Peer[], k: number) => {
          const made = tf.add(tf.matMul(h, w), b);
          return k < last ? tf.tanh(made) : made;
        }, tx);
        return tf.losses.softmaxCrossEntropy(ty, z);
      };
      ways.tfjs = () => {
        for (let k = 0; k < STEPS; k++) tf.tidy(() => void theirs.minimize(loss));
      };
    }
    const name = `training step ${widths.join('-')}, batch ${batch}`;
    return { name, size: 1, amount: STEPS, unit: 'ms', ways };
  });
}

/** The plain loops of the other benches, by the names that rows have here. */
async function plainLoops(): Promise<Map<string, Case['ways'][string]>> {
  const all = [...distribution.cases(N), ...linear.cases(), ...(await model.cases())];
  const names: Record<string, string> = { 'philox truncatedNormal': 'truncated normal' };
  return new Map(
    all.map(({ name, ways }) => [
      names[name] ?? name.replace('philox ', '').replace('linear forward', 'matmul'),
      ways.baseline,
    ]),
  );
}

export async function peers(machine: object): Promise<void> {
  const tf = await tensorflow();
  const rows: Row[] = [];
  const plain = await plainLoops();
  const others = [...fills(tf), ...products(tf), ...(await trainings(tf))];
  for (const { name, ways } of others) if (plain.has(name)) ways.baseline = plain.get(name);
  const all = [...pointwise(tf), ...others];
  console.log(
    `${'of 65,536 values, or whole'.padEnd(40)}${['fanwise', 'TF.js', 'JavaScript'].map((v) => v.padStart(11)).join('')}`,
  );
  for (const one of all) {
    const row = await measure(one, one.unit === 'M/s' ? { rounds: 5, time: 30 } : { rounds: 3, time: 100 });
    rows.push(row);
    const cells = ['fanwise', 'tfjs', 'baseline'].map((way) => (speed(row, way)?.toPrecision(3) ?? '').padStart(11));
    console.log(`${row.name.padEnd(40)}${cells.join('')}   ${row.unit}`);
  }
  mkdirSync('report', { recursive: true });
  writeFileSync('report/peers.json', `${JSON.stringify({ ...machine, rows }, null, 2)}\n`);
}

/**
 * Against what a row is held: the speed of TensorFlow.js, of PyTorch, of memory.copy, or, for what reads two arrays and
 * writes one, the bytes a second of memory.copy.
 */
const against = { tfjs: 'TF.js', torch: 'PyTorch', copy: 'memory.copy', bandwidth: 'bandwidth' };

type Against = keyof typeof against;

/** What the aims of a row are: at least so many times as fast. */
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

/** Rows of cells in Markdown, the first of which is the head. */
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

/** What `npm run bench -- browser` measured: the speed in each browser, and how many times plain JavaScript's there. */
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

Measured on ${date}, ${cpu}, by \`npm run bench -- browser\`: kernels on 65,536 values in a workspace and whole jobs, one thread, and how many times the speed of plain JavaScript in the same browser.

${table([['', ...browsers.flatMap(({ name }) => [name, '× JavaScript'])], ...lines])}
`;
}

/** What `npm run bench -- --record` measured of calls of few values. */
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

Measured on ${date} by \`npm run bench -- --record\`: the speed of a call of 16 and of 256 values, its checks included, as a multiple of the plain loop's. The aim is 0.5 ×, that a call costs at most twice the loop.

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
    const told = (Object.entries(aims[name] ?? {}) as [Against, number][]).map(([peer, least]) => {
      const reached = Number.isNaN(ratio[peer]) ? '' : ratio[peer] >= least ? ' ✓' : ' ✗';
      return `${least} × ${against[peer]}${reached}`;
    });
    const bytes = name.endsWith(' backward') ? ratio.bandwidth : ratio.copy;
    const cells = [name, figure(row, 'fanwise'), times(row.ratio.fanwise), times(ratio.tfjs), times(ratio.torch)];
    cells.push(unit === 'M/s' ? times(bytes) : '');
    const best = limit?.milliseconds[name];
    if (limit) cells.push(best === undefined ? '' : `${Math.round((100 * best) / own)} %`);
    return [...cells, told.join(', ')];
  });
  const missed = Object.entries(notes).map(([name, note]) => `- **${name}**: ${note}`);
  const ofTheLimit = limit
    ? `

\`of the limit\` is the share reached of what the same algorithm does in C (${limit.compiler.split(' -')[0]}, intrinsics on 128-bit lanes, no fused multiply-add, the same bits), another process on the same machine: \`gcc -O3 -mavx2 -mno-fma -ffp-contract=off -o report/limit bench/limit.c -lm && report/limit\`. The aim is 90 %.`
    : '';
  mkdirSync('docs', { recursive: true });
  writeFileSync(
    'docs/performance.md',
    `# Performance

Measured on ${ours.date}, ${ours.cpu}, ${ours.cores} cores, Node ${ours.node}, one thread: \`npm run bench -- peers\` (this package, TensorFlow.js on its wasm backend and plain JavaScript over preallocated arrays, in one process and in turns, medians of rounds) and \`python3 bench/torch.py\` (${torch ? `PyTorch ${torch.torch}, one thread, the same machine` : 'not run'}), joined by \`npm run bench -- report\`. Ratios say how many times faster this package is; those against PyTorch are of two processes, and good to a fifth.

Kernels work on 65,536 values in a workspace. \`memory.copy\` reads and writes as many bytes as a forward; it is the limit of what only reads and writes. A backward moves twelve bytes a value, two reads and a write, where \`memory.copy\` moves eight: its \`× memory.copy\` is the ratio of bytes a second, which is what an aim calls bandwidth.${ofTheLimit}

${table([head, ...lines])}

TensorFlow.js' backward includes its forward, as a user of tf.grad pays it. An aim that is missed (✗) is explained below.

${missed.join('\n')}
${small(read('bench/figures.json'))}${browsers?.browsers.length ? inBrowsers(browsers) : ''}`,
  );
  console.log('docs/performance.md');
}
