// Checks of the arguments of a workspace's functions: arrays of its memory, and generators.

import { classOf, options, sameLength, what } from '../check.js';
import { type Generator, generatorFrom } from '../random/generator.js';
import type { Seed } from '../random/source.js';
import type { SharedArray } from './task.js';

/** The options of a draw: rng or seed, the array for the values, and the distribution's or initialiser's options. */
export type DrawOptions = { rng?: Generator | undefined; seed?: Seed | undefined; out: Float32Array } & Record<
  string,
  unknown
>;

/** An array of the shared memory as index and length. TypeError for any other value. */
export function sharedArray(where: string, argument: string, x: unknown, buffer: ArrayBufferLike): SharedArray {
  const floats = classOf(x) === 'Float32Array' ? (x as Float32Array) : undefined;
  if (floats === undefined || floats.buffer !== buffer)
    throw new TypeError(
      `${where}: ${argument} is ${what(x)}${floats ? ' of other memory' : ''}; pass an array of this workspace, ws.float32(n)`,
    );
  return [floats.byteOffset / 4, floats.length];
}

/** RangeError where an output overlaps an input, unless it is the input itself. */
export function requireApart(where: string, out: SharedArray, x: SharedArray, argument: string): void {
  if (out[0] !== x[0] && out[0] < x[0] + x[1] && x[0] < out[0] + out[1])
    throw new RangeError(`${where}: out overlaps ${argument}; pass ${argument} itself, or an array apart from it`);
}

/** A draw of n values: its generator, the generator's state before it, the array for the values, and the other options. */
export function drawRequest(
  where: string,
  given: DrawOptions,
  n: number,
  known: readonly string[],
  buffer: ArrayBufferLike,
) {
  const { rng, seed, out, ...rest } = options<DrawOptions>(where, given ?? {}, ['rng', 'seed', 'out', ...known]);
  const source = generatorFrom(where, { rng, seed });
  const array = sharedArray(where, 'out', out, buffer);
  sameLength(where, 'out', array[1], 'the draw', n);
  const state = source.state();
  if (state.generator === 'torch')
    throw new TypeError(`${where}: a value of random.torch depends on all before it; use random.philox or threefry`);
  return { source, state, rest, out: array };
}
