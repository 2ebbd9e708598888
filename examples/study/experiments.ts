// The article's five experiments: 784-100-10 on MNIST, with random numbers in PyTorch's order. nn.Linear draws its default
// first, and the initialiser overwrites the weights. After that the generator draws the data loader's order.

import { type Activation, init, nn, random } from 'fanwise';
import type { Digits } from './mnist.js';

export interface Experiment {
  name: string;
  initialise?: typeof init.xavierNormal;
  activation: Activation;
  /** The test accuracy that the article prints, in per cent; from one seed each. */
  published: number;
}

export const experiments: Experiment[] = [
  { name: 'normal + tanh', initialise: init.normal as typeof init.xavierNormal, activation: 'tanh', published: 92.55 },
  { name: 'default + tanh', activation: 'tanh', published: 97.7 },
  { name: 'xavier + tanh', initialise: init.xavierNormal, activation: 'tanh', published: 97.49 },
  { name: 'xavier + relu', initialise: init.xavierNormal, activation: 'relu', published: 97.48 },
  {
    name: 'he + relu',
    initialise: init.kaimingNormal as typeof init.xavierNormal,
    activation: 'relu',
    published: 97.39,
  },
];

export interface Result {
  losses: number[];
  /** Test accuracy in per cent every 500 steps. */
  accuracy: number[];
}

/** Trains one of them; `each` is called after every step. */
export async function run(
  { initialise, activation }: Experiment,
  data: { train: Digits; test: Digits },
  { epochs = 5, each }: { epochs?: number; each?: (step: number) => void } = {},
): Promise<Result> {
  const rng = random.torch(0);
  const fc1 = nn.linear(784, 100, { rng });
  initialise?.(fc1.weight, { rng });
  const fc2 = nn.linear(100, 10, { rng });
  initialise?.(fc2.weight, { rng });
  const model = nn.sequential([fc1, nn.activation(activation), fc2]);
  const result: Result = { losses: [], accuracy: [] };
  const optimizer = nn.sgd({ lr: 0.1, momentum: 0.9, nesterov: true });
  const schedule = nn.stepDecay({ gamma: 0.96 });
  const options = { epochs, batchSize: 100, rng, optimizer, schedule };
  for await (const { step, loss } of nn.fit(model, data.train, options)) {
    result.losses.push(loss);
    if ((step + 1) % 500 === 0) result.accuracy.push(100 * nn.evaluate(model, data.test).accuracy);
    each?.(step);
  }
  return result;
}
