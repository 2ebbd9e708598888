// Learns to write letter by letter, from two chapters of a book: tsx examples/language/index.ts [seed]

import { alice, learn } from './model.js';

const seed = process.argv[2] ?? '0';
const began = performance.now();
const { loss, unigram, write } = await learn(alice, {
  seed,
  each: (epoch, mean) => console.log(`epoch ${epoch}: loss ${mean.toFixed(3)}`),
});
console.log(
  `\n${((performance.now() - began) / 1000).toFixed(1)} s; on text that it has not seen ${loss.toFixed(3)} nats a letter`,
);
console.log(`single letters, without those before: ${unigram.toFixed(3)}\n`);
console.log(write(600, { seed }));
