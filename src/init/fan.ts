// What an initialiser asks of its shape: where it goes, and how many inputs and outputs (fans) a value of it has.

import { choice, flag, number, type Unchecked, whole } from '../check.js';
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
  /**
   * The groups of a grouped convolution (1): an output has the inputs of its group alone, and an input the outputs of its
   * group. A depthwise convolution has as many groups as inputs. PyTorch's initialisers do not know of groups: their fanOut
   * counts all outputs, as it does here without this option.
   */
  groups?: number | undefined;
  /**
   * Whether the weight is a transposed convolution's (false), whose axes are the other way around: [in, out / groups,
   * ...kernel], and in 'io' [...kernel, out / groups, in]. Fans are those of stride 1. PyTorch's initialisers take fanIn for
   * fanOut there, as these do without this option.
   */
  transposed?: boolean | undefined;
}
/** Options of how a shape is read. */
export const readings = ['layout', 'fanIn', 'fanOut', 'groups', 'transposed'] as const;
export const commonOptions = /* @__PURE__ */ (() => ['rng', 'seed', ...readings, 'out', 'slice'] as const)();

export interface Fans {
  fanIn: number;
  fanOut: number;
}

/** How a shape is read, and what is said instead of read from it. */
export interface Reading extends Partial<Fans> {
  layout: Layout;
  groups: number;
  transposed: boolean;
}

/** The axis of a shape that groups share, the axis that a group has for itself, and the places of the kernel. */
function axesOf(shape: readonly number[], layout: Layout) {
  const [shared, own] = layout === 'oi' ? shape : shape.slice(-2).reverse();
  const kernel = (layout === 'oi' ? shape.slice(2) : shape.slice(0, -2)).reduce((all, length) => all * length, 1);
  return { shared, own, kernel };
}

/** The fans that a shape has, or null below two axes. */
export function fansOfShape(shape: readonly number[], { layout, groups, transposed }: Reading): Fans | null {
  if (shape.length < 2) return null;
  const { shared, own, kernel } = axesOf(shape, layout);
  const [split, whole] = [(shared / groups) * kernel, own * kernel];
  return transposed ? { fanIn: split, fanOut: whole } : { fanIn: whole, fanOut: split };
}

/** How many outputs a shape of two axes or more has. */
export function outputsOf(shape: readonly number[], { layout, groups, transposed }: Reading): number {
  const { shared, own } = axesOf(shape, layout);
  return transposed ? own * groups : shared;
}

/** RangeError where outputs (or inputs) cannot be split into groups. */
export function divided(where: string, n: number, what: 'inputs' | 'outputs', groups: number): void {
  if (n % groups !== 0)
    throw new RangeError(`${where}: ${n} ${what} have no ${groups} equal groups; pass a divisor of them as groups`);
}

/** What options say of how a shape is read. */
export function reading(where: string, shape: readonly number[], o: Unchecked<Common>): Reading {
  const fan = (name: 'fanIn' | 'fanOut') =>
    o[name] === undefined ? undefined : number(where, name, o[name], { least: 0, open: true });
  const read: Reading = {
    layout: layoutOf(where, o.layout),
    fanIn: fan('fanIn'),
    fanOut: fan('fanOut'),
    groups: whole(where, 'groups', o.groups ?? 1, { least: 1 }),
    transposed: flag(where, 'transposed', o.transposed ?? false),
  };
  if (shape.length > 1)
    divided(where, axesOf(shape, read.layout).shared, read.transposed ? 'inputs' : 'outputs', read.groups);
  return read;
}

export const layoutOf = (where: string, layout: unknown): Layout => choice(where, 'layout', layout ?? 'oi', layouts);

/** Fans, read when a row asks for them: only then has a shape to have them. A shape without values needs none. */
export function fans(where: string, shape: readonly number[], o: Unchecked<Common>, empty = false): Fans {
  const known = reading(where, shape, o);
  const read = (name: 'fanIn' | 'fanOut') => {
    const fan = known[name] ?? (empty ? 1 : fansOfShape(shape, known)?.[name]);
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
