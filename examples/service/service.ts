// Trains and serves a model over HTTP. Another thread does the computing, so that this one can always answer.
//
//   POST /train    { "epochs": 3, "rows": 10000, "lr": 0.05, "seed": 0 }, each of them optional: starts a training
//   GET /status    how far it is, and how late this thread's event loop was since it started
//   POST /predict  [784 numbers from 0 to 1]: the digit, and the probability of each, by the model as it is now
//   GET /model     its parameters as a safetensors file

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { PIXELS, TRAINING_ROWS } from './digits.js';
import type { Answer, Question, Request, Settings } from './worker.js';

/** An error that the client can correct. */
class Refusal extends Error {
  constructor(
    readonly code: 400 | 404 | 405 | 409 | 413,
    message: string,
  ) {
    super(message);
  }
}

/** 784 numbers of 17 digits are 15 kB. */
const LARGEST = 32_768;

async function json(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    size += part.length;
    if (size > LARGEST) throw new Refusal(413, `the body is larger than ${LARGEST} bytes`);
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString();
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new Refusal(400, `the body is no JSON: ${(error as Error).message}`);
  }
}

const limits: Record<keyof Settings, { value: number; least: number; most: number; whole: boolean }> = {
  epochs: { value: 3, least: 1, most: 50, whole: true },
  rows: { value: 10_000, least: 100, most: TRAINING_ROWS, whole: true },
  lr: { value: 0.05, least: 0, most: 1, whole: false },
  seed: { value: 0, least: 0, most: 2 ** 32 - 1, whole: true },
};

function settings(body: unknown): Settings {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Refusal(400, 'the body is no object; pass one such as {"epochs": 3}, or nothing');
  const names = Object.keys(limits) as (keyof Settings)[];
  const unknown = Object.keys(body).find((name) => !names.includes(name as keyof Settings));
  if (unknown !== undefined)
    throw new Refusal(400, `unknown setting ${JSON.stringify(unknown)}; there are ${names.join(', ')}`);
  const given = body as Partial<Record<keyof Settings, unknown>>;
  return Object.fromEntries(
    names.map((name) => {
      const { value: fallback, least, most, whole } = limits[name];
      const value = given[name] ?? fallback;
      if (typeof value !== 'number' || value < least || value > most || (whole && !Number.isInteger(value))) {
        const kind = whole ? 'a whole number' : 'a number';
        throw new Refusal(400, `${name} is ${JSON.stringify(value)}; pass ${kind} from ${least} to ${most}`);
      }
      return [name, value];
    }),
  ) as unknown as Settings;
}

function pixels(body: unknown): Float32Array {
  const wanted = `pass an array of ${PIXELS} numbers from 0 to 1, row by row`;
  if (!Array.isArray(body)) throw new Refusal(400, `the body is no array; ${wanted}`);
  if (body.length !== PIXELS) throw new Refusal(400, `the array has ${body.length} values; ${wanted}`);
  const wrong = body.findIndex((v) => !(typeof v === 'number' && v >= 0 && v <= 1));
  if (wrong >= 0) throw new Refusal(400, `value ${wrong} is ${JSON.stringify(body[wrong]).slice(0, 40)}; ${wanted}`);
  return Float32Array.from(body);
}

/** Node 20 runs no TypeScript, so the thread needs tsx as well. Compiled, this is new Worker(new URL('worker.js', ...)). */
const thread = () =>
  new Worker(
    `import('tsx/esm/api').then(({ tsImport }) => tsImport('./worker.ts', ${JSON.stringify(import.meta.url)}))`,
    { eval: true },
  );

export async function start({ port, host = '127.0.0.1' }: { port: number; host?: string }) {
  // Its errors are not handled: if the thread fails, so does the process, and its supervisor has to start it again.
  const worker = thread();
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let asked = 0;
  const ask = (question: Question) =>
    new Promise<unknown>((resolve, reject) => {
      waiting.set(++asked, { resolve, reject });
      worker.postMessage({ ...question, id: asked } satisfies Request);
    });
  worker.on('message', (answer: Answer) => {
    const { resolve, reject } = waiting.get(answer.id)!;
    waiting.delete(answer.id);
    if ('error' in answer) reject(new Refusal(409, answer.error));
    else resolve(answer.value);
  });

  // A timer fires every 10 ms; this records how late it is.
  const every = 10;
  const delay = monitorEventLoopDelay({ resolution: every });
  delay.enable();
  const late = (nanoseconds: number) => Number(Math.max(0, nanoseconds / 1e6 - every).toFixed(2));

  const routes: Record<string, Record<string, (request: IncomingMessage) => Promise<unknown>>> = {
    '/train': {
      async POST(request) {
        const chosen = settings(await json(request));
        const begun = await ask({ ask: 'train', settings: chosen });
        delay.reset();
        return begun;
      },
    },
    '/status': {
      GET: async () => ({
        ...((await ask({ ask: 'status' })) as object),
        eventLoopDelayMs: { p50: late(delay.percentile(50)), p99: late(delay.percentile(99)), most: late(delay.max) },
      }),
    },
    '/predict': {
      POST: async (request) => ask({ ask: 'predict', x: pixels(await json(request)) }),
    },
    '/model': { GET: () => ask({ ask: 'model' }) },
  };

  const server = createServer({ requestTimeout: 10_000 }, async (request, response) => {
    const send = (code: number, type: string, body: string | Uint8Array) => {
      // The rest of a refused body is not read: the connection is closed.
      const close: Record<string, string> = code >= 400 || !server.listening ? { connection: 'close' } : {};
      response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...close });
      response.end(body);
    };
    try {
      const path = request.url!.split('?')[0];
      const methods = Object.hasOwn(routes, path) ? routes[path] : undefined;
      if (!methods) throw new Refusal(404, `there is no ${path}; there are ${Object.keys(routes).join(', ')}`);
      if (!Object.hasOwn(methods, request.method!))
        throw new Refusal(405, `${path} is for ${Object.keys(methods)}, not ${request.method}`);
      const value = await methods[request.method!](request);
      if (value instanceof Uint8Array) send(200, 'application/octet-stream', value);
      else send(200, 'application/json', JSON.stringify(value));
    } catch (error) {
      if (request.destroyed && !request.complete) return; // the client has gone
      const refused = error instanceof Refusal;
      if (!refused) console.error(error);
      const message = refused ? error.message : 'something is broken here';
      send(refused ? error.code : 500, 'application/json', JSON.stringify({ error: message }));
    }
  });
  server.listen(port, host);
  await once(server, 'listening');

  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    /** Finishes open requests, ends the training after its current step, and ends the thread. */
    async close(): Promise<void> {
      const closed = once(server, 'close');
      server.close();
      // Clients that have stopped in the middle of a request get three seconds.
      const timeout = setTimeout(() => server.closeAllConnections(), 3000);
      await closed;
      clearTimeout(timeout);
      const ended = once(worker, 'exit');
      worker.postMessage('stop');
      await ended;
      delay.disable();
    },
  };
}
