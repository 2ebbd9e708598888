import { describe, expect, test } from 'vitest';
import { type Activation, activation, init, loss, nn, random } from '../../src/index.js';
import { hash, noise } from '../oracle.js';

const xor = { x: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), labels: Uint8Array.of(0, 1, 1, 0) };

function network(f: Activation = 'tanh', seed = 1) {
  const rng = random.philox(seed);
  return nn.sequential([
    nn.linear(2, 16, { rng: rng.fork(0) }),
    nn.activation(f),
    nn.linear(16, 2, { rng: rng.fork(1) }),
  ]);
}

async function train(model: ReturnType<typeof nn.sequential>, o: Partial<Parameters<typeof nn.fit>[2]> = {}) {
  const losses: number[] = [];
  const optimizer = nn.sgd({ lr: 0.5, momentum: 0.9 });
  for await (const step of nn.fit(model, xor, { epochs: 200, batchSize: 4, seed: 2, optimizer, ...o }))
    losses.push(step.loss);
  return losses;
}

test.each(['tanh', 'relu', 'leakyRelu', 'sigmoid'] as const)('%s learns XOR', async (f) => {
  const model = network(f, 5);
  const losses = await train(model, { epochs: 500 });
  expect(losses[losses.length - 1]).toBeLessThan(0.05);
  expect(nn.evaluate(model, xor).accuracy).toBe(1);
});

test.each(['adam', 'adamW'] as const)('%s learns XOR', async (name) => {
  const model = network();
  await train(model, { optimizer: nn[name]({ lr: 0.05 }) });
  expect(nn.evaluate(model, xor).accuracy).toBe(1);
});

/** Networks whose layers stand in every order that shares memory: in place, not in place, over a kept output. */
const orders: Record<string, () => ReturnType<typeof nn.sequential>> = {
  'linear, tanh, linear': () => network('tanh', 3),
  'linear, relu, sigmoid, linear': () =>
    nn.sequential([
      nn.linear(2, 6, { seed: 1 }),
      nn.activation('relu'),
      nn.activation('sigmoid'),
      nn.linear(6, 2, { seed: 2 }),
    ]),
  'tanh, gelu, linear, silu, tanh, tanh, linear, sigmoid': () =>
    nn.sequential([
      nn.activation('tanh'),
      nn.activation('gelu'),
      nn.linear(2, 5, { seed: 1 }),
      nn.activation('silu'),
      nn.activation('tanh'),
      nn.activation('tanh'),
      nn.linear(5, 2, { seed: 2, bias: false }),
      nn.activation('sigmoid'),
    ]),
  'linear with gelu, linear with tanh, tanh, linear': () =>
    nn.sequential([
      nn.linear(2, 5, { seed: 1, activation: 'gelu' }),
      nn.linear(5, 4, { seed: 2, activation: 'tanh' }),
      nn.activation('tanh'),
      nn.linear(4, 2, { seed: 3, activation: ['leakyRelu', { slope: 0.3 }] }),
    ]),
  'linear, prelu, swiglu, linear, prelu of each, glu': () =>
    nn.sequential([
      nn.linear(2, 6, { seed: 4 }),
      nn.prelu(),
      nn.swiglu(3),
      nn.linear(3, 4, { seed: 5 }),
      nn.prelu(4),
      nn.glu(2, { gate: 'first' }),
    ]),
};

test.each(Object.entries(orders))('the gradient that a step follows is the numeric one: %s', async (_, make) => {
  // One plain step of lr 1 subtracts the gradient from every parameter.
  const model = make();
  const probe = make();
  const before = Object.values(make().parameters).map(({ data }) => Float64Array.from(data));
  await train(model, { epochs: 1, optimizer: nn.sgd({ lr: 1 }), shuffle: false });
  const value = () => loss.crossEntropy.forward({ logits: probe.forward(xor.x), labels: xor.labels, columns: 2 });
  Object.values(probe.parameters).forEach(({ data }, k) => {
    for (let i = 0; i < data.length; i++) {
      const h = 4e-3;
      const kept = data[i];
      const at = (t: number) => {
        data[i] = t;
        return value();
      };
      const slope = (8 * (at(kept + h) - at(kept - h)) - (at(kept + 2 * h) - at(kept - 2 * h))) / (12 * h);
      data[i] = kept;
      const step = before[k][i] - Object.values(model.parameters)[k].data[i];
      expect(Math.abs(step - slope), `parameter ${k}, value ${i}`).toBeLessThan(6e-5);
    }
  });
});

test('forward is the layers, one after the other', () => {
  const model = network('relu');
  const x = noise(1, 2 * 300); // more than two batches
  const [w0, b0, w1, b1] = Object.values(model.parameters).map(({ data }) => data);
  const logits = model.forward(x);
  for (let r = 0; r < 300; r += 37) {
    const hidden = Float32Array.from(
      { length: 16 },
      (_, j) => w0[2 * j] * x[2 * r] + w0[2 * j + 1] * x[2 * r + 1] + b0[j],
    );
    const y = activation.relu.forward(hidden);
    for (let k = 0; k < 2; k++) {
      const exact = y.reduce((sum, v, j) => sum + v * w1[16 * k + j], b1[k]);
      expect(Math.abs(logits[2 * r + k] - exact)).toBeLessThan(1e-6);
    }
  }
});

test('parameters have the names of a state_dict, and are read and written through their tensors', async () => {
  const model = network();
  expect(Object.keys(model.parameters)).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
  const linear = model.layers[0] as ReturnType<typeof nn.linear>;
  expect(model.parameters['0.weight']).toBe(linear.weight);
  const old = linear.weight.data;
  await train(model, { epochs: 1, batchSize: 4 });
  init.zeros(linear.weight);
  init.zeros(linear.bias!);
  const x = noise(1, 8);
  const bias = model.parameters['2.bias'].data;
  model.forward(x).forEach((v, i) => expect(v).toBe(bias[i % 2]));
  expect(old.buffer === linear.weight.data.buffer).toBe(false); // momentum needed a larger workspace
});

test('the bits of a loss do not depend on how the rows are cut', async () => {
  const [a, b] = [network(), network()];
  for await (const _ of nn.fit(b, xor, { batchSize: 300, epochs: 0, optimizer: nn.sgd({ lr: 0 }) }));
  const data = { x: noise(1, 2 * 1000), labels: new Uint8Array(1000) };
  for await (const _ of nn.fit(b, data, { batchSize: 300, optimizer: nn.sgd({ lr: 0 }) }));
  expect(nn.evaluate(b, data).loss).toBe(nn.evaluate(a, data).loss);
});

test('a row whose outputs are not numbers counts as wrong', () => {
  const linear = nn.linear(2, 2, { seed: 0 });
  linear.weight.data.fill(Number.NaN);
  expect(nn.evaluate(nn.sequential([linear]), { x: new Float32Array(4), labels: [0, 0] }).accuracy).toBe(0);
});

test('the same seed gives the same bits, whatever batch sizes came before', async () => {
  const [a, b] = [network(), network()];
  nn.evaluate(b, { x: noise(1, 2 * 500), labels: new Uint8Array(500) });
  const [first, second] = [await train(a), await train(b)];
  expect(first).toEqual(second);
  expect(hash(a.parameters['0.weight'].data)).toBe(hash(b.parameters['0.weight'].data));
});

describe('fit', () => {
  test('tells epoch, step, loss and learning rate', async () => {
    const steps = [];
    const o = {
      epochs: 2,
      batchSize: 3,
      seed: 1,
      optimizer: nn.sgd({ lr: 0.25 }),
      schedule: nn.stepDecay({ gamma: 0.5 }),
    };
    for await (const step of nn.fit(network(), xor, o)) steps.push(step);
    expect(steps.map(({ epoch, step, lr }) => [epoch, step, lr])).toEqual([
      [0, 0, 0.25],
      [0, 1, 0.25],
      [1, 2, 0.125],
      [1, 3, 0.125],
    ]);
    expect(steps.every(({ loss: l }) => l > 0 && l < 3)).toBe(true);
  });

  test('an aborted signal ends it after a step and leaves the model usable', async () => {
    const model = network();
    const control = new AbortController();
    const seen: number[] = [];
    const run = async () => {
      for await (const step of nn.fit(model, xor, {
        epochs: 100,
        optimizer: nn.sgd({ lr: 0.1 }),
        signal: control.signal,
      })) {
        seen.push(step.step);
        if (step.step === 4) control.abort(new Error('enough'));
      }
    };
    await expect(run()).rejects.toThrow('enough');
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(model.forward(xor.x).every(Number.isFinite)).toBe(true);
    expect((await train(model)).length).toBe(200);
  });

  test('an aborted signal before the start: nothing is drawn, nothing moves', async () => {
    const model = network();
    const rng = random.philox(1);
    const steps = nn.fit(model, xor, {
      rng,
      optimizer: nn.sgd({ lr: 1, momentum: 0.9 }),
      signal: AbortSignal.abort(new Error('no')),
    });
    const { data } = model.parameters['0.weight'];
    await expect(steps.next()).rejects.toThrow('no');
    expect(rng.state()).toEqual(random.philox(1).state());
    expect(model.parameters['0.weight'].data).toBe(data);
  });

  test('a second fit of the model ends the first with an error', async () => {
    const model = network();
    const first = nn.fit(model, xor, { epochs: 9, optimizer: nn.sgd({ lr: 0.1 }) });
    await first.next();
    await train(model, { epochs: 2 });
    await expect(first.next()).rejects.toThrow(/another fit of this model has begun/);
  });

  test('break ends it', async () => {
    const model = network();
    for await (const step of nn.fit(model, xor, { epochs: 100, optimizer: nn.sgd({ lr: 0.1 }) }))
      if (step.step === 3) break;
    expect(nn.evaluate(model, xor).loss).toBeGreaterThan(0);
  });

  test('lets the event loop have its turn', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await train(network(), { epochs: 20000, batchSize: 1 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });

  test('no rows, no epochs', async () => {
    const empty = { x: new Float32Array(0), labels: [] };
    const steps = [];
    for await (const step of nn.fit(network(), empty, { optimizer: nn.sgd({ lr: 1 }) })) steps.push(step);
    for await (const step of nn.fit(network(), xor, { epochs: 0, optimizer: nn.sgd({ lr: 1 }) })) steps.push(step);
    expect(steps).toEqual([]);
    expect(nn.evaluate(network(), empty)).toEqual({ loss: 0, accuracy: 0 });
    expect(network().forward(empty.x).length).toBe(0);
  });
});
