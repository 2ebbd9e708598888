// What every toolchain has to get right: an initialisation, a training, and a draw by two threads. Each gives a hash.

import { init, nn, random } from 'fanwise';
import { workspace } from 'fanwise/threads';

function hash(values: Float32Array): number {
  let h = 2166136261;
  for (const byte of new Uint8Array(values.slice().buffer)) h = Math.imul(h ^ byte, 16777619) >>> 0;
  return h;
}

/** Enough values for threads to have work. */
export const VALUES = 1 << 20;

export const parts = {
  init: async (): Promise<number> => hash(init.kaimingNormal([30, 20], { seed: 'toolchain' })),
  async training(): Promise<number> {
    const rng = random.philox('toolchain');
    const model = nn.sequential([nn.linear(4, 16, { rng, activation: 'gelu' }), nn.linear(16, 3, { rng })]);
    const data = { x: rng.normal(4 * 32), labels: Uint8Array.from({ length: 32 }, (_, row) => row % 3) };
    // Long enough that the event loop gets a turn, in any host's way.
    for await (const _ of nn.fit(model, data, { epochs: 500, batchSize: 8, rng, optimizer: nn.adamW({ lr: 0.1 }) }));
    return hash(model.forward(data.x));
  },
  async threads(): Promise<number> {
    const { worker } = globalThis as { worker?: () => Worker };
    const ws = await workspace({ bytes: 4 * VALUES, threads: 2, worker });
    try {
      return hash(await ws.draw('normal', { seed: 1, out: ws.float32(VALUES) }));
    } finally {
      await ws.close();
    }
  },
};

/** A part's hash, or the message of its error. */
export type Report = Record<keyof typeof parts, number | string>;

export async function report(): Promise<Report> {
  const all = {} as Report;
  for (const [name, part] of Object.entries(parts))
    all[name as keyof Report] = await part().catch((error) => String(error?.message ?? error));
  return all;
}
