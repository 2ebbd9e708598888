// `init`: the initialisers. Those that go by several names are here by all of them.

import { choice, options, type Unchecked } from '../check.js';
import { momentsOf, representable } from '../random/distributions.js';
import { fillDraw, sourceFrom } from '../random/generator.js';
import { checkedShape, type Tensor } from '../tensor.js';
import { type Common, commonOptions, fanOptions, fans, fansOfShape, target } from './fan.js';
import { deltaOrthogonal, dirac, eye, orthogonal, sparse } from './structured.js';
import { type Initialisation, type Initialising, type InitialisingOptions, initialisers } from './table.js';
import { torchLinear } from './torch-linear.js';

/** Fans, moments and bounds of an initialiser's values. */
export interface Description {
  fanIn: number | null;
  fanOut: number | null;
  mean: number;
  std: number;
  /** Values are between low and high; infinite for a normal. */
  low: number;
  high: number;
}

export interface Initialiser<O> {
  /** Values for a shape, in row-major order, in a new array or in options.out. */
  (shape: readonly number[], options?: O & Common): Float32Array;
  /** Fills a tensor in place, and returns it. */
  (target: Tensor, options?: O & Omit<Common, 'out' | 'slice'>): Tensor;
}

/** A function for each row. */
export type Initialisers = { [N in keyof typeof initialisers]: Initialiser<InitialisingOptions<N>> };

type Options = Common & Record<string, unknown>;

/** The law of an initialiser for a shape and options. */
function lawOf(name: Initialising, shape: readonly number[], o: Unchecked<Options>, empty = false) {
  const where = `init.${name}`;
  const row: Initialisation = initialisers[name];
  return representable(where, row.law(where, fans(where, shape, o, empty), o));
}
const optionsOf = (name: Initialising, given?: Options) =>
  options(`init.${name}`, given, [...Object.keys(initialisers[name].options), ...commonOptions]);

const initialise =
  (name: Initialising) =>
  (first: readonly number[] | Tensor, given?: Options): Float32Array | Tensor => {
    const where = `init.${name}`;
    const o = optionsOf(name, given);
    const { shape, size, tensor } = target(where, first, o);
    const source = sourceFrom(where, o);
    const law = lawOf(name, shape, o, size === 0);
    const values = fillDraw(where, source, law, size, tensor ? { out: tensor.data } : o);
    return tensor ?? values;
  };

export const init = {
  ...(Object.fromEntries(
    Object.keys(initialisers).map((name) => [name, initialise(name as Initialising)]),
  ) as unknown as Initialisers),
  orthogonal,
  deltaOrthogonal,
  sparse,
  eye,
  dirac,
  torchLinear,

  /** Fans, mean, standard deviation and bounds of the values that an initialiser has for a shape. Draws nothing. */
  describe(name: Initialising, shape: readonly number[], given?: Options): Description {
    const known = choice('init.describe', 'name', name, Object.keys(initialisers) as Initialising[]);
    const where = `init.${known}`;
    const o = optionsOf(known, given);
    const { shape: lengths } = checkedShape(where, shape);
    const { layout, fanIn, fanOut } = fanOptions(where, o);
    const ofShape = fansOfShape(lengths, layout);
    return {
      fanIn: fanIn ?? ofShape?.fanIn ?? null,
      fanOut: fanOut ?? ofShape?.fanOut ?? null,
      ...momentsOf(lawOf(known, lengths, o)),
    };
  },
};
