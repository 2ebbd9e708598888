// One process of `npm run verify`: chunks of float32 through a kernel, against its formula.

import { workspace } from '../../src/index.js';
import { compare, directions, run, variants } from '../activation/accuracy.js';
import type { Chunk, Found } from './index.js';

const BLOCK = 65536;
const ws = workspace({ bytes: 3 * 4 * BLOCK });
const [x, ones, out] = [ws.float32(BLOCK), ws.float32(BLOCK), ws.float32(BLOCK)];
const bits = new Uint32Array(x.buffer, x.byteOffset, BLOCK);
ones.fill(1);

process.on('message', ({ name, direction, from, to }: Chunk) => {
  const variant = variants.find((v) => v.name === name)!;
  let worst = { error: 0, at: 0 };
  for (let block = from; block < to; block += BLOCK) {
    for (let i = 0; i < BLOCK; i++) bits[i] = block + i;
    run(variant, direction, x, ones, out);
    worst = compare(variant, direction, x, out, worst);
  }
  process.send!({ name, direction, from, to, worst } satisfies Found);
});
process.send!(directions);
