// What compiles and what must not: tsc checks this file (npm run check).

import { describe, expectTypeOf, test } from 'vitest';
import {
  activation,
  type Diagnosis,
  diagnose,
  type Fitting,
  type Floats,
  gain,
  type History,
  init,
  type Linear,
  type Model,
  nn,
  npy,
  random,
  type Step,
  safetensors,
  softmax,
  type Tensor,
  type Threefry,
  tensor,
} from '../../src/index.js';

const x = new Float32Array(4);
const y = activation.tanh.forward(x);
const rng = random.philox(0);
/** For calls that are compiled and not run. */
const never = (_: () => unknown) => {};

test('backward takes what the activation saves, and nothing else', () => {
  activation.tanh.backward({ y, dy: x });
  activation.gelu.backward({ x, dy: x, approximate: 'tanh' });
  // @ts-expect-error tanh saves y
  never(() => activation.tanh.backward({ x, dy: x }));
  // @ts-expect-error gelu saves x
  never(() => activation.gelu.backward({ y, dy: x }));
  // @ts-expect-error dy is missing
  never(() => activation.relu.backward({ y }));
  // @ts-expect-error relu has no slope
  never(() => activation.relu.forward(x, { slope: 0.1 }));
  // @ts-expect-error no such form of gelu
  never(() => activation.gelu.forward(x, { approximate: 'erf' }));
  // @ts-expect-error numbers are no Float32Array
  never(() => activation.relu.forward([1, 2]));
  // @ts-expect-error nor is a Float64Array
  never(() => activation.relu.forward(new Float64Array(2)));
});

describe('results', () => {
  test('of a shape are arrays, of a tensor tensors', () => {
    expectTypeOf(init.xavierNormal([2, 2], { rng })).toEqualTypeOf<Float32Array<ArrayBuffer>>();
    expectTypeOf(init.kaimingNormal(tensor([2, 2]), { rng, mode: 'fanOut' })).toEqualTypeOf<Tensor>();
    expectTypeOf(init.torchLinear([2, 2], { rng })).toEqualTypeOf<{ weight: Floats; bias: Floats }>();
    expectTypeOf(init.torchLinear([2, 2], { rng, bias: false }).bias).toEqualTypeOf<null>();
    expectTypeOf(gain('gelu')).toBeNumber();
    expectTypeOf(softmax.forward(x, { columns: 2 })).toEqualTypeOf<Float32Array<ArrayBuffer>>();
    expectTypeOf(random.threefry(0).split()).toEqualTypeOf<Threefry[]>();
    expectTypeOf(rng.source).returns.toBeNumber();
  });
  test('linear layers without bias have null', () => {
    expectTypeOf(nn.linear(2, 2)).toEqualTypeOf<Linear<true>>();
    expectTypeOf(nn.linear(2, 2).bias).toEqualTypeOf<Tensor>();
    expectTypeOf(nn.linear(2, 2, { bias: false }).bias).toEqualTypeOf<null>();
  });
  test('models know their layers and the names of their parameters', () => {
    const model = nn.sequential([nn.linear(2, 3), nn.activation('tanh'), nn.linear(3, 2, { bias: false })]);
    expectTypeOf(model.layers[0].weight).toEqualTypeOf<Tensor>();
    expectTypeOf(model.layers[2].bias).toEqualTypeOf<null>();
    expectTypeOf(model.parameters['0.weight']).toEqualTypeOf<Tensor>();
    expectTypeOf(Object.values(model.parameters)).toEqualTypeOf<Tensor[]>();
    // @ts-expect-error a typing error in a name
    expectTypeOf(model.parameters['0.weigth']).toBeAny();
    // @ts-expect-error the layer has no bias
    expectTypeOf(model.parameters['2.bias']).toBeAny();
    // @ts-expect-error an activation has no weight
    expectTypeOf(model.layers[1].weight).toBeAny();
    // Any model takes any name.
    const any: Model = model;
    expectTypeOf(any.parameters['0.weigth']).toEqualTypeOf<Tensor>();
    const layers = [1, 2].map((n) => nn.linear(n, n + 1));
    expectTypeOf(nn.sequential(layers)).toEqualTypeOf<Model>();
    expectTypeOf<ReturnType<typeof nn.sequential>>().toEqualTypeOf<Model>();
  });
  test('of labels have an accuracy, of targets perhaps not', () => {
    const model: Model = nn.sequential([nn.linear(2, 2, { seed: 0 })]);
    expectTypeOf(nn.evaluate(model, { x, labels: [0, 1] }).accuracy).toEqualTypeOf<number>();
    expectTypeOf(nn.evaluate(model, { x, targets: x }, { loss: 'huber' }).accuracy).toEqualTypeOf<number | undefined>();
    expectTypeOf(diagnose.probe(model, { x, labels: [0, 1] })).toEqualTypeOf<Diagnosis>();
    expectTypeOf(nn.save(model)).toEqualTypeOf<Uint8Array<ArrayBuffer>>();
  });
});

test('a training is awaited for its history, or iterated over for its steps', () => {
  const train = () => nn.fit({} as Model, { x, labels: [0] }, { optimizer: nn.sgd({ lr: 1 }) });
  expectTypeOf(train).returns.toEqualTypeOf<Fitting>();
  expectTypeOf(train).returns.resolves.toEqualTypeOf<History>();
  expectTypeOf(train).returns.toExtend<PromiseLike<History>>();
  expectTypeOf(train).returns.toExtend<Promise<History>>();
  expectTypeOf(train).returns.toExtend<AsyncGenerator<Step, void, void>>();
  const inAsync = async () => train();
  expectTypeOf(inAsync).returns.toEqualTypeOf<Promise<History>>();
  const steps = async () => {
    for await (const step of train()) expectTypeOf(step).toEqualTypeOf<Step>();
    expectTypeOf((await train()).loss).toEqualTypeOf<number[]>();
    // @ts-expect-error a history has no such figure
    (await train()).none;
    // @ts-expect-error its steps come later
    for (const _ of train());
  };
  expectTypeOf(steps).returns.resolves.toBeVoid();
});

test('files can be parts of a Blob', () => {
  never(() => new Blob([nn.save(nn.sequential([])), npy.encode(tensor([1])), safetensors.encode({})]));
});

test('options of another function are errors', () => {
  // @ts-expect-error lecunNormal has no gain
  never(() => init.lecunNormal([2, 2], { gain: 2 }));
  // @ts-expect-error no such mode
  never(() => init.kaimingNormal([2, 2], { mode: 'fanAvg' }));
  // @ts-expect-error no such layout
  never(() => init.xavierNormal([2, 2], { layout: 'nchw' }));
  // @ts-expect-error values that depend on each other have no slice
  never(() => init.orthogonal([2, 2], { seed: 0, slice: [0, 1] }));
  // @ts-expect-error a tensor is filled itself
  never(() => init.orthogonal(tensor([2, 2]), { out: new Float32Array(4) }));
  // @ts-expect-error a tensor has no slice
  never(() => init.xavierNormal(tensor([2, 2]), { slice: [0, 1] }));
  // @ts-expect-error seeds are numbers, bigints or texts
  never(() => random.philox(true));
  // @ts-expect-error no such activation
  never(() => nn.activation('swish'));
  // @ts-expect-error huber's parameter is delta
  never(() => nn.fit({} as Model, { x, targets: x }, { optimizer: nn.sgd({ lr: 1 }), loss: ['huber', { beta: 1 }] }));
  // @ts-expect-error theory needs an activation
  never(() => diagnose.theory({ widths: [2, 2], weightVariance: 1 }));
});
