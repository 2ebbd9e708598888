// npm run bench -- peers: against TensorFlow.js in one process, in turns; writes report/peers.json
//
// TensorFlow.js is not a dependency: npm install --no-save @tensorflow/tfjs @tensorflow/tfjs-backend-wasm

import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Row as Formulas } from '../src/activation/row.js';
import { type Activation, activation, activations, parametersOf } from '../src/activation/table.js';
import { init, nn, random, tensor, workspace } from '../src/index.js';
import { scalar } from '../src/wasm/kernels.js';
import { bind } from '../src/wasm/memory.js';
import { nnModule } from '../src/wasm/module.js';
import { type Case, loop, measure, type Row, speed } from './measure.js';
import * as linear from './nn/linear.bench.js';
import * as model from './nn/model.bench.js';
import * as distribution from './random/distributions.bench.js';

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
    relu: tf.relu,
    relu6: tf.relu6,
    elu: tf.elu,
    selu: tf.selu,
    sigmoid: tf.sigmoid,
    tanh: tf.tanh,
    leakyRelu: (t: Peer) => tf.leakyRelu(t, 0.01),
    softplus: tf.softplus,
    logSigmoid: tf.logSigmoid,
    silu: (t: Peer) => tf.mul(t, tf.sigmoid(t)),
    mish: (t: Peer) => tf.mul(t, tf.tanh(tf.softplus(t))),
  };
  const about = { size: N, amount: N, unit: 'M/s' as const };
  const copy: Case = { ...about, name: 'memory.copy', ways: { fanwise: () => out.set(x) } };
  return [
    copy,
    ...([...(Object.keys(activations) as Activation[]), 'gelu tanh'] as const).flatMap((label): Case[] => {
      const name = label === 'gelu tanh' ? 'gelu' : label;
      const options = label === 'gelu tanh' ? { approximate: 'tanh' } : {};
      const row: Formulas = activations[name];
      const [a, b] = parametersOf(name, row, options);
      const { forward, backward } = activation[name] as (typeof activation)['tanh'];
      const f = loop('f, x, out, a, b', 'for (let i = 0; i < x.length; i++) out[i] = f(x[i], a, b)');
      const g = loop('f, x, dy, out, a, b', 'for (let i = 0; i < x.length; i++) out[i] = dy[i] * f(x[i], a, b)');
      const their = theirs?.[label as Activation];
      const gradient = their && tf.grad((t: Peer) => their(t));
      const tfjs = (run: () => Peer) => ({ tfjs: () => void tf.tidy(() => void run()) });
      return [
        {
          ...about,
          name: `${label} forward`,
          ways: {
            fanwise: () => void forward(x, { out, ...options }),
            ...(their ? tfjs(() => their(tx)) : {}),
            baseline: () => f(row.formula, plainX, plainOut, a, b),
          },
        },
        {
          ...about,
          name: `${label} backward`,
          ways: {
            fanwise:
              row.keeps === 'y'
                ? () => void backward({ y: x, dy, out, ...options } as never)
                : () => void backward({ x, dy, out, ...options } as never),
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
      ...about,
      name: 'truncated normal',
      ways: { fanwise: () => void rng.truncatedNormal({ out }), ...tfjs(() => tf.truncatedNormal([N])) },
    },
    { ...about, name: 'random.torch uniform', ways: { fanwise: () => void torch.uniform({ out }) } },
    { ...about, name: 'random.torch normal', ways: { fanwise: () => void torch.normal({ out }) } },
    // PyTorch fills an existing array; TensorFlow.js allocates one, whose pages the system has to map first.
    { ...whole, name: 'He normal 4096 x 4096', ways: { fanwise: () => void init.heNormal(big, { rng }) } },
    {
      ...whole,
      name: 'He normal 4096 x 4096, a new array',
      ways: {
        fanwise: () => void init.heNormal([4096, 4096], { rng }),
        ...tfjs(() => tf.initializers.heNormal({ seed: 1 }).apply([4096, 4096])),
      },
    },
    {
      ...whole,
      name: 'orthogonal 128',
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
    const scratch = scalar(nnModule, 'linearScratch') / 4;
    const sizes = [rows * inputs, outputs * inputs, rows * outputs, scratch];
    const ws = workspace({ bytes: 4 * sizes.reduce((sum, n) => sum + n + 4, 0) });
    const [x, w, y, work] = sizes.map((n) => ws.float32(n));
    random.philox(1).normal({ out: x });
    random.philox(2).normal({ out: w });
    const forward = bind(ws, 'linearForward', x, w, null, y, null, work);
    const [tx, tw] = tf ? [tf.tensor2d(x.slice(), [rows, inputs]), tf.tensor2d(w.slice(), [inputs, outputs])] : [];
    const amount = 2 * rows * inputs * outputs;
    return {
      name: `matmul ${rows} x ${inputs} x ${outputs}`,
      size: 1,
      amount,
      unit: 'GFLOP/s' as const,
      ways: {
        fanwise: () => void forward(rows, inputs, outputs, 0, 0),
        ...(tf ? { tfjs: () => void tf.tidy(() => void tf.matMul(tx, tw)) } : {}),
      },
    };
  });
}

/** Steps per call, as many as in the plain loop. */
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
          const sum = tf.add(tf.matMul(h, w), b);
          return k < last ? tf.tanh(sum) : sum;
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

/** The plain loops of the other benches, by the names of the rows here. */
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
