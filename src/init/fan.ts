// What an initialiser asks of its shape: where it goes, and how many inputs and outputs (fans) a value of it has.

import { choice, number, type Unchecked } from '../check.js';
import type { Draw, Generator } from '../random/generator.js';
import type { Seed } from '../random/source.js';

import { checkedShape, isTensor, type Tensor } from '../tensor.js';

/** 'oi': PyTorch's [out, in, ...kernel]; 'io': [...kernel, in, out], as TensorFlow, Keras and JAX have it. */
export type Layout = 'oi' | 'io';
const layouts = ['oi', 'io'] as const;

/** Options that every initialiser takes. */
export interface Common extends Draw {
  /** The generator to draw from. Without rng and seed: a new one from the system's bits. */
  rng?: Generator | undefined;
  /** Short for rng: random.philox(seed). */
  seed?: Seed | undefined;
  /** Where the fans stand in the shape; 'oi' by default. */
  layout?: Layout | undefined;
  /** Said instead of read from the shape, which needs two axes to have fans. */
  fanIn?: number | undefined;
  fanOut?: number | undefined;
}
export const common = ['rng', 'seed', 'layout', 'fanIn', 'fanOut', 'out', 'slice'] as const;

export interface Fans {
  fanIn: number;
  fanOut: number;
}

/** The fans that a shape has, or null below two axes. */
export function extents(shape: readonly number[], layout: Layout): Fans | null {
  if (shape.length < 2) return null;
  const product = (lengths: readonly number[]) => lengths.reduce((all, length) => all * length, 1);
  const [first, second] = layout === 'oi' ? shape : shape.slice(-2);
  const kernel = product(layout === 'oi' ? shape.slice(2) : shape.slice(0, -2));
  const [inputs, outputs] = layout === 'oi' ? [second, first] : [first, second];
  return { fanIn: inputs * kernel, fanOut: outputs * kernel };
}

/** What options say of the fans. */
export function stated(where: string, o: Unchecked<Common>): { layout: Layout } & Partial<Fans> {
  const fan = (name: 'fanIn' | 'fanOut') =>
    o[name] === undefined ? undefined : number(where, name, o[name], { least: 0, open: true });
  return { layout: choice(where, 'layout', o.layout ?? 'oi', layouts), fanIn: fan('fanIn'), fanOut: fan('fanOut') };
}

/** Fans, read when a row asks for them: only then has a shape to have them. A shape without values needs none. */
export function fans(where: string, shape: readonly number[], o: Unchecked<Common>, empty = false): Fans {
  const { layout, ...said } = stated(where, o);
  const read = (name: 'fanIn' | 'fanOut') => {
    const fan = said[name] ?? (empty ? 1 : extents(shape, layout)?.[name]);
    if (fan === undefined) throw new RangeError(`${where}: shape [${shape}] has no fans; pass { fanIn, fanOut }`);
    if (fan === 0) {
      throw new RangeError(
        `${where}: ${name} of shape [${shape}] is 0; pass a shape without zeros, or { fanIn, fanOut }`,
      );
    }
    return fan;
  };
  return {
    get fanIn() {
      return read('fanIn');
    },
    get fanOut() {
      return read('fanOut');
    },
  };
}

/** A shape and where its values go: of a shape given, or of a tensor, which is then its own output. */
export function target(where: string, given: readonly number[] | Tensor, o: { out?: unknown; slice?: unknown }) {
  if (!isTensor(where, given)) return { ...checkedShape(where, given), tensor: undefined };
  if (o.out !== undefined || o.slice !== undefined) {
    throw new TypeError(
      `${where}: out and slice go with a shape, not with a tensor, which is filled whole; pass its shape`,
    );
  }
  return { shape: given.shape, size: given.data.length, tensor: given };
}
