// Claims about learning: networks trained on digits.

import { init, nn } from 'fanwise';
import { type Claim, type Context, percent, short } from './claim.js';
import { first } from './mnist.js';
import { deep, type fills } from './train.js';

/** 784-100-10 from all zeros (or from zero weights and PyTorch's biases), trained on some digits. */
async function fromZero(name: 'tanh' | 'relu' | 'sigmoid', biases: 'zero' | 'default', { data, quick }: Context) {
  const [fc1, fc2] = [nn.linear(784, 100, { seed: 1 }), nn.linear(100, 10, { seed: 2 })];
  for (const { weight, bias } of [fc1, fc2]) {
    init.zeros(weight);
    if (biases === 'zero') init.zeros(bias!);
  }
  const model = nn.sequential([fc1, nn.activation(name), fc2]);
  const optimizer = nn.sgd({ lr: 0.1, momentum: 0.9 });
  const rows = first(data.train, quick ? 6000 : 20_000);
  await nn.fit(model, rows, { epochs: biases === 'zero' ? 1 : 3, batchSize: 100, seed: 0, optimizer });
  const w = fc1.weight.data;
  let difference = 0;
  for (let i = 784; i < w.length; i++) difference = Math.max(difference, Math.abs(w[i] - w[i % 784]));
  return {
    difference,
    largest: w.reduce((a, b) => Math.max(a, Math.abs(b)), 0),
    accuracy: 100 * nn.evaluate(model, data.test).accuracy,
  };
}

async function trained(
  context: Context,
  name: 'relu' | 'tanh',
  hidden: number,
  fill: keyof typeof fills,
  epochs: number,
  seeds: number[],
) {
  const accuracy: number[] = [];
  for (const seed of seeds) {
    context.report(`${name} x ${hidden}, ${fill}`);
    accuracy.push(await deep(name, hidden, fill, seed, context.data, { epochs }));
  }
  return accuracy;
}

export const learning: Claim[] = [
  {
    id: '1',
    claim: 'From zero weights every neuron computes the same output and the same gradient.',
    how: 'All weights and biases zero, an epoch of SGD on digits; the first layer’s weights, and the largest difference between its rows.',
    verdict: 'holds with a correction',
    correction:
      'With tanh and ReLU, for which f(0) = 0, the weights’ gradients are exactly 0 and only the output bias learns. With sigmoid the layer learns, as one unit. And zero weights with PyTorch’s random biases do train: the symmetry is broken.',
    async measure(context) {
      const [tanh, relu, sigmoid, biased] = [
        await fromZero('tanh', 'zero', context),
        await fromZero('relu', 'zero', context),
        await fromZero('sigmoid', 'zero', context),
        await fromZero('tanh', 'default', context),
      ];
      return {
        expected:
          'tanh and relu: weights stay 0, about 10 %; sigmoid: rows differ by exactly 0; random biases: above 85 %',
        measured: `tanh: largest weight ${tanh.largest}, ${percent(tanh.accuracy)}; relu: ${relu.largest}, ${percent(relu.accuracy)}; sigmoid: largest weight ${short(sigmoid.largest)}, rows differ by ${sigmoid.difference}, ${percent(sigmoid.accuracy)}; random biases: ${percent(biased.accuracy)}`,
        agrees:
          tanh.largest === 0 &&
          relu.largest === 0 &&
          tanh.accuracy < 15 &&
          relu.accuracy < 15 &&
          sigmoid.largest > 0 &&
          sigmoid.difference === 0 &&
          biased.accuracy > (context.quick ? 60 : 85),
      };
    },
  },
  {
    id: '13',
    claim: 'Initialisation decides whether ReLU networks learn.',
    how: 'Thirty hidden layers of 100 ReLU units on 8,000 digits, SGD lr 0.01, momentum 0.9, 5 epochs; test accuracy, two seeds each.',
    verdict: 'holds with a correction',
    correction: 'In depth. One hidden layer trains from almost anything, as the article’s own table shows (claim 9).',
    async measure(context) {
      const seeds = context.quick ? [0] : [0, 1];
      const [he, xavier, standard] = [
        await trained(context, 'relu', 30, 'he', 5, seeds),
        await trained(context, 'relu', 30, 'xavier', 5, seeds),
        await trained(context, 'relu', 30, 'default', 5, seeds),
      ];
      return {
        expected: 'He above 50 %; Xavier and PyTorch’s default below 30 %',
        measured: [he, xavier, standard].map((accuracy) => accuracy.map(percent).join(' and ')).join('; '),
        agrees: he.every((a) => a > 50) && xavier.every((a) => a < 30) && standard.every((a) => a < 30),
      };
    },
  },
  {
    id: '14',
    claim: 'Initialisation decides whether tanh networks learn.',
    how: 'Fifty hidden layers of 100 tanh units, trained as in claim 13; N(0, 1/n), N(0, 1), and N(0, 0.01²) (an epoch, one seed).',
    verdict: 'holds with a correction',
    correction:
      'In depth, again. N(0, 0.01²) also slows the processor down tenfold: its signals are subnormal numbers.',
    async measure(context) {
      const seeds = context.quick ? [0] : [0, 1];
      const [lecun, unit] = [
        await trained(context, 'tanh', 50, 'lecun', 5, seeds),
        await trained(context, 'tanh', 50, 'unit', 5, seeds),
      ];
      const small = context.quick ? [] : await trained(context, 'tanh', 50, 'hundredth', 1, [0]);
      return {
        expected: 'N(0, 1/n) above 70 %; N(0, 1) and N(0, 0.01²) below 30 %',
        measured: [lecun, unit, small]
          .map((accuracy) => accuracy.map(percent).join(' and ') || 'left out of a quick run')
          .join('; '),
        agrees: lecun.every((a) => a > 70) && unit.every((a) => a < 30) && small.every((a) => a < 30),
      };
    },
  },
];
