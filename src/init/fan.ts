// Shapes and fans (numbers of inputs and outputs) of initialisers, and the options that all of them have.

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
  rng?: Generator;
  /** Short for rng: random.philox(seed). */
  seed?: Seed;
  /** Which axes of the shape are inputs and outputs; 'oi' by default. */
  layout?: Layout;
  /** The fans, instead of those of the shape. A shape with less than two axes has none. */
  fanIn?: number;
  fanOut?: number;
}
export const commonOptions = ['rng', 'seed', 'layout', 'fanIn', 'fanOut', 'out', 'slice'] as const;

export interface Fans {
  fanIn: number;
  fanOut: number;
}

/** The fans of a shape; null if it has less than two axes. */
export function fansOfShape(shape: readonly number[], layout: Layout): Fans | null {
  if (shape.length < 2) return null;
  const product = (lengths: readonly number[]) => lengths.reduce((all, length) => all * length, 1);
  const [first, second] = layout === 'oi' ? shape : shape.slice(-2);
  const kernel = product(layout === 'oi' ? shape.slice(2) : shape.slice(0, -2));
  const [inputs, outputs] = layout === 'oi' ? [second, first] : [first, second];
  return { fanIn: inputs * kernel, fanOut: outputs * kernel };
}

/** The options of fans, checked: the layout, and the fans that are given. */
export function fanOptions(where: string, o: Unchecked<Common>): { layout: Layout } & Partial<Fans> {
  const fan = (name: 'fanIn' | 'fanOut') =>
    o[name] === undefined ? undefined : number(where, name, o[name], { least: 0, open: true });
  return { layout: choice(where, 'layout', o.layout ?? 'oi', layouts), fanIn: fan('fanIn'), fanOut: fan('fanOut') };
}

/**
 * The fans of the options or of the shape. They are computed when they are read, so that a shape needs fans only for a row that
 * uses them. An empty shape (one without values) needs none.
 */
export function fans(where: string, shape: readonly number[], o: Unchecked<Common>, empty = false): Fans {
  const { layout, ...given } = fanOptions(where, o);
  const read = (name: 'fanIn' | 'fanOut') => {
    const fan = given[name] ?? (empty ? 1 : fansOfShape(shape, layout)?.[name]);
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

/** The shape and size of an initialiser's first argument, a shape or a tensor; if it is a tensor, also that. */
export function target(where: string, first: readonly number[] | Tensor, o: { out?: unknown; slice?: unknown }) {
  if (!isTensor(where, first)) return { ...checkedShape(where, first), tensor: undefined };
  if (o.out !== undefined || o.slice !== undefined) {
    throw new TypeError(
      `${where}: out and slice go with a shape, not with a tensor, which is filled whole; pass its shape`,
    );
  }
  return { shape: first.shape, size: first.data.length, tensor: first };
}
