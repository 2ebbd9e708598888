// A project with exactOptionalPropertyTypes: every option may be undefined, which counts as left out. And results go where
// memory of their own is asked for.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** What tsc says of each of some programs that import the package by its name, from dist/. One compilation reads the types once. */
function complaints<N extends string>(texts: Record<N, string>): Record<N, string[]> {
  const folder = resolve('out/programs');
  mkdirSync(folder, { recursive: true });
  const names = Object.keys(texts) as N[];
  const pathOf = (name: N) => join(folder, `${name}.ts`);
  for (const name of names) writeFileSync(pathOf(name), texts[name]);
  const program = ts.createProgram(names.map(pathOf), {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  });
  const found = ts.getPreEmitDiagnostics(program);
  // What is said of no program, such as of dist/, is said of each.
  const isOfAnother = (name: N, file = '') => names.some((other) => other !== name && file === pathOf(other));
  return Object.fromEntries(
    names.map((name) => [
      name,
      found
        .filter(({ file }) => !isOfAnother(name, file?.fileName))
        .map(({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
    ]),
  ) as Record<N, string[]>;
}

const options = `
import { activation, diagnose, gain, init, loss, nn, random, safetensors, softmax, tensor } from 'fanwise';
import { workspace } from 'fanwise/threads';
declare const maybe: undefined;
declare const seed: number | undefined;
declare const values: Float32Array | undefined;
const x = new Float32Array(4);
const rng = random.philox(seed);
rng.normal(4, { mean: maybe, std: maybe, out: values, slice: maybe });
rng.bits(4, { out: maybe, slice: maybe });
random.torch(0, { release: maybe });
init.kaimingNormal([2, 2], { seed, rng: maybe, mode: maybe, nonlinearity: maybe, slope: maybe, gain: maybe, layout: maybe, fanIn: maybe, fanOut: maybe, out: values, slice: maybe });
init.orthogonal([2, 2], { seed, gain: maybe });
init.sparse([2, 2], { sparsity: 0.5, std: maybe, seed });
init.torchLinear([2, 2], { bias: maybe, seed });
gain('tanh', { direction: maybe });
gain.torch('relu', { slope: maybe });
activation.leakyRelu.forward(x, { slope: maybe, out: values });
activation.gelu.backward({ x, dy: x, approximate: maybe, out: values });
activation.dropout.forward(x, { p: maybe, seed, rng: maybe, out: values });
activation.swiglu.forward(x, { columns: 2, gate: maybe, out: values, rows: maybe });
activation.prelu.forward(x, { slopes: x, shape: maybe, axis: maybe, out: values });
softmax.forward(x, { columns: 2, rows: maybe, shape: maybe, axis: maybe, out: values });
loss.huber.backward({ outputs: x, targets: x, delta: maybe, reduction: maybe, dy: values, out: values });
loss.crossEntropy.backward({ logits: x, labels: [0], columns: 4, rows: maybe, reduction: maybe, labelSmoothing: maybe, ignoreIndex: maybe, weights: values, dy: values, out: values });
const layer = nn.linear(2, 2, { seed, rng: maybe, bias: maybe, activation: maybe });
const model = nn.sequential([layer, nn.activation('elu', { alpha: maybe }), nn.dropout({ p: maybe, seed }), nn.prelu(2, { slope: maybe })]);
const data = { x, labels: [0, 1] };
const optimizers = [
  nn.sgd({ lr: 0.1, momentum: maybe, nesterov: maybe, weightDecay: maybe }),
  nn.adam({ lr: maybe, betas: maybe, epsilon: maybe }),
  nn.adamW({ lr: maybe, weightDecay: maybe }),
  nn.rmsprop({ lr: maybe, alpha: maybe, centered: maybe }),
];
nn.fit(model, data, { optimizer: optimizers[0]!, epochs: maybe, batchSize: maybe, loss: maybe, schedule: maybe, scheduleEach: maybe, clipNorm: maybe, seed, rng: maybe, shuffle: maybe, resume: maybe, probe: maybe, signal: maybe, onNonFinite: maybe });
nn.stepDecay({ gamma: 0.1, every: maybe });
nn.cosine({ over: 2, least: maybe });
nn.warmUp({ over: 2, from: maybe, next: maybe });
nn.save(model, { metadata: maybe, training: maybe });
nn.evaluate(model, data, { loss: maybe });
nn.lsuv(model, x, { seed, rng: maybe, tolerance: maybe, rounds: maybe });
diagnose.probe(model, data, { lr: maybe, loss: maybe });
diagnose.network([{ kind: 'linear', name: maybe, activation: maybe, activations: [x, x], axis: maybe, gradients: maybe, weights: maybe, update: maybe }], { input: [[0, null]], loss: null, lr: maybe });
diagnose.theory({ widths: [2, 2], activation: 'tanh', weightVariance: 1, biasVariance: maybe, meanSquare: maybe });
safetensors.encode({ x: tensor([4], x) }, { metadata: maybe });
workspace({ bytes: 64, threads: 2 }).then((ws) => ws.draw('normal', { rng: maybe, seed, std: maybe, out: x }));
`;

const wrong = `import { nn, random } from 'fanwise';
  random.philox(0).normal(4, { std: null });
  nn.sgd({ lr: undefined });`;

const results = `
import { activation, init, loss, nn, random, softmax } from 'fanwise';
const x = new Float32Array(4);
const rng = random.philox(0);
const model = nn.sequential([nn.linear(2, 2, { seed: 0 })]);
const weight = init.torchLinear([2, 2], { seed: 0 });
new Blob([
  rng.normal(4), rng.bits(4), rng.permutation(4), rng.order(4), random.torch(0).uniform({ out: x }), random.threefry(0).split(2)[0]!.normal(2),
  init.kaimingNormal([2, 2], { seed: 0 }), init.orthogonal([2, 2]), init.sparse([2, 2], { sparsity: 0.5 }), init.eye([2, 2]), weight.weight, weight.bias,
  activation.tanh.forward(x), activation.gelu.backward({ x, dy: x }), activation.swiglu.forward(x, { columns: 2 }),
  activation.prelu.forward(x, { slopes: x }), activation.dropout.forward(x), softmax.forward(x, { columns: 2 }), softmax.log.backward({ y: x, dy: x, columns: 2 }),
  softmax.logSumExp.forward(x, { columns: 2 }), loss.huber.backward({ outputs: x, targets: x }), loss.huber.forward({ outputs: x, targets: x, reduction: 'none' }),
  loss.crossEntropy.backward({ logits: x, labels: [0], columns: 4 }), model.forward(x),
]);
// And they are Float32Arrays like others.
let other: Float32Array = activation.relu.forward(x);
other = rng.normal(2);
for (const name of ['tanh', 'gelu', 'leakyRelu'] as const) other = activation[name].forward(x, { out: other });
`;

/** The members of namespaces by entries of their own: the same names, and results that fit where those of the others do. */
const entries = `
import { type Model, type Optimizer, init as all, nn as networks, random as generators } from 'fanwise';
import * as init from 'fanwise/init';
import * as nn from 'fanwise/nn';
import { fit, linear, sgd } from 'fanwise/nn';
import * as random from 'fanwise/random';
const same: [typeof networks, typeof all, typeof generators] = [nn, init, random];
const back: [typeof nn, typeof init, typeof random] = [networks, all, generators];
const model: Model = networks.sequential([linear(2, 2, { rng: random.philox(0) })]);
const optimizer: Optimizer = sgd({ lr: 0.1 });
fit(model, { x: new Float32Array(4), labels: [0, 1] }, { optimizer, rng: generators.torch(0) });
init.xavierNormal(linear(2, 2).weight, { rng: random.philox(0), gain: 2 }).shape.length + same.length + back.length;
`;

test('programs are compiled: options that may be undefined, wrong ones, results in a Blob, entries of namespaces', () => {
  const said = complaints({ options, wrong, results, entries });
  expect(said).toEqual({ options: [], results: [], entries: [], wrong: [expect.anything(), expect.anything()] });
  expect(said.wrong[0]).toContain("'null' is not assignable");
});

test('TypeScript before 5.7, in which typed arrays take no parameter, reads the types', () => {
  for (const name of ['index', 'threads', 'tfjs', 'nn', 'init', 'random'])
    expect(readFileSync(`dist/${name}.d.ts`, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')).not.toMatch(
      /\b(Float|Uint|Int)\d+Array</,
    );
});

describe('the types of dist/', () => {
  /** What only this package makes, and the rows of its tables. */
  const made = new Set(
    `Bounds NumberOption Source Step LayerStatistics WeightStatistics Operation Verdict Fix StepResult`.split(' '),
  );
  test.each(['index', 'threads', 'tfjs', 'nn', 'init', 'random'])(
    '%s.d.ts has no optional property that excludes undefined',
    (name) => {
      const text = readFileSync(`dist/${name}.d.ts`, 'utf8');
      const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
      const wrong: string[] = [];
      const visit = (node: ts.Node, owner: string): void => {
        const inside = ts.isInterfaceDeclaration(node) || ts.isFunctionDeclaration(node) ? node.name!.text : owner;
        const optional =
          (ts.isPropertySignature(node) && node.questionToken) || (ts.isMappedTypeNode(node) && node.questionToken);
        if (optional && node.type && !made.has(inside) && !/\b(undefined|unknown)\b/.test(node.type.getText()))
          wrong.push(`${inside}: ${node.getText()}`);
        ts.forEachChild(node, (child) => visit(child, inside));
      };
      visit(file, '');
      expect(wrong).toEqual([]);
    },
  );
});
