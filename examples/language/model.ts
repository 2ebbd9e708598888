// A model of letters: from eight to the next. (Bengio et al. 2003 did so with words.)

import { readFileSync } from 'node:fs';
import { nn, random, type Seed, softmax } from 'fanwise';

/** The first two chapters of Alice's Adventures in Wonderland, Lewis Carroll, 1865. */
export const alice = readFileSync(new URL('alice.txt', import.meta.url), 'utf8');

const CONTEXT = 8;

export interface Options {
  seed: Seed;
  epochs?: number;
  lr?: number;
  /** The share of the text, its end, that is not learnt from. */
  apart?: number;
  each?: (epoch: number, loss: number) => void;
}

/** The entropy of a text's letters in nats: no guess that does not look at the letters before has a lower loss. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum - (n / text.length) * Math.log(n / text.length), 0);
}

export async function learn(text: string, { seed, epochs = 15, lr = 0.002, apart = 0.1, each }: Options) {
  const rng = random.philox(seed);
  const letters = [...new Set(text)].sort();
  const places = Uint8Array.from(text, (letter) => letters.indexOf(letter));
  const V = letters.length;

  /** A 1 for the letter at each of the eight places: the first layer has a row of weights for each of them. */
  function coded(places: ArrayLike<number>, at: number, x: Float32Array): void {
    for (let i = 0; i < CONTEXT; i++) x[i * V + places[at + i]] = 1;
  }
  /** Every letter of a part, and the eight before it. */
  function rows(part: Uint8Array) {
    const width = CONTEXT * V;
    const x = new Float32Array((part.length - CONTEXT) * width);
    for (let row = 0; row < x.length / width; row++) coded(part, row, x.subarray(row * width, (row + 1) * width));
    return { x, labels: part.slice(CONTEXT) };
  }
  const cut = Math.round(text.length * (1 - apart));
  const [seen, unseen] = [rows(places.subarray(0, cut)), rows(places.subarray(cut))];

  const model = nn.sequential([
    nn.linear(CONTEXT * V, 256, { rng, activation: 'gelu' }),
    nn.dropout({ p: 0.3, rng }),
    nn.linear(256, V, { rng }),
  ]);
  const optimizer = nn.adamW({ lr });
  const schedule = nn.cosine({ over: epochs });
  const batchSize = 64;
  const steps = Math.ceil(seen.labels.length / batchSize);
  let total = 0;
  for await (const { epoch, step, loss } of nn.fit(model, seen, { epochs, batchSize, optimizer, schedule, rng })) {
    total += loss;
    if ((step + 1) % steps > 0) continue;
    each?.(epoch, total / steps);
    total = 0;
  }

  /** Goes on from the end of the text, letter by letter, by chance; below 1, temperature prefers what is likely. */
  function write(length: number, { seed, temperature = 0.5 }: { seed: Seed; temperature?: number }): string {
    const chance = random.philox(seed);
    const written = Array.from(places.subarray(-CONTEXT));
    for (let i = 0; i < length; i++) {
      const x = new Float32Array(CONTEXT * V);
      coded(written, i, x);
      const logits = model.forward(x).map((logit) => logit / temperature);
      let left = chance.source();
      const next = softmax.forward(logits, { columns: V }).findIndex((p) => (left -= p) < 0);
      written.push(next < 0 ? V - 1 : next); // the sum of the rounded shares may miss 1 by a hair
    }
    return written
      .slice(CONTEXT)
      .map((place) => letters[place])
      .join('');
  }
  return {
    write,
    /** In nats a letter, on the part that it has not learnt from; beside it what a guess without context has at best. */
    loss: nn.evaluate(model, unseen).loss,
    unigram: entropy(text.slice(cut + CONTEXT)),
  };
}
