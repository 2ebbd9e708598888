// Two half moons inside each other, with noise: tsx examples/moons/index.ts

import { nn, random } from 'fanwise';

const rng = random.philox(0);
const moons = (rows: number) => {
  const labels = Uint8Array.from(rng.bernoulli(rows));
  const x = rng.normal(2 * rows, { std: 0.2 });
  rng.uniform(rows, { high: Math.PI }).forEach((turn, i) => {
    x[2 * i] += labels[i] ? 1 - Math.cos(turn) : Math.cos(turn);
    x[2 * i + 1] += labels[i] ? 0.5 - Math.sin(turn) : Math.sin(turn);
  });
  return { x, labels };
};
const model = nn.sequential([nn.linear(2, 32, { rng, activation: 'silu' }), nn.linear(32, 2, { rng })]);
await nn.fit(model, moons(500), { epochs: 50, optimizer: nn.adam({ lr: 0.02 }), rng });
console.log(`accuracy ${nn.evaluate(model, moons(1000)).accuracy} on 1000 others`);
