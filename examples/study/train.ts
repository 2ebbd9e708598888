// Deep networks on digits: layers of 100 units between 784 inputs and 10 outputs.

import { type Activation, init, type Linear, nn, random, type Tensor } from 'fanwise';
import { type Digits, first } from './mnist.js';

/** Fills a layer's weight; undefined leaves PyTorch's default. */
export type Fill = ((weight: Tensor, seed: string) => void) | undefined;

export const fills = {
  he: (weight, seed) => void init.kaimingNormal(weight, { seed }),
  xavier: (weight, seed) => void init.xavierNormal(weight, { seed }),
  lecun: (weight, seed) => void init.lecunNormal(weight, { seed }),
  default: undefined,
  unit: (weight, seed) => void init.normal(weight, { seed, std: 1 }),
  hundredth: (weight, seed) => void init.normal(weight, { seed, std: 0.01 }),
} satisfies Record<string, Fill>;

/** The linear layers of such a network. Biases start at zero, except with PyTorch's default. */
export function layersOf(hidden: number, fill: keyof typeof fills, seed: number): Linear[] {
  const f: Fill = fills[fill];
  return Array.from({ length: hidden + 1 }, (_, l) => {
    const linear = nn.linear(l === 0 ? 784 : 100, l === hidden ? 10 : 100, { seed: `${seed} ${l}` });
    if (f) {
      f(linear.weight, `${seed} ${l} weight`);
      linear.bias?.data.fill(0);
    }
    return linear;
  });
}

/** Test accuracy in per cent after so many epochs on the first 8,000 digits. */
export async function deep(
  name: Activation,
  hidden: number,
  fill: keyof typeof fills,
  seed: number,
  data: { train: Digits; test: Digits },
  { epochs = 5 }: { epochs?: number } = {},
): Promise<number> {
  const linears = layersOf(hidden, fill, seed);
  const model = nn.sequential(linears.flatMap((linear, l) => (l < hidden ? [linear, nn.activation(name)] : [linear])));
  const optimizer = nn.sgd({ lr: 0.01, momentum: 0.9, nesterov: true });
  const rng = random.philox(seed);
  await nn.fit(model, first(data.train, 8000), { epochs, batchSize: 100, rng, optimizer });
  return 100 * nn.evaluate(model, first(data.test, 2000)).accuracy;
}
