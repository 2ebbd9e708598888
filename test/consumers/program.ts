// The program of every consumer: it initialises a small net, trains it for a step, and hashes it.

import { init, nn, random } from 'fanwise';

export async function program(): Promise<number> {
  const rng = random.philox('consumer');
  const first = nn.linear(4, 16, { rng, activation: 'gelu' });
  const model = nn.sequential([first, nn.linear(16, 3, { rng })]);
  init.kaimingNormal(first.weight, { rng, nonlinearity: 'relu' });
  const data = { x: rng.normal(4 * 32), labels: Uint8Array.from({ length: 32 }, (_, row) => row % 3) };
  await nn.fit(model, data, { epochs: 1, batchSize: 32, rng, optimizer: nn.adamW({ lr: 0.1 }) });
  let hash = 2166136261;
  for (const { data } of Object.values(model.parameters)) {
    for (const byte of new Uint8Array(data.slice().buffer)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  }
  return hash;
}
