// Learns to balance a pole, without a page: tsx examples/cartpole/index.ts [seed]

import { learner } from './learn.js';

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const returns: number[] = [];
for await (const length of learner({ seed: Number(process.argv[2] ?? 2) }).returns) {
  returns.push(length);
  const episodes = returns.length;
  if (episodes % 50 === 0) console.log(`episode ${episodes}: ${mean(returns.slice(-50)).toFixed(0)} steps on average`);
}
console.log(`the last 20: ${mean(returns.slice(-20)).toFixed(1)} of 500`);
