// What runs in an AudioWorklet, where there is neither performance nor crypto nor TextEncoder: it draws, initialises, activates
// and trains, and posts the hashes.

import { activation, init, nn, random } from 'fanwise';
import { hash } from '../oracle.js';

/** The hash of each result, and the error of a draw without a seed. */
export async function results(): Promise<Record<string, string | number>> {
  const rng = random.philox('worklet');
  const x = rng.normal(1000);
  const model = nn.sequential([
    nn.linear(10, 8, { rng, activation: 'tanh' }),
    nn.linear(8, 2, { rng: rng.fork('output') }),
  ]);
  const labels = Uint8Array.from({ length: 100 }, (_, i) => i % 2);
  for await (const _ of nn.fit(model, { x, labels }, { epochs: 60, batchSize: 2, optimizer: nn.adam(), rng }));
  let unseeded = 'a draw';
  try {
    random.philox();
  } catch (error) {
    unseeded = (error as Error).message;
  }
  return {
    drawn: hash(x),
    initialised: hash(init.kaimingNormal([10, 10], { rng })),
    activated: hash(activation.gelu.forward(x)),
    trained: hash(model.forward(x)),
    unseeded,
  };
}
