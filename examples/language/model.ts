// A language model of letters: it predicts the next letter from the eight before it. (Bengio et al. 2003 did so with words.)

import { readFileSync } from 'node:fs';
import { nn, random, type Seed, softmax } from 'fanwise';

/** The first two chapters of Alice's Adventures in Wonderland, Lewis Carroll, 1865. */
export const alice = readFileSync(new URL('alice.txt', import.meta.url), 'utf8');

const CONTEXT = 8;

export interface Options {
  seed: Seed;
  epochs?: number;
  lr?: number;
  /** The share of the text, at its end, that is kept for testing. */
  heldOut?: number;
  each?: (epoch: number, loss: number) => void;
}

/** The entropy of a text's letters in nats: the lowest loss of a guess that does not look at the letters before. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum - (n / text.length) * Math.log(n / text.length), 0);
}

export async function learn(text: string, { seed, epochs = 15, lr = 0.002, heldOut = 0.1, each }: Options) {
  const rng = random.philox(seed);
  const letters = [...new Set(text)].sort();
  const indices = Uint8Array.from(text, (letter) => letters.indexOf(letter));
  const V = letters.length;

  /** Eight letters as one-hot vectors, side by side. */
  function encode(letters: ArrayLike<number>, at: number, x: Float32Array): void {
    for (let i = 0; i < CONTEXT; i++) x[i * V + letters[at + i]] = 1;
  }
  /** Every letter of a part as a label, and the eight before it as a row. */
  function rows(part: Uint8Array) {
    const width = CONTEXT * V;
    const x = new Float32Array((part.length - CONTEXT) * width);
    for (let row = 0; row < x.length / width; row++) encode(part, row, x.subarray(row * width, (row + 1) * width));
    return { x, labels: part.slice(CONTEXT) };
  }
  const split = Math.round(text.length * (1 - heldOut));
  const [training, test] = [rows(indices.subarray(0, split)), rows(indices.subarray(split))];

  const model = nn.sequential([
    nn.linear(CONTEXT * V, 256, { rng, activation: 'gelu' }),
    nn.dropout({ p: 0.3, rng }),
    nn.linear(256, V, { rng }),
  ]);
  const optimizer = nn.adamW({ lr });
  const schedule = nn.cosine({ over: epochs });
  const batchSize = 64;
  const steps = Math.ceil(training.labels.length / batchSize);
  let total = 0;
  for await (const { epoch, step, loss } of nn.fit(model, training, { epochs, batchSize, optimizer, schedule, rng })) {
    total += loss;
    if ((step + 1) % steps > 0) continue;
    each?.(epoch, total / steps);
    total = 0;
  }

  /** Continues the text with random letters of the model's probabilities; a temperature below 1 prefers likely letters. */
  function write(length: number, { seed, temperature = 0.5 }: { seed: Seed; temperature?: number }): string {
    const rng = random.philox(seed);
    const written = Array.from(indices.subarray(-CONTEXT));
    for (let i = 0; i < length; i++) {
      const x = new Float32Array(CONTEXT * V);
      encode(written, i, x);
      const logits = model.forward(x).map((logit) => logit / temperature);
      let left = rng.source();
      const next = softmax.forward(logits, { columns: V }).findIndex((p) => (left -= p) < 0);
      written.push(next < 0 ? V - 1 : next); // the probabilities are rounded, and their sum may be just below 1
    }
    return written
      .slice(CONTEXT)
      .map((index) => letters[index])
      .join('');
  }
  return {
    write,
    /** In nats a letter, on the part kept for testing; and the lowest loss of a guess without context. */
    loss: nn.evaluate(model, test).loss,
    unigram: entropy(text.slice(split + CONTEXT)),
  };
}
