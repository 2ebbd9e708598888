// The function of each row of the table of initialisers, and what it would draw: shape or tensor in, values out.

import { choice, type Floats, options, type Unchecked } from '../check.js';
import { momentsOf, representable } from '../random/distributions.js';
import { fillDraw, sourceFrom } from '../random/generator.js';
import { checkedShape, type Tensor } from '../tensor.js';
import { type Common, commonOptions, fans, fansOfShape, reading, target } from './fan.js';
import { type Initialisation, type Initialising, type InitialisingOptions, initialisers } from './table.js';

/** What a law amounts to. */
export interface Description {
  fanIn: number | null;
  fanOut: number | null;
  mean: number;
  std: number;
  /** The values lie between low and high; infinite for a normal. */
  low: number;
  high: number;
}

export interface Initialiser<O> {
  /** A new array (or options.out) of the shape's values in row-major order. */
  (shape: readonly number[], options?: O & Common): Floats;
  /** The tensor, filled in place. */
  (target: Tensor, options?: O & Omit<Common, 'out' | 'slice'>): Tensor;
}

/** A function for each row. */
export type Initialisers = { [N in keyof typeof initialisers]: Initialiser<InitialisingOptions<N>> };

type Options = Common & Record<string, unknown>;

/** What an initialiser is given, checked, and its law. */
function lawOf(name: Initialising, shape: readonly number[], o: Unchecked<Options>, empty = false) {
  const where = `init.${name}`;
  const row: Initialisation = initialisers[name];
  return representable(where, row.law(where, fans(where, shape, o, empty), o));
}
const optionsOf = (name: Initialising, given?: Options) =>
  options(`init.${name}`, given, [...Object.keys(initialisers[name].options), ...commonOptions]);

/** The function init.<name>. */
export function initialise<N extends Initialising>(name: N): Initialisers[N] {
  const where = `init.${name}`;
  return ((first: readonly number[] | Tensor, given?: Options): Float32Array | Tensor => {
    const o = optionsOf(name, given);
    const { shape, size, tensor } = target(where, first, o);
    const source = sourceFrom(where, o);
    const law = lawOf(name, shape, o, size === 0);
    const values = fillDraw(where, source, law, size, tensor ? { out: tensor.data } : o);
    return tensor ?? values;
  }) as Initialisers[N];
}

/** Fans, mean, standard deviation and bounds of what an initialiser would draw for a shape. Draws nothing. */
export function describe(name: Initialising, shape: readonly number[], given?: Options): Description {
  const known = choice('init.describe', 'name', name, Object.keys(initialisers) as Initialising[]);
  const where = `init.${known}`;
  const o = optionsOf(known, given);
  const { shape: lengths } = checkedShape(where, shape);
  const read = reading(where, lengths, o);
  const own = fansOfShape(lengths, read);
  return {
    fanIn: read.fanIn ?? own?.fanIn ?? null,
    fanOut: read.fanOut ?? own?.fanOut ?? null,
    ...momentsOf(lawOf(known, lengths, o)),
  };
}
