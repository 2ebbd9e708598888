// Hashes of results by the calling thread alone, and of the same by two threads. Arrays are long enough to be split.

import { activation, init, nn, random } from 'fanwise';
import { workspace } from 'fanwise/threads';
import { hash } from '../oracle.js';

const [n, shape] = [2_200_007, [1100, 501]];

async function trained(fit: typeof nn.fit, dropout: boolean): Promise<Float32Array> {
  const first = nn.linear(784, 256, { seed: 0, activation: 'relu' });
  const between = dropout ? [nn.dropout({ p: 0.3, seed: 7 })] : [];
  const model = nn.sequential([first, ...between, nn.linear(256, 10, { seed: 1 })]);
  const data = { x: random.philox(2).normal(784 * 300), labels: Uint8Array.from({ length: 300 }, (_, i) => i % 10) };
  for await (const _ of fit(model, data, { epochs: 2, batchSize: 128, seed: 1, optimizer: nn.adam(), clipNorm: 1 }));
  return first.weight.data;
}
const model = nn.sequential([nn.linear(30, 64, { seed: 1, activation: 'tanh' }), nn.linear(64, 3, { seed: 3 })]);
const rows = () => random.philox(4).normal(30 * 20_001);

export function alone(): Promise<Record<string, number>> {
  return hashesOf({
    draw: () => random.philox(0).normal(n),
    tanh: () => activation.tanh.forward(random.philox(0).normal(n)),
    init: () => init.kaimingNormal(shape, { seed: 0 }),
    forward: () => model.forward(rows()),
    'fit, asked by words': () => trained(nn.fit, false),
    'fit, asked by messages': () => trained(nn.fit, true),
  });
}

/** Closes the threads at the end, so that the process can end. */
export async function together(): Promise<Record<string, number>> {
  const ws = await workspace({ bytes: 1 << 25, threads: 2 });
  const out = ws.float32(n);
  const hashes = await hashesOf({
    draw: () => ws.draw('normal', { seed: 0, out }),
    tanh: () => ws.activation.tanh.forward(out, { out }),
    init: () => ws.init('kaimingNormal', shape, { seed: 0, out: out.subarray(0, shape[0] * shape[1]) }),
    forward() {
      const x = ws.float32(30 * 20_001);
      x.set(rows());
      return ws.forward(model, x, { out: ws.float32(3 * 20_001) });
    },
    'fit, asked by words': () => trained(ws.fit, false),
    'fit, asked by messages': () => trained(ws.fit, true),
  });
  await ws.close();
  return hashes;
}

async function hashesOf(results: Record<string, () => Float32Array | Promise<Float32Array>>) {
  const hashes: Record<string, number> = {};
  for (const [name, make] of Object.entries(results)) hashes[name] = hash(await make());
  return hashes;
}
