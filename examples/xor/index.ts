// XOR, which no straight line tells apart: tsx examples/xor/index.ts

import { nn, random } from 'fanwise';

const rng = random.philox(0);
const model = nn.sequential([nn.linear(2, 8, { rng, activation: 'tanh' }), nn.linear(8, 2, { rng })]);
const data = { x: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), labels: [0, 1, 1, 0] };
const optimizer = nn.sgd({ lr: 0.5, momentum: 0.9 });

for await (const { epoch, loss } of nn.fit(model, data, { epochs: 100, optimizer, rng })) {
  if (epoch % 20 === 0) console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`);
}
console.log(`accuracy ${nn.evaluate(model, data).accuracy}`);
