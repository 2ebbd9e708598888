import { describe, expect, test } from 'vitest';
import { activation, gain, init, loss, nn, random, softmax, tensor, workspace } from '../src/index.js';

// Each public function with each wrong argument: the error's class, and what its message says. `any` is for
// what the types already refuse.
// biome-ignore lint/suspicious/noExplicitAny: the tests pass what the types forbid
type Any = any;
const rng = () => random.philox(0) as Any;
const [x, six] = [Float32Array.of(1, 2, 3), new Float32Array(6)];
const [layer, model] = [nn.linear(2, 3, { seed: 0 }), nn.sequential([nn.linear(2, 3, { seed: 0 })])];
const optimizer = nn.sgd({ lr: 0.1 });
const data = { x: new Float32Array(4), labels: [0, 2] };

const float64 = new Float64Array(3) as Any;
const shared = typeof SharedArrayBuffer === 'undefined' ? undefined : new Float32Array(new SharedArrayBuffer(12));
const detached = new Float32Array(3);
structuredClone(detached.buffer, { transfer: [detached.buffer] });
const overlapping = new Float32Array(5);

type Case = [call: string, f: () => unknown, error: typeof TypeError | typeof RangeError, says: RegExp];

/** The same wrong values for many numeric options. */
function numeric(call: string, name: string, f: (value: Any) => unknown, wrong: Any[]): Case[] {
  return wrong.map((value) => [
    `${call} with ${name}: ${String(value)}`,
    () => f(value),
    typeof value === 'number' ? RangeError : TypeError,
    new RegExp(`${call.replaceAll('.', '\\.')}: .*${name}.*; pass`),
  ]);
}
const notFinite = [Number.NaN, Infinity, -Infinity, '1', null, 1n];

const cases: Case[] = [
  // random
  ...numeric('random.philox', 'seed', (v) => random.philox(v), [0.5, Number.NaN, 2 ** 53, null, {}, true]),
  ...numeric('random.torch', 'seed', (v) => random.torch(v), [0.5, Number.NaN, {}]),
  [
    'random.philox of a seed beyond 64 bits',
    () => random.philox(2n ** 64n),
    RangeError,
    /seed is 18446744073709551616n; pass one of 64 bits/,
  ],
  ['random.philox of a seed below', () => random.philox(-(2n ** 63n) - 1n), RangeError, /64 bits/],
  [
    'random.torch with a release unknown',
    () => random.torch(0, { release: '1.0' as Any }),
    RangeError,
    /release is the string "1\.0"; pass one of 2\.12, 2\.11/,
  ],
  [
    'random.torch with an unknown option',
    () => random.torch(0, { version: 2 } as Any),
    TypeError,
    /unknown option version; there are release/,
  ],
  ...numeric('random.philox.uniform', 'length', (v) => rng().uniform(v), [
    -1,
    1.5,
    Number.NaN,
    Infinity,
    '3',
    undefined,
  ]),
  ...numeric('random.philox.bits', 'length', (v) => rng().bits(v), [-1, 1.5, '3']),
  ...numeric('random.philox.permutation', 'n', (v) => rng().permutation(v), [-1, 1.5, 2 ** 31 + 1, '3']),
  ...numeric('random.philox.order', 'n', (v) => rng().order(v), [-1, '3']),
  ...numeric('random.philox.uniform', 'low', (v) => rng().uniform(3, { low: v, high: 9 }), notFinite),
  ...numeric('random.philox.uniform', 'high', (v) => rng().uniform(3, { high: v }), notFinite),
  [
    'uniform with low above high',
    () => rng().uniform(3, { low: 2, high: 1 }),
    RangeError,
    /low is 2 and high 1; pass low <= high/,
  ],
  ['uniform wider than binary32', () => rng().uniform(3, { low: -3e38, high: 3e38 }), RangeError, /high - low/],
  ['uniform beyond binary32', () => rng().uniform(3, { high: 1e39 }), RangeError, /high is 1e\+39, beyond binary32/],
  ...numeric('random.philox.normal', 'mean', (v) => rng().normal(3, { mean: v }), notFinite),
  ...numeric('random.philox.normal', 'std', (v) => rng().normal(3, { std: v }), [...notFinite, -1]),
  ...numeric('random.torch.normal', 'std', (v) => random.torch(0).normal(3, { std: v }), [Number.NaN, -1]),
  ...numeric('random.philox.truncatedNormal', 'std', (v) => rng().truncatedNormal(3, { std: v }), [...notFinite, -1]),
  ...numeric('random.philox.truncatedNormal', 'low', (v) => rng().truncatedNormal(3, { low: v }), [
    Number.NaN,
    '1',
    null,
  ]),
  [
    'truncatedNormal with low above high',
    () => rng().truncatedNormal(3, { low: 2, high: -2 }),
    RangeError,
    /pass low <= high/,
  ],
  [
    'truncatedNormal with nothing inside',
    () => rng().truncatedNormal(3, { low: 30, high: 31 }),
    RangeError,
    /no probability left/,
  ],
  [
    'truncatedNormal with absolute: 1',
    () => rng().truncatedNormal(3, { absolute: 1 }),
    TypeError,
    /absolute is 1; pass true or false/,
  ],
  ...numeric('random.philox.bernoulli', 'p', (v) => rng().bernoulli(3, { p: v }), [-0.1, 1.1, Number.NaN, '0']),
  [
    'uniform with a misspelt option',
    () => rng().uniform(3, { hi: 2 }),
    TypeError,
    /unknown option hi; there are low, high, out, slice/,
  ],
  ['uniform with options that are none', () => rng().uniform(3, 7), TypeError, /the options are 7/],
  ['uniform without length or out', () => rng().uniform({ low: 0 }), TypeError, /neither a length nor out/],
  [
    'uniform with out of another length',
    () => rng().uniform(4, { out: x }),
    RangeError,
    /out has 3 values and the draw 4/,
  ],
  [
    'uniform into float64',
    () => rng().uniform({ out: float64 }),
    TypeError,
    /out is a Float64Array of 3; pass a Float32Array/,
  ],
  ['uniform into an array', () => rng().uniform({ out: [1, 2] }), TypeError, /pass a Float32Array/],
  [
    'random.philox of a number that is not exact',
    () => random.philox(2 ** 53),
    RangeError,
    /seed is 9007199254740992, beyond what a number tells exactly; pass it as a bigint/,
  ],
  ['normal of a length beyond 2^53', () => rng().normal(1e20), RangeError, /pass a whole number of at most 9007199/],
  ['normal with values beyond binary32', () => rng().normal(2, { std: 1e38 }), RangeError, /8e\+38 in it, beyond/],
  [
    'normal about the end of binary32',
    () => rng().normal(2, { mean: -3.4e38, std: 1e36 }),
    RangeError,
    /beyond binary32/,
  ],
  ['bits of neither a length nor out', () => rng().bits({}), TypeError, /neither a length nor out; pass one/],
  ['bits into floats', () => rng().bits({ out: x }), TypeError, /out is a Float32Array of 3; pass a Uint32Array/],
  [
    'bits into an array that is no slice of itself',
    () => rng().bits({ out: new Uint32Array(3), slice: [0, 1] }),
    RangeError,
    /out has 3 values and the draw 1/,
  ],
  ['uniform into a detached array', () => rng().uniform({ out: detached }), TypeError, /detached/],
  ['bits into floats', () => rng().bits(3, { out: x }), TypeError, /out is a Float32Array of 3; pass a Uint32Array/],
  ['a slice that is none', () => rng().normal(3, { slice: 2 }), TypeError, /slice is 2; pass \[from, to\]/],
  [
    'a slice beyond the end',
    () => rng().normal(3, { slice: [0, 4] }),
    RangeError,
    /end of slice is 4; pass a whole number from 0 to 3/,
  ],
  ['a slice turned round', () => rng().normal(3, { slice: [2, 1] }), RangeError, /start of slice is 2/],
  ['a slice of half numbers', () => rng().normal(3, { slice: [0.5, 2] }), RangeError, /slice/],
  ['fork by an object', () => rng().fork({}), TypeError, /label is an object; pass a text or a whole number/],
  ['restore of nothing', () => random.restore(null as Any), TypeError, /restore/],
  ['restore of another thing', () => random.restore({ generator: 'x' }), TypeError, /generator is the string "x"/],
  [
    'restore with a word missing',
    () => random.restore({ ...random.torch(0).state(), words: [1] } as Any),
    TypeError,
    /words/,
  ],
  [
    'restore with a word too large',
    () => random.restore({ ...random.torch(0).state(), words: new Array(624).fill(2 ** 32) } as Any),
    TypeError,
    /words\[0\]/,
  ],
  [
    'restore with a seed too large',
    () => random.restore({ ...random.philox(0).state(), seed: '99999999999999999999' } as Any),
    TypeError,
    /seed/,
  ],
  [
    'restore with a block below 0',
    () => random.restore({ ...random.philox(0).state(), block: -1 } as Any),
    TypeError,
    /block/,
  ],

  // init
  [
    'a shape that is a number',
    () => init.zeros(3 as Any),
    TypeError,
    /init\.zeros: the shape is 3; pass an array of lengths/,
  ],
  ['a negative length', () => init.zeros([2, -1]), RangeError, /shape\[1\] is -1/],
  ['half a length', () => init.zeros([2.5]), RangeError, /shape\[0\] is 2\.5/],
  ['a shape past all memory', () => init.zeros([2 ** 30, 2 ** 30]), RangeError, /2\^53/],
  [
    'rank 1 has no fans',
    () => init.xavierUniform([10]),
    RangeError,
    /shape \[10\] has no fans; pass \{ fanIn, fanOut \}/,
  ],
  ['rank 0 has no fans', () => init.lecunNormal([]), RangeError, /has no fans/],
  ...numeric('init.xavierNormal', 'gain', (v) => init.xavierNormal([2, 2], { gain: v }), [...notFinite, -1]),
  ...numeric(
    'init.kaimingNormal',
    'slope',
    (v) => init.kaimingNormal([2, 2], { nonlinearity: 'leakyRelu', slope: v }),
    notFinite,
  ),
  ...numeric('init.kaimingNormal', 'fanIn', (v) => init.kaimingNormal([2, 2], { fanIn: v }), [...notFinite, 0, -1]),
  ...numeric('init.normal', 'std', (v) => init.normal([2, 2], { std: v }), [...notFinite, -1]),
  ...numeric('init.varianceScaling', 'scale', (v) => init.varianceScaling([2, 2], { scale: v }), [...notFinite, -1]),
  ...numeric('init.orthogonal', 'gain', (v) => init.orthogonal([2, 2], { gain: v }), notFinite),
  ...numeric('init.sparse', 'sparsity', (v) => init.sparse([2, 2], { sparsity: v }), [
    -0.1,
    1.1,
    Number.NaN,
    undefined,
  ]),
  ['a gain past binary32', () => init.xavierNormal([2, 2], { gain: 1e300 }), RangeError, /beyond binary32/],
  [
    'an unknown mode',
    () => init.kaimingNormal([2, 2], { mode: 'fan_in' as Any }),
    RangeError,
    /mode is the string "fan_in"; pass one of fanIn, fanOut/,
  ],
  [
    'an unknown nonlinearity',
    () => init.kaimingNormal([2, 2], { nonlinearity: 'swish' as Any }),
    RangeError,
    /nonlinearity is .*pass one of/,
  ],
  [
    'an unknown layout',
    () => init.kaimingNormal([2, 2], { layout: 'hwio' as Any }),
    RangeError,
    /layout .* pass one of oi, io/,
  ],
  [
    'an unknown distribution',
    () => init.varianceScaling([2, 2], { distribution: 'cauchy' as Any }),
    RangeError,
    /distribution/,
  ],
  [
    'rng that is a function',
    () => init.normal([2], { rng: Math.random as Any }),
    TypeError,
    /rng is a function; pass a generator of this copy of fanwise, such as random\.philox\(seed\)/,
  ],
  ['both rng and seed', () => init.normal([2], { rng: random.philox(0), seed: 0 }), TypeError, /both rng and seed/],
  ['a tensor with a slice', () => init.normal(tensor([2]), { slice: [0, 1] } as Any), TypeError, /not with a tensor/],
  ['out of another length', () => init.normal([2, 2], { out: x }), RangeError, /out has 3 values and the draw 4/],
  ['an unknown initialiser', () => init.describe('xavier' as Any, [2, 2]), RangeError, /name is the string "xavier"/],
  ['sparse of three axes', () => init.sparse([2, 2, 2], { sparsity: 0.5 }), RangeError, /two axes/],
  [
    'torchLinear with a bias of another length',
    () => init.torchLinear(tensor([2, 2]), { bias: tensor([3]) }),
    RangeError,
    /bias has 3 values/,
  ],
  ['torchLinear of a tensor without a bias', () => init.torchLinear(tensor([2, 2]), {} as Any), TypeError, /bias/],
  ['gain.torch of a name unknown', () => gain.torch('gelu' as Any), RangeError, /nonlinearity is the string "gelu"/],
  ['tensor with data of another length', () => tensor([2, 2], x), RangeError, /data has 3 values and shape \[2,2\] 4/],
  ['tensor with float64', () => tensor([3], float64), TypeError, /Float64Array/],

  ['a fan that is 0 in binary32', () => init.torchLinear([2, 2], { fanIn: 1e-100 }), RangeError, /greater than 0/],
  ['a uniform wider than binary32', () => init.kaimingUniform([2, 2], { gain: 2e38 }), RangeError, /beyond binary32/],
  [
    'a constant past binary32',
    () => init.constant([2], { value: 1e39 }),
    RangeError,
    /value is 1e\+39, beyond binary32/,
  ],
  ['a shape with a hole', () => init.zeros(Array(2) as Any), TypeError, /shape\[0\] is undefined/],
  ['an empty shape with a wrong option', () => init.normal([0], { std: -1 }), RangeError, /std is -1/],
  ['an empty shape with a wrong mode', () => init.kaimingNormal([0, 3], { mode: 'x' as Any }), RangeError, /mode/],
  ['an orthogonal matrix past memory', () => init.orthogonal([19000, 19000]), RangeError, /init\.orthogonal: .*4 GiB/],
  [
    'a bias inside the weight',
    () =>
      init.torchLinear(tensor([2, 2], overlapping.subarray(0, 4)), { bias: tensor([2], overlapping.subarray(2, 4)) }),
    RangeError,
    /bias overlaps the weight/,
  ],
  [
    'a truncated normal at infinity',
    () => rng().truncatedNormal(3, { low: Infinity, high: Infinity }),
    RangeError,
    /no probability/,
  ],
  [
    'a truncated normal past binary32',
    () => rng().truncatedNormal(3, { mean: 3e38, std: 1e38, high: 3 }),
    RangeError,
    /beyond binary32/,
  ],
  [
    'truncatedNormal of torch that would never end',
    () => random.torch(0).truncatedNormal(4, { low: 1, high: 1e9, absolute: true }),
    RangeError,
    /keep one in \d+/,
  ],
  [
    'the end of a stream',
    () => random.restore({ ...random.philox(0).state(), block: 2 ** 53 - 1 } as Any).bits(1),
    RangeError,
    /go on with a fork/,
  ],
  [
    'restore of words that are all zero',
    () => random.restore({ ...random.torch(0).state(), words: new Array(624).fill(0) } as Any),
    TypeError,
    /words/,
  ],

  // activation, softmax, loss
  [
    'forward of a float64 array',
    () => activation.tanh.forward(float64),
    TypeError,
    /activation\.tanh\.forward: x is a Float64Array of 3; pass a Float32Array; Float32Array\.from/,
  ],
  ['forward of an array', () => activation.tanh.forward([1, 2] as Any), TypeError, /x is the array \[1, 2\]/],
  ['forward of nothing', () => (activation.tanh as Any).forward(), TypeError, /x is undefined/],
  ['forward of a tensor', () => activation.tanh.forward(tensor([2]) as Any), TypeError, /pass its data/],
  [
    'hardtanh with low above high',
    () => activation.hardtanh.forward(x, { low: 2, high: -2 }),
    RangeError,
    /high is -2; pass a number at least 2/,
  ],
  [
    'hardtanh with low above the default',
    () => activation.hardtanh.backward({ y: x, dy: x, low: 2 }),
    RangeError,
    /high is 1/,
  ],
  ['the gain of such', () => gain('hardtanh', { low: 2, high: -2 }), RangeError, /high is -2; pass/],
  ['a layer of such', () => nn.activation('hardtanh', { low: 2, high: -2 }), RangeError, /high is -2; pass/],
  [
    'a training on targets that are no shares',
    () =>
      nn.fit(
        model,
        { x: new Float32Array(2), targets: Float32Array.of(0, 1, 2) },
        {
          ...{ loss: 'binaryCrossEntropy', optimizer },
        },
      ),
    RangeError,
    /targets\[2\] is 2; binaryCrossEntropy has shares, pass numbers from 0 to 1/,
  ],
  ['forward of a detached array', () => activation.tanh.forward(detached), TypeError, /detached/],
  [
    'forward into another length',
    () => activation.tanh.forward(x, { out: six }),
    RangeError,
    /out has 6 values and x 3/,
  ],
  [
    'forward into an overlap',
    () => activation.tanh.forward(overlapping.subarray(0, 3), { out: overlapping.subarray(1, 4) }),
    RangeError,
    /out overlaps x/,
  ],
  [
    'forward with a parameter of another',
    () => activation.tanh.forward(x, { slope: 1 } as Any),
    TypeError,
    /unknown option slope/,
  ],
  ...numeric('activation.leakyRelu.forward', 'slope', (v) => activation.leakyRelu.forward(x, { slope: v }), [
    ...notFinite,
    -0.1,
  ]),
  [
    'backward from x where y is kept',
    () => activation.tanh.backward({ x, dy: x } as Any),
    TypeError,
    /unknown option x; there are y, dy, out/,
  ],
  ['backward without dy', () => activation.tanh.backward({ y: x } as Any), TypeError, /dy is undefined/],
  ['backward of nothing', () => (activation.tanh as Any).backward(), TypeError, /y is undefined/],
  [
    'backward with another length',
    () => activation.tanh.backward({ y: x, dy: six }),
    RangeError,
    /dy has 6 values and y 3/,
  ],
  [
    'backward into an overlap',
    () => activation.tanh.backward({ y: x, dy: overlapping.subarray(0, 3), out: overlapping.subarray(2) }),
    RangeError,
    /out overlaps dy/,
  ],
  ...numeric('softmax.forward', 'columns', (v) => softmax.forward(x, { columns: v }), [
    0,
    -1,
    1.5,
    Number.NaN,
    '3',
    undefined,
  ]),
  [
    'softmax of rows that do not divide',
    () => softmax.forward(x, { columns: 2 }),
    RangeError,
    /x has 3 values, no whole number of rows of 2/,
  ],
  ['softmax of too many rows', () => softmax.forward(x, { columns: 3, rows: 2 }), RangeError, /rows x columns 6/],
  ['softmax of a float64 array', () => softmax.forward(float64, { columns: 3 }), TypeError, /Float64Array/],
  [
    'softmax into an overlap',
    () => softmax.log.forward(overlapping.subarray(0, 3), { columns: 3, out: overlapping.subarray(1, 4) }),
    RangeError,
    /overlaps/,
  ],
  [
    'softmax backward with another length',
    () => softmax.backward({ y: x, dy: six, columns: 3 }),
    RangeError,
    /dy has 6/,
  ],
  [
    'cross-entropy without labels',
    () => loss.crossEntropy.forward({ logits: x, columns: 3 } as Any),
    TypeError,
    /labels is undefined/,
  ],
  [
    'cross-entropy of float64',
    () => loss.crossEntropy.backward({ logits: float64, labels: [0], columns: 3 }),
    TypeError,
    /logits is a Float64Array/,
  ],

  // workspace
  ...numeric('workspace', 'bytes', (v) => workspace({ bytes: v }), [-1, 1.5, Number.NaN, '9', undefined]),
  ['workspace of nothing', () => (workspace as Any)(), TypeError, /bytes is undefined/],
  ['an array of length -1', () => workspace({ bytes: 64 }).float32(-1), RangeError, /length/],

  // nn
  ...numeric('nn.linear', 'inputs', (v) => nn.linear(v, 2), [0, -1, 1.5, '3']),
  ...numeric('nn.linear', 'outputs', (v) => nn.linear(2, v), [0, Number.NaN, '3']),
  ['linear with bias: 1', () => nn.linear(2, 2, { bias: 1 as Any }), TypeError, /bias is 1; pass true or false/],
  [
    'an unknown activation',
    () => nn.activation('swish9' as Any),
    RangeError,
    /nn\.activation: activation is the string "swish9"; pass one of relu/,
  ],
  [
    'an activation with a parameter of another',
    () => nn.activation('tanh', { slope: 1 } as Any),
    TypeError,
    /unknown option slope/,
  ],
  ['sequential of no array', () => nn.sequential(layer as Any), TypeError, /layers is an object; pass an array/],
  ['sequential of no layers', () => nn.sequential([]), RangeError, /begin with nn\.linear/],
  ['sequential of a function', () => nn.sequential([Math.tanh as Any]), TypeError, /layers\[0\] is a function/],
  [
    'sequential with a layer twice',
    () => nn.sequential([layer, layer]),
    RangeError,
    /layers\[1\] has a tensor of a layer before it/,
  ],
  [
    'sequential of a layer of another model',
    () => nn.sequential([model.layers[0]]),
    RangeError,
    /layers\[0\] has a tensor of another model/,
  ],
  [
    'sequential of layers that do not fit',
    () => nn.sequential([nn.linear(2, 3), nn.linear(4, 1)]),
    RangeError,
    /layers\[1\] takes 4 values and gets 3/,
  ],
  ['model.forward of half a row', () => model.forward(x), RangeError, /x has 3 values, no whole number of rows of 2/],
  [
    'evaluate of something else',
    () => nn.evaluate({} as Any, data),
    TypeError,
    /model is an object; pass one made by nn\.sequential/,
  ],
  [
    'evaluate with a label too many',
    () => nn.evaluate(model, { ...data, labels: [0, 1, 2] }),
    RangeError,
    /labels has 3 values/,
  ],
  [
    'evaluate with a label out of range',
    () => nn.evaluate(model, { ...data, labels: [0, 3] }),
    RangeError,
    /labels\[1\] is 3/,
  ],
  [
    'fit without an optimizer',
    () => nn.fit(model, data, {} as Any),
    TypeError,
    /optimizer is undefined; pass one, such as nn\.sgd/,
  ],
  ['fit without options', () => (nn.fit as Any)(model, data), TypeError, /optimizer/],
  ...numeric('nn.fit', 'epochs', (v) => nn.fit(model, data, { optimizer, epochs: v }), [-1, 1.5, '3']),
  ...numeric('nn.fit', 'batchSize', (v) => nn.fit(model, data, { optimizer, batchSize: v }), [0, -1, 1.5, '3']),
  [
    'fit with a schedule that is a number',
    () => nn.fit(model, data, { optimizer, schedule: 0.5 as Any }),
    TypeError,
    /schedule is 0\.5/,
  ],
  ['fit with a signal that is none', () => nn.fit(model, data, { optimizer, signal: {} as Any }), TypeError, /signal/],
  ...numeric('nn.sgd', 'lr', (v) => nn.sgd({ lr: v }), [...notFinite, -1, undefined]),
  ...numeric('nn.sgd', 'momentum', (v) => nn.sgd({ lr: 1, momentum: v }), [...notFinite, -1]),
  ...numeric('nn.sgd', 'weightDecay', (v) => nn.sgd({ lr: 1, weightDecay: v }), [...notFinite, -1]),
  ...numeric('nn.adam', 'lr', (v) => nn.adam({ lr: v }), [...notFinite, -1]),
  ...numeric('nn.adamW', 'epsilon', (v) => nn.adamW({ epsilon: v }), [...notFinite, -1]),
  ...numeric('nn.adam', 'betas', (v) => nn.adam({ betas: [v, 0.9] }), [Number.NaN, -1, 1, '0']),
  [
    'adam with one beta',
    () => nn.adam({ betas: [0.9] as Any }),
    TypeError,
    /betas is the array \[0\.9\]; pass two numbers/,
  ],
  ['nesterov without momentum', () => nn.sgd({ lr: 1, nesterov: true }), RangeError, /pass a momentum/],
  ...numeric('nn.stepDecay', 'gamma', (v) => nn.stepDecay({ gamma: v }), [...notFinite, -1, undefined]),
  ...numeric('nn.stepDecay', 'every', (v) => nn.stepDecay({ gamma: 1, every: v }), [0, -1, 1.5, '1']),
];
if (shared) {
  cases.push([
    'forward on shared memory',
    () => activation.tanh.forward(shared),
    TypeError,
    /shared memory.*slice\(\)/,
  ]);
  cases.push(['uniform into shared memory', () => rng().uniform({ out: shared }), TypeError, /shared memory/]);
}

test.each(cases)('%s', (_, f, error, says) => {
  let thrown: unknown;
  try {
    f();
  } catch (e) {
    thrown = e;
  }
  expect(thrown).toBeInstanceOf(error);
  expect((thrown as Error).message).toMatch(says);
});

describe('nothing is written where something is wrong', () => {
  const out = () => new Float32Array(6).fill(7);
  const untouched: [string, (out: Float32Array) => unknown][] = [
    ['uniform', (o) => random.philox(0).uniform({ out: o, low: 2, high: 1 })],
    ['normal of torch', (o) => random.torch(0).normal({ out: o, std: -1 })],
    ['init', (o) => init.xavierNormal([2, 3], { out: o, gain: Number.NaN })],
    ['init of a tensor', (o) => init.xavierNormal(tensor([6], o))],
    ['orthogonal', (o) => init.orthogonal([2, 3], { out: o, gain: Number.NaN })],
    ['sparse', (o) => init.sparse([2, 3], { out: o, sparsity: 2 })],
    ['forward', (o) => activation.leakyRelu.forward(six, { out: o, slope: -1 })],
    ['backward', (o) => activation.tanh.backward({ y: o, dy: x, out: o })],
    ['softmax', (o) => softmax.forward(o, { columns: 4, out: o })],
    ['cross-entropy', (o) => loss.crossEntropy.backward({ logits: o, labels: [0, 3], columns: 3, out: o })],
  ];
  test.each(untouched)('%s', (_, f) => {
    const o = out();
    expect(() => f(o)).toThrow();
    expect(o).toEqual(out());
  });

  test('and no generator moves on', () => {
    for (const make of [() => random.philox(0), () => random.torch(0)]) {
      const generator = make();
      expect(() => generator.normal(10, { std: -1 })).toThrow();
      expect(() => init.xavierNormal([10], { rng: generator })).toThrow();
      expect(() => init.sparse([2, 3], { rng: generator, sparsity: 2 })).toThrow();
      expect(() => nn.fit(model, data, { rng: generator, optimizer, batchSize: 0 })).toThrow();
      expect(generator.state()).toEqual(make().state());
    }
  });
});

test('zero is a value for every numeric option', () => {
  const r = random.philox(0);
  expect(r.uniform(8, { low: 0, high: 0 }).every((v) => v === 0)).toBe(true);
  expect(r.uniform(8, { low: -1, high: 0 }).every((v) => v < 0)).toBe(true);
  expect(r.normal(8, { mean: 0, std: 0 }).every((v) => v === 0)).toBe(true);
  expect(r.truncatedNormal(8, { low: 0 }).every((v) => v >= 0)).toBe(true);
  expect(r.truncatedNormal(8, { high: 0 }).every((v) => v <= 0)).toBe(true);
  expect(r.truncatedNormal(8, { std: 0, mean: 0 }).every((v) => v === 0)).toBe(true);
  expect(r.bernoulli(8, { p: 0 }).every((v) => v === 0)).toBe(true);
  expect(init.constant([2], { value: 0 })).toEqual(new Float32Array(2));
  expect(init.xavierNormal([2, 2], { gain: 0 }).every((v) => v === 0)).toBe(true);
  expect(init.kaimingNormal([2, 2], { gain: 0 }).every((v) => v === 0)).toBe(true);
  expect(init.kaimingNormal([2, 2], { nonlinearity: 'leakyRelu', slope: 0, seed: 0 })).toEqual(
    init.kaimingNormal([2, 2], { seed: 0 }),
  );
  expect(init.varianceScaling([2, 2], { scale: 0 }).every((v) => v === 0)).toBe(true);
  expect(init.orthogonal([2, 2], { gain: 0 }).every((v) => v === 0)).toBe(true);
  expect(init.sparse([2, 2], { sparsity: 0, std: 0 }).every((v) => v === 0)).toBe(true);
  expect(init.normal([3], { seed: 0 })).toEqual(random.philox(0).normal(3));
  expect(nn.sgd({ lr: 0, momentum: 0, weightDecay: 0 }).lr).toBe(0);
});

test('a schedule that gives no number stops the training, at once if it can be seen at once', async () => {
  const wrong = /nn\.fit: the learning rate of schedule is .*; pass a number/;
  for (const value of [Number.NaN, -1, undefined, '0.1']) {
    expect(() => nn.fit(model, data, { optimizer, schedule: () => value as Any })).toThrow(wrong);
    const late = nn.fit(model, data, { optimizer, epochs: 2, schedule: (at) => (at === 0 ? 0.1 : value) as Any });
    const run = async () => {
      for await (const _ of late);
    };
    await expect(run()).rejects.toThrow(wrong);
  }
});

test('options are read once, also inherited ones', () => {
  let reads = 0;
  const once = {
    get columns() {
      reads++;
      return 3;
    },
  };
  expect(softmax.forward(x, once)).toEqual(softmax.forward(x, { columns: 3 }));
  expect(reads).toBe(1);
  expect(random.philox(0).normal(3, Object.create({ std: 0 }))).toEqual(new Float32Array(3));
});

test('an array whose class redefines subarray is an array', () => {
  class Odd extends Float32Array {
    override subarray(): Float32Array<ArrayBuffer> {
      throw new Error('not to be called');
    }
  }
  expect(Array.from(random.torch(0).normal({ out: new Odd(40) }))).toEqual(Array.from(random.torch(0).normal(40)));
  expect(model.forward(new Odd(4))).toEqual(model.forward(new Float32Array(4)));
});

test('undefined is the default', () => {
  expect(random.philox(0).normal(3, { mean: undefined, std: undefined })).toEqual(random.philox(0).normal(3));
  expect(init.kaimingNormal([2, 2], { seed: 0, gain: undefined, mode: undefined })).toEqual(
    init.kaimingNormal([2, 2], { seed: 0 }),
  );
});

test('empty arrays are legal everywhere', () => {
  const none = new Float32Array(0);
  expect(random.philox(0).normal(0)).toEqual(none);
  expect(random.torch(0).normal(0)).toEqual(none);
  expect(random.philox(0).uniform({ out: none })).toBe(none);
  expect(init.normal([0])).toEqual(none);
  expect(init.xavierNormal(tensor([0, 3])).data).toEqual(none);
  expect(activation.tanh.forward(none)).toEqual(none);
  expect(activation.tanh.backward({ y: none, dy: none, out: none })).toBe(none);
  expect(softmax.backward({ y: none, dy: none, columns: 4 })).toEqual(none);
  expect(loss.crossEntropy.backward({ logits: none, labels: [], columns: 4 })).toEqual(none);
});
