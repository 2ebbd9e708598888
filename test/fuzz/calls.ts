// Every public function with arguments that are right, for tests that make one of them wrong.

import type { Row } from '../../src/activation/row.js';
import { type Activation, activations } from '../../src/activation/table.js';
import {
  activation,
  diagnose,
  gain,
  init,
  loss,
  nn,
  npy,
  random,
  safetensors,
  softmax,
  tensor,
  workspace,
} from '../../src/index.js';
import { initialisers } from '../../src/init/table.js';
import { losses } from '../../src/nn/losses/pointwise.js';
import { optimizerRow } from '../../src/nn/optimizer.js';
import * as optimizers from '../../src/nn/optimizers.js';
import { scheduleRow } from '../../src/nn/schedule.js';
import * as schedules from '../../src/nn/schedules.js';
import { variants } from '../check/options.js';
import { noise } from '../oracle.js';

// biome-ignore lint/suspicious/noExplicitAny: the calls take what the types forbid
export type Any = any;
export interface Call {
  name: string;
  /** Arguments made anew for each call. */
  args(): Any[];
  run(...args: Any[]): unknown;
}

const model = () =>
  nn.sequential([
    nn.linear(2, 4, { seed: 1, activation: 'gelu' }),
    nn.prelu(4),
    nn.dropout({ seed: 1 }),
    nn.linear(4, 3, { seed: 2 }),
  ]);
const batch = () => ({ x: noise(1, 8), labels: Uint32Array.of(0, 2, 1, 0) });
const draw = () => ({ out: new Float32Array(4) });

const elementwise = (Object.keys(activations) as Activation[]).flatMap((name): Call[] => {
  const row: Row = activations[name];
  const said = Object.fromEntries(Object.entries(row.parameters).map(([word, { value }]) => [word, value]));
  const { forward, backward } = activation[name] as Any;
  return [
    {
      name: `activation.${name}.forward`,
      args: () => [noise(1, 6), { out: new Float32Array(6), ...said }],
      run: forward,
    },
    {
      name: `activation.${name}.backward`,
      args: () => [{ [row.keeps]: noise(1, 6), dy: noise(2, 6), out: new Float32Array(6), ...said }],
      run: backward,
    },
  ];
});

const normalised = (
  [
    ['softmax', softmax],
    ['softmax.log', softmax.log],
  ] as const
).flatMap(([name, { forward, backward }]): Call[] => [
  {
    name: `${name}.forward`,
    args: () => [noise(1, 6), { columns: 3, rows: 2, out: new Float32Array(6) }],
    run: forward as Any,
  },
  {
    name: `${name}.forward`,
    args: () => [noise(1, 6), { shape: [1, 3, 2], axis: 1, out: new Float32Array(6) }],
    run: forward as Any,
  },
  {
    name: `${name}.backward`,
    args: () => [{ y: noise(1, 6), dy: noise(2, 6), shape: [3, 2], axis: 0, out: new Float32Array(6) }],
    run: backward as Any,
  },
]);

const halves = (['glu', 'swiglu', 'geglu'] as const).flatMap((name): Call[] => [
  {
    name: `activation.${name}.forward`,
    args: () => [noise(1, 8), { columns: 4, gate: 'first', out: new Float32Array(4) }],
    run: activation[name].forward as Any,
  },
  {
    name: `activation.${name}.backward`,
    args: () => [{ x: noise(1, 8), dy: noise(2, 4), shape: [2, 4], axis: 1, out: new Float32Array(8) }],
    run: activation[name].backward as Any,
  },
]);

const compared = (Object.keys(losses) as (keyof typeof losses)[]).flatMap((name): Call[] => {
  const { from, parameters } = losses[name];
  const said = Object.fromEntries(Object.entries(parameters).map(([word, { value }]) => [word, value]));
  const given = () => ({ [from]: noise(1, 6), targets: noise(2, 6).map(Math.abs), ...said });
  return [
    { name: `loss.${name}.forward`, args: () => [{ ...given(), reduction: 'sum' }], run: loss[name].forward as Any },
    {
      name: `loss.${name}.backward`,
      args: () => [{ ...given(), reduction: 'none', dy: noise(3, 6), out: new Float32Array(6) }],
      run: loss[name].backward as Any,
    },
  ];
});
const classified = () => ({
  logits: noise(1, 6),
  labels: Uint32Array.of(0, 2),
  columns: 3,
  rows: 2,
  labelSmoothing: 0.1,
  ignoreIndex: -1,
  weights: Float32Array.of(1, 2, 3),
});

const generators = (['philox', 'torch', 'threefry'] as const).flatMap((kind): Call[] => {
  const name = `random.${kind}`;
  const rng = () => random[kind](1) as Any;
  const on =
    (method: string) =>
    (it: Any, ...args: Any[]) =>
      it[method](...args);
  const slice = kind === 'torch' ? {} : { slice: [1, 5] };
  const laws = { uniform: { low: -1, high: 2 }, normal: { mean: 1, std: 2 }, bernoulli: { p: 0.3 } };
  const cut = { mean: 0, std: 1, low: -1, high: 2, absolute: true };
  return [
    { name, args: () => [5], run: random[kind] as Any },
    ...Object.entries({ ...laws, truncatedNormal: cut }).flatMap(([law, o]): Call[] => [
      {
        name: `${name}.${law}`,
        args: () => [rng(), kind === 'torch' ? 4 : 6, { ...o, ...draw(), ...slice }],
        run: on(law),
      },
      { name: `${name}.${law}`, args: () => [rng(), { ...o, ...draw() }], run: on(law) },
    ]),
    {
      name: `${name}.bits`,
      args: () => [rng(), kind === 'torch' ? 4 : 6, { out: new Uint32Array(4), ...slice }],
      run: on('bits'),
    },
    { name: `${name}.permutation`, args: () => [rng(), 5], run: on('permutation') },
    { name: `${name}.order`, args: () => [rng(), 5], run: on('order') },
    ...(kind === 'torch' ? [] : [{ name: `${name}.fork`, args: () => [rng(), 'label'], run: on('fork') }]),
    { name: 'random.restore', args: () => [rng().state()], run: random.restore as Any },
  ];
});

const drawing = { seed: 1, layout: 'io', fanIn: 3, fanOut: 5 };
const kaiming = { mode: 'fanOut', nonlinearity: 'leakyRelu', slope: 0.1, gain: 2 };
const particular: Record<string, object> = {
  constant: { value: 2 },
  uniform: { low: -1, high: 1 },
  normal: { mean: 1, std: 2 },
  truncatedNormal: { mean: 0, std: 1, low: -1, high: 1, absolute: false },
  ...Object.fromEntries(['kaimingUniform', 'kaimingNormal', 'heUniform', 'heNormal'].map((name) => [name, kaiming])),
  varianceScaling: { scale: 2, mode: 'fanAvg', distribution: 'uniform' },
};
const drawn = Object.keys(initialisers).flatMap((name): Call[] => [
  {
    name: `init.${name}`,
    args: () => [[3, 4], { ...drawing, ...particular[name], out: new Float32Array(4), slice: [2, 6] }],
    run: (init as Any)[name],
  },
  {
    name: `init.${name}`,
    args: () => [tensor([2, 3]), { rng: random.philox(1), ...particular[name] }],
    run: (init as Any)[name],
  },
]);

const others: Call[] = [
  {
    name: 'softmax.logSumExp.forward',
    args: () => [noise(1, 6), { shape: [2, 3] }],
    run: softmax.logSumExp.forward as Any,
  },
  {
    name: 'softmax.logSumExp.backward',
    args: () => [{ x: noise(1, 6), dy: noise(2, 2), columns: 3, out: new Float32Array(6) }],
    run: softmax.logSumExp.backward as Any,
  },
  {
    name: 'activation.prelu.forward',
    args: () => [noise(1, 6), { slopes: noise(2, 3), shape: [2, 3], axis: 1, out: new Float32Array(6) }],
    run: activation.prelu.forward as Any,
  },
  {
    name: 'activation.prelu.backward',
    args: () => [{ x: noise(1, 6), dy: noise(2, 6), slopes: noise(3, 3), out: new Float32Array(6) }],
    run: activation.prelu.backward as Any,
  },
  {
    name: 'activation.dropout.forward',
    args: () => [noise(1, 6), { p: 0.5, seed: 1, out: new Float32Array(6) }],
    run: activation.dropout.forward as Any,
  },
  {
    name: 'activation.dropout.backward',
    args: () => [{ dy: noise(1, 6), p: 0.5, rng: random.philox(1), out: new Float32Array(6) }],
    run: activation.dropout.backward as Any,
  },
  {
    name: 'loss.crossEntropy.forward',
    args: () => [{ ...classified(), reduction: 'mean' }],
    run: loss.crossEntropy.forward as Any,
  },
  {
    name: 'loss.crossEntropy.backward',
    args: () => [{ ...classified(), reduction: 'none', dy: noise(4, 2), out: new Float32Array(6) }],
    run: loss.crossEntropy.backward as Any,
  },
  { name: 'random.torch', args: () => [1, { release: '2.11' }], run: random.torch as Any },
  {
    name: 'random.threefry.split',
    args: () => [random.threefry(1), 2],
    run: (rng: Any, ...args: Any[]) => rng.split(...args),
  },
  {
    name: 'random.threefry.foldIn',
    args: () => [random.threefry(1), 2],
    run: (rng: Any, ...args: Any[]) => rng.foldIn(...args),
  },
  { name: 'init.orthogonal', args: () => [[3, 4], { ...drawing, gain: 2 }], run: init.orthogonal as Any },
  { name: 'init.deltaOrthogonal', args: () => [[3, 4, 3], { seed: 1, gain: 2 }], run: init.deltaOrthogonal as Any },
  { name: 'init.sparse', args: () => [[3, 4], { seed: 1, sparsity: 0.5, std: 1 }], run: init.sparse as Any },
  { name: 'init.eye', args: () => [[3, 4], { gain: 2, layout: 'io', slice: [1, 5] }], run: init.eye as Any },
  { name: 'init.dirac', args: () => [[4, 2, 3], { groups: 2, out: new Float32Array(24) }], run: init.dirac as Any },
  {
    name: 'init.torchLinear',
    args: () => [tensor([3, 4]), { seed: 1, bias: tensor([3]), fanIn: 4 }],
    run: init.torchLinear as Any,
  },
  {
    name: 'init.describe',
    args: () => ['kaimingNormal', [3, 4], { mode: 'fanOut', fanIn: 2 }],
    run: init.describe as Any,
  },
  { name: 'gain', args: () => ['leakyRelu', { direction: 'backward', slope: 0.1 }], run: gain as Any },
  { name: 'gain.describe', args: () => ['elu', { alpha: 2 }], run: gain.describe as Any },
  { name: 'gain.torch', args: () => ['leakyRelu', { slope: 0.2 }], run: gain.torch as Any },
  { name: 'tensor', args: () => [[2, 3], noise(1, 6)], run: tensor as Any },
  { name: 'workspace', args: () => [{ bytes: 64 }], run: workspace as Any },
  {
    name: 'workspace.float32',
    args: () => [workspace({ bytes: 64 }), 3],
    run: (ws: Any, ...args: Any[]) => ws.float32(...args),
  },
  {
    name: 'workspace.uint32',
    args: () => [workspace({ bytes: 64 }), 3],
    run: (ws: Any, ...args: Any[]) => ws.uint32(...args),
  },
  {
    name: 'nn.linear',
    args: () => [2, 3, { seed: 1, bias: true, activation: ['leakyRelu', { slope: 0.1 }] }],
    run: nn.linear as Any,
  },
  { name: 'nn.activation', args: () => ['elu', { alpha: 2 }], run: nn.activation as Any },
  { name: 'nn.prelu', args: () => [3, { slope: 0.1 }], run: nn.prelu as Any },
  { name: 'nn.glu', args: () => [3, { gate: 'first' }], run: nn.glu as Any },
  { name: 'nn.swiglu', args: () => [3, { gate: 'second' }], run: nn.swiglu as Any },
  { name: 'nn.geglu', args: () => [3, { gate: 'first' }], run: nn.geglu as Any },
  { name: 'nn.dropout', args: () => [{ p: 0.5, seed: 1 }], run: nn.dropout as Any },
  {
    name: 'nn.sequential',
    args: () => [[nn.linear(2, 3, { seed: 1 }), nn.activation('tanh')]],
    run: nn.sequential as Any,
  },
  { name: 'model.forward', args: () => [model(), noise(1, 6)], run: (it: Any, ...args: Any[]) => it.forward(...args) },
  ...Object.entries({ ...optimizers, ...schedules }).map(([name, run]): Call => {
    const row = (optimizerRow(run) ?? scheduleRow(run)).options;
    return { name: `nn.${name}`, args: () => variants(row).slice(-1), run: run as Any };
  }),
  {
    name: 'nn.evaluate',
    args: () => [model(), batch(), { loss: ['crossEntropy', { labelSmoothing: 0.1 }] }],
    run: nn.evaluate as Any,
  },
  {
    name: 'nn.fit',
    args: () => [
      model(),
      batch(),
      {
        epochs: 1,
        batchSize: 2,
        optimizer: nn.adam(),
        loss: 'crossEntropy',
        schedule: nn.cosine({ over: 3 }),
        scheduleEach: 'step',
        clipNorm: 1,
        seed: 1,
        shuffle: true,
        probe: { every: 1 },
        signal: new AbortController().signal,
      },
    ],
    run: (...args: Any[]) => (nn.fit as Any)(...args),
  },
  {
    name: 'nn.lsuv',
    args: () => [model(), noise(1, 40), { seed: 1, tolerance: 0.1, rounds: 3 }],
    run: nn.lsuv as Any,
  },
  { name: 'nn.save', args: () => [model(), { metadata: { epoch: '1' } }], run: nn.save as Any },
  { name: 'nn.load', args: () => [nn.save(model()), model()], run: nn.load as Any },
  {
    name: 'diagnose.probe',
    args: () => [model(), batch(), { lr: 0.1, loss: 'crossEntropy' }],
    run: diagnose.probe as Any,
  },
  {
    name: 'diagnose.verdicts',
    args: () => {
      const it = model();
      return [diagnose.probe(it, batch()), it, noise(1, 8)];
    },
    run: diagnose.verdicts as Any,
  },
  {
    name: 'diagnose.theory',
    args: () => [{ widths: [4, 8, 2], activation: 'relu', weightVariance: 2, biasVariance: 0.1, meanSquare: 1 }],
    run: diagnose.theory as Any,
  },
  {
    name: 'diagnose.theory',
    args: () => [{ widths: [4, 8, 2], activation: ['leakyRelu', { slope: 0.1 }], initialiser: 'xavierNormal' }],
    run: diagnose.theory as Any,
  },
  {
    name: 'safetensors.encode',
    args: () => [{ a: tensor([2, 3], noise(1, 6)) }, { metadata: { x: 'y' } }],
    run: safetensors.encode as Any,
  },
  {
    name: 'safetensors.decode',
    args: () => [safetensors.encode({ a: tensor([2]) })],
    run: safetensors.decode as Any,
  },
  { name: 'npy.encode', args: () => [tensor([2, 3], noise(1, 6))], run: npy.encode as Any },
  { name: 'npy.decode', args: () => [npy.encode(tensor([2]))], run: npy.decode as Any },
];

export const calls: readonly Call[] = [
  ...elementwise,
  ...normalised,
  ...halves,
  ...compared,
  ...generators,
  ...drawn,
  ...others,
];
