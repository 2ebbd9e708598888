// The thread that trains. It answers messages between steps, since nn.fit lets the event loop run every 12 ms.

import { parentPort } from 'node:worker_threads';
import { type Model, nn, random, softmax } from 'fanwise';
import { digits, PIXELS } from './digits.js';

export interface Settings {
  epochs: number;
  rows: number;
  lr: number;
  seed: number;
}
export type Question =
  | { ask: 'train'; settings: Settings }
  | { ask: 'predict'; x: Float32Array }
  | { ask: 'status' | 'model' };
export type Request = Question & { id: number };
export type Answer = { id: number } & ({ value: unknown } | { error: string });

export interface Status {
  state: 'idle' | 'training' | 'trained' | 'failed';
  epoch?: number;
  step?: number;
  loss?: number;
  /** After training: the accuracy on a thousand test digits. */
  accuracy?: number;
  error?: string;
}

const port = parentPort!;
const test = digits('t10k', 1000);
let status: Status = { state: 'idle' };
let model: Model | undefined;
const stopping = new AbortController();

async function train({ epochs, rows, lr, seed }: Settings): Promise<void> {
  const rng = random.philox(seed);
  const [hidden, last] = [nn.linear(PIXELS, 128, { rng, activation: 'relu' }), nn.linear(128, 10, { rng })];
  const made = nn.sequential([hidden, last]);
  const optimizer = nn.sgd({ lr, momentum: 0.9 });
  model = made;
  status = { state: 'training' };
  try {
    const { signal } = stopping;
    for await (const { epoch, step, loss } of nn.fit(made, digits('train', rows), { epochs, optimizer, rng, signal }))
      status = { state: 'training', epoch, step, loss };
    status = { ...status, state: 'trained', accuracy: nn.evaluate(made, test).accuracy };
  } catch (error) {
    status = { ...status, state: 'failed', error: String(error) };
  }
}

function currentModel(): Model {
  if (!model) throw new Error('there is no model yet; POST /train makes one');
  return model;
}

function answer(request: Request): unknown {
  switch (request.ask) {
    case 'status':
      return status;
    case 'train':
      if (status.state === 'training')
        throw new Error('a training is under way; wait until GET /status says it is over');
      void train(request.settings);
      return status;
    case 'model':
      return nn.save(currentModel(), { metadata: { format: 'pt' } });
    case 'predict': {
      const probabilities = Array.from(softmax.forward(currentModel().forward(request.x), { columns: 10 }));
      return { digit: probabilities.indexOf(Math.max(...probabilities)), probabilities };
    }
  }
}

port.on('message', (request: Request | 'stop') => {
  if (request === 'stop') {
    stopping.abort();
    port.close(); // nothing else keeps the thread alive
    return;
  }
  const { id } = request;
  try {
    port.postMessage({ id, value: answer(request) } satisfies Answer);
  } catch (error) {
    port.postMessage({ id, error: (error as Error).message } satisfies Answer);
  }
});
