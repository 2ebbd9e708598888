// Every public function with valid arguments, for tests that make one of them invalid. Calls grow from the rows of every table; what
// has no row is written by hand.

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
import { type Initialising, initialisers } from '../../src/init/table.js';
import * as layers from '../../src/nn/layers/index.js';
import { type LossRow, losses, type PointwiseLoss } from '../../src/nn/losses/pointwise.js';
import { optimizerRow } from '../../src/nn/optimizer.js';
import * as optimizers from '../../src/nn/optimizers.js';
import { scheduleRow } from '../../src/nn/schedule.js';
import * as schedules from '../../src/nn/schedules.js';
import type { Options } from '../../src/options.js';
import { type DistributionName, distributions } from '../../src/random/distributions.js';
import type { Any } from '../check/case.js';
import { allOptions } from '../check/options.js';
import { layerArguments } from '../nn/layers/examples.js';
import { noise } from '../oracle.js';
import { examples } from '../random/examples.js';
import { generators, succeeds } from './arbitraries.js';

export interface Call {
  name: string;
  /** New arguments for each call. */
  args(): Any[];
  run(...args: Any[]): unknown;
}

const call = (name: string, run: unknown, args: () => Any[]): Call => ({ name, args, run: run as Any });
/** A call of a method; its first argument is the object. */
const methodCall = (name: string, method: string, args: () => Any[]): Call =>
  call(name, (object: Any, ...rest: Any[]) => object[method](...rest), args);

const model = () =>
  nn.sequential([
    nn.linear(2, 4, { seed: 1, activation: 'gelu' }),
    nn.prelu(4),
    nn.dropout({ seed: 1 }),
    nn.linear(4, 3, { seed: 2 }),
  ]);
const batch = () => ({ x: noise(1, 8), labels: Uint32Array.of(0, 2, 1, 0) });
const out = (n: number) => new Float32Array(n);

const ofActivations = (Object.keys(activations) as Activation[]).flatMap((name): Call[] => {
  const { parameters, keeps }: Row = activations[name];
  const { forward, backward } = activation[name] as Any;
  const options = allOptions(parameters, (o) => succeeds(() => forward(noise(1, 6), o)));
  return [
    call(`activation.${name}.forward`, forward, () => [noise(1, 6), { out: out(6), ...options }]),
    call(`activation.${name}.backward`, backward, () => [
      { [keeps]: noise(1, 6), dy: noise(2, 6), out: out(6), ...options },
    ]),
    call('nn.activation', nn.activation, () => [name, { ...options }]),
  ];
});

const ofLosses = (Object.keys(losses) as PointwiseLoss[]).flatMap((name): Call[] => {
  const { from, parameters }: LossRow = losses[name];
  const { forward, backward } = loss[name] as Any;
  const passed = () => ({ [from]: noise(1, 6), targets: noise(2, 6).map(Math.abs) });
  const options = allOptions(parameters, (o) => succeeds(() => forward({ ...passed(), ...o })));
  return [
    call(`loss.${name}.forward`, forward, () => [{ ...passed(), ...options, reduction: 'sum' }]),
    call(`loss.${name}.backward`, backward, () => [
      { ...passed(), ...options, reduction: 'none', dy: noise(3, 6), out: out(6) },
    ]),
  ];
});

const ofGenerators = generators.flatMap((kind): Call[] => {
  const name = `random.${kind}`;
  const rng = () => random[kind](1);
  const isSequential = kind === 'torch';
  const [n, slice] = isSequential ? [4, {}] : [6, { slice: [1, 5] }];
  const ofDistributions = (Object.keys(distributions) as DistributionName[]).flatMap((distribution): Call[] => {
    const valid = (o: object) => succeeds(() => (rng()[distribution] as Any)(1, o));
    const options = { ...allOptions(distributions[distribution].options, valid), ...examples[distribution].options };
    return [
      methodCall(`${name}.${distribution}`, distribution, () => [rng(), n, { ...options, out: out(4), ...slice }]),
      methodCall(`${name}.${distribution}`, distribution, () => [rng(), { ...options, out: out(4) }]),
    ];
  });
  return [
    call(name, random[kind], () => [5]),
    ...ofDistributions,
    methodCall(`${name}.bits`, 'bits', () => [rng(), n, { out: new Uint32Array(4), ...slice }]),
    methodCall(`${name}.permutation`, 'permutation', () => [rng(), 5]),
    methodCall(`${name}.order`, 'order', () => [rng(), 5]),
    ...(isSequential ? [] : [methodCall(`${name}.fork`, 'fork', () => [rng(), 'label'])]),
    call('random.restore', random.restore, () => [rng().state()]),
  ];
});

const drawing = { seed: 1, layout: 'io', fanIn: 3, fanOut: 5 };
const ofInitialisers = (Object.keys(initialisers) as Initialising[]).flatMap((name): Call[] => {
  const run = init[name] as Any;
  const options = allOptions(initialisers[name].options as Options, (o) => succeeds(() => run([2, 3], o)));
  return [
    call(`init.${name}`, run, () => [[3, 4], { ...drawing, ...options, out: out(4), slice: [2, 6] }]),
    call(`init.${name}`, run, () => [tensor([2, 3]), { rng: random.philox(1), ...options }]),
  ];
});

const ofLayers = Object.entries(layers).map(([name, make]) =>
  call(`nn.${name}`, make, () => structuredClone([...layerArguments[name as keyof typeof layers]])),
);

const ofMakers = Object.entries({ ...optimizers, ...schedules }).map(([name, make]) => {
  const { options } = optimizerRow(make) ?? scheduleRow(make);
  return call(`nn.${name}`, make, () => [allOptions(options, (o) => succeeds(() => (make as Any)(o)))]);
});

const ofSoftmax = Object.entries({ softmax, 'softmax.log': softmax.log }).flatMap(([name, { forward, backward }]) => [
  call(`${name}.forward`, forward, () => [noise(1, 6), { columns: 3, rows: 2, out: out(6) }]),
  call(`${name}.forward`, forward, () => [noise(1, 6), { shape: [1, 3, 2], axis: 1, out: out(6) }]),
  call(`${name}.backward`, backward, () => [{ y: noise(1, 6), dy: noise(2, 6), shape: [3, 2], axis: 0, out: out(6) }]),
]);

const ofGatedUnits = (['glu', 'swiglu', 'geglu'] as const).flatMap((name) => [
  call(`activation.${name}.forward`, activation[name].forward, () => [
    noise(1, 8),
    { columns: 4, gate: 'first', out: out(4) },
  ]),
  call(`activation.${name}.backward`, activation[name].backward, () => [
    { x: noise(1, 8), dy: noise(2, 4), shape: [2, 4], axis: 1, out: out(8) },
  ]),
]);

const crossEntropy = () => ({
  logits: noise(1, 6),
  labels: Uint32Array.of(0, 2),
  columns: 3,
  rows: 2,
  labelSmoothing: 0.1,
  ignoreIndex: -1,
  weights: Float32Array.of(1, 2, 3),
});

const others: Call[] = [
  call('softmax.logSumExp.forward', softmax.logSumExp.forward, () => [noise(1, 6), { shape: [2, 3] }]),
  call('softmax.logSumExp.backward', softmax.logSumExp.backward, () => [
    { x: noise(1, 6), dy: noise(2, 2), columns: 3, out: out(6) },
  ]),
  call('activation.prelu.forward', activation.prelu.forward, () => [
    noise(1, 6),
    { slopes: noise(2, 3), shape: [2, 3], axis: 1, out: out(6) },
  ]),
  call('activation.prelu.backward', activation.prelu.backward, () => [
    { x: noise(1, 6), dy: noise(2, 6), slopes: noise(3, 3), out: out(6) },
  ]),
  call('activation.dropout.forward', activation.dropout.forward, () => [noise(1, 6), { p: 0.5, seed: 1, out: out(6) }]),
  call('activation.dropout.backward', activation.dropout.backward, () => [
    { dy: noise(1, 6), p: 0.5, rng: random.philox(1), out: out(6) },
  ]),
  call('loss.crossEntropy.forward', loss.crossEntropy.forward, () => [{ ...crossEntropy(), reduction: 'mean' }]),
  call('loss.crossEntropy.backward', loss.crossEntropy.backward, () => [
    { ...crossEntropy(), reduction: 'none', dy: noise(4, 2), out: out(6) },
  ]),
  call('random.torch', random.torch, () => [1, { release: '2.11' }]),
  methodCall('random.threefry.split', 'split', () => [random.threefry(1), 2]),
  methodCall('random.threefry.foldIn', 'foldIn', () => [random.threefry(1), 2]),
  call('init.orthogonal', init.orthogonal, () => [[3, 4], { ...drawing, gain: 2 }]),
  call('init.deltaOrthogonal', init.deltaOrthogonal, () => [[3, 4, 3], { seed: 1, gain: 2 }]),
  call('init.sparse', init.sparse, () => [[3, 4], { seed: 1, sparsity: 0.5, std: 1 }]),
  call('init.eye', init.eye, () => [[3, 4], { gain: 2, layout: 'io', slice: [1, 5] }]),
  call('init.dirac', init.dirac, () => [[4, 2, 3], { groups: 2, out: new Float32Array(24) }]),
  call('init.torchLinear', init.torchLinear, () => [tensor([3, 4]), { seed: 1, bias: tensor([3]), fanIn: 4 }]),
  call('init.describe', init.describe, () => ['kaimingNormal', [3, 4], { mode: 'fanOut', fanIn: 2 }]),
  call('gain', gain, () => ['leakyRelu', { direction: 'backward', slope: 0.1 }]),
  call('gain.describe', gain.describe, () => ['elu', { alpha: 2 }]),
  call('gain.torch', gain.torch, () => ['leakyRelu', { slope: 0.2 }]),
  call('tensor', tensor, () => [[2, 3], noise(1, 6)]),
  call('workspace', workspace, () => [{ bytes: 64 }]),
  methodCall('workspace.float32', 'float32', () => [workspace({ bytes: 64 }), 3]),
  methodCall('workspace.uint32', 'uint32', () => [workspace({ bytes: 64 }), 3]),
  call('nn.sequential', nn.sequential, () => [[nn.linear(2, 3, { seed: 1 }), nn.activation('tanh')]]),
  methodCall('model.forward', 'forward', () => [model(), noise(1, 6)]),
  call('nn.evaluate', nn.evaluate, () => [model(), batch(), { loss: ['crossEntropy', { labelSmoothing: 0.1 }] }]),
  call('nn.fit', nn.fit, () => [
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
      onNonFinite: 'warn',
    },
  ]),
  call('nn.lsuv', nn.lsuv, () => [model(), noise(1, 40), { seed: 1, tolerance: 0.1, rounds: 3 }]),
  call('nn.save', nn.save, () => [model(), { metadata: { epoch: '1' } }]),
  call('nn.load', nn.load, () => [nn.save(model()), model()]),
  call('diagnose.probe', diagnose.probe, () => [model(), batch(), { lr: 0.1, loss: 'crossEntropy' }]),
  call('diagnose.verdicts', diagnose.verdicts, () => {
    const it = model();
    return [diagnose.probe(it, batch(), { trial: false }), it, noise(1, 8)];
  }),
  call('diagnose.verdicts', diagnose.verdicts, () => [diagnose.probe(model(), batch(), { trial: false })]),
  call('diagnose.network', diagnose.network, () => [
    [
      {
        name: 'a',
        kind: 'linear',
        activation: 'tanh',
        activations: [[1, 2]],
        gradients: [[1, 2]],
        weights: [[1], [2]],
      },
    ],
    { input: [[1]], loss: 1, lr: 0.1 },
  ]),
  call('diagnose.theory', diagnose.theory, () => [
    { widths: [4, 8, 2], activation: 'relu', weightVariance: 2, biasVariance: 0.1, meanSquare: 1 },
  ]),
  call('diagnose.theory', diagnose.theory, () => [
    { widths: [4, 8, 2], activation: ['leakyRelu', { slope: 0.1 }], initialiser: 'xavierNormal' },
  ]),
  call('safetensors.encode', safetensors.encode, () => [{ a: tensor([2, 3], noise(1, 6)) }, { metadata: { x: 'y' } }]),
  call('safetensors.decode', safetensors.decode, () => [safetensors.encode({ a: tensor([2]) })]),
  call('safetensors.decode', safetensors.decode, () => [safetensors.encode({ a: tensor([2]) }), { only: ['a'] }]),
  call('nn.load', nn.load, () => [nn.save(model()), model(), { strict: false }]),
  call('npy.encode', npy.encode, () => [tensor([2, 3], noise(1, 6))]),
  call('npy.decode', npy.decode, () => [npy.encode(tensor([2]))]),
];

export const calls: readonly Call[] = [
  ...ofActivations,
  ...ofLosses,
  ...ofGenerators,
  ...ofInitialisers,
  ...ofLayers,
  ...ofMakers,
  ...ofSoftmax,
  ...ofGatedUnits,
  ...others,
];
