// The default generator: Philox4x32-10 (Salmon et al. 2011). A value is a function of key, stream and index.

import { counterSource } from './counter.js';
import { digest, high32, low32, type Source } from './source.js';
import { bigintOf, blockOf, type State } from './state.js';

/** A source whose next draw begins at a block of a stream. */
export function philox(key: bigint, stream = 0n, start = 0): Source {
  const words = [low32(key), high32(key), low32(stream), high32(stream)];
  const source = counterSource('philox', 'philoxBits', words, start);
  // Added and not copied: a network of one's own for each of thousands of seeds has a source for each layer.
  return Object.assign(source, {
    fork: (label: string) => philox(key, digest(stream, label)),
    state: () => ({ generator: 'philox', seed: String(key), stream: String(stream), block: source.block() }),
  });
}

/** The source that a state describes. */
export const restorePhilox = (state: State): Source =>
  philox(bigintOf('seed', state.seed), bigintOf('stream', state.stream), blockOf(state));
