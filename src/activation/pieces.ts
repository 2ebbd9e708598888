// A function f of one variable in pieces, on each of which a polynomial has its values and slopes. Only f's values are
// known: kinks, jumps and steep or narrow parts are found by bisection. All lengths are relative to the distance from 0,
// octave by octave, so that f(a x) is as good as f(x), whatever a is.

import { what } from '../check.js';
import { bisected, jumps, type Point, type Span } from './bisection.js';
import { around, CLOSE, SPARSE } from './origin.js';
import { exponentOf, powerOfTwo } from './powers.js';
import { endOf } from './singular.js';

/** Values are looked at this often in an octave: a part of f wider than a thousandth of its distance from 0 is found. */
const DENSITY = 1024;
/** The activations of this package have no narrow parts. */
export const NAMED_DENSITY = 64;
/** Where f has no polynomial around 0, as |x|^0.6, its pieces end this many octaves below a standard deviation. */
const OCTAVES = 40;

/** Polynomials from -2^exponent to 2^exponent. */
interface Origin {
  exponent: number;
  span: Span;
}

/** Whether f is constant on both sides of 0, or not known. */
const isConstant = (origin: Origin | undefined) =>
  origin === undefined ||
  origin.span.pieces.every(({ powers }) => powers!.coefficients.every((c, k) => k === 0 || c === 0));

/** f, its pieces, and its values far out. */
export interface Pieces {
  where: string;
  f: (x: number) => number;
  /** Pieces from -reach to reach at least, for a normal of this standard deviation. */
  spans(deviation: number, reach: number): Span[];
  /**
   * value: f(0); where f jumps at 0, one of the limits that is not 0. slopeSquare: the mean of f'^2 left and right of 0; null where
   * the slope has no limit. scale: about how far a polynomial around 0 reaches; 1 if it reaches everywhere, as for relu.
   */
  atZero(): { value: number; slopeSquare: number | null; scale: number };
}

/** The pieces of f. Errors begin with `where`; they are thrown when pieces are made. */
export function piecesOf(where: string, f: (x: number) => number, density = DENSITY): Pieces {
  const value = (x: number): number => {
    const y = f(x);
    if (typeof y !== 'number') throw new TypeError(`${where}: f(${x}) is ${what(y)}; pass a function of numbers`);
    return y;
  };
  const octaves = new Map<string, Span>();
  const origins = new Map<number, Origin | undefined>();

  /** How large f is up to 2^exponent. */
  function sizeUpTo(exponent: number): number {
    let size = 0;
    for (let k = exponent - 8; k <= exponent; k++)
      for (const x of [powerOfTwo(k), -powerOfTwo(k)]) {
        const y = Math.abs(value(x));
        if (y > size && y < Infinity) size = y;
      }
    return size;
  }

  /** The pieces from side 2^exponent to side 2^(exponent + 1). */
  function octave(side: 1 | -1, exponent: number, isClose: boolean): Span {
    const key = `${side} ${exponent}`;
    let span = octaves.get(key);
    if (span === undefined) {
      const near = powerOfTwo(exponent);
      const sampled = { where, f: value, spacing: near / (isClose ? SPARSE : density), reference: sizeUpTo(exponent) };
      span = side > 0 ? bisected(sampled, near, 2 * near) : bisected(sampled, -2 * near, -near);
      octaves.set(key, span);
    }
    return span;
  }

  /**
   * Polynomials around 0 for a normal of standard deviation up to 2^exponent. Up to 1 they are those for 1: closer to 0 the
   * values of a function such as e^x - 1 are rounding errors, and polynomials are not. Beyond, every fourth is looked for.
   */
  function origin(exponent: number): Origin | undefined {
    const level = exponent > 0 ? 4 * Math.ceil(exponent / 4) : 0;
    if (origins.has(level)) return origins.get(level);
    if (!Number.isFinite(value(0))) throw new RangeError(`${where}: f(0) is ${f(0)}; pass a function that is finite`);
    let found: Origin | undefined;
    if (level > 0) {
      found = origin(level - 4);
      const span = around(value, level + 4, { relaxed: 1, density });
      if (span !== undefined) found = { exponent: level + 4, span };
    } else {
      // So close to 0 that f is constant, it may be so by rounding: wider polynomials with larger errors count then.
      for (const relaxed of [1, 1e2, 1e4])
        for (let k = 4; k > (found?.exponent ?? -64) && (relaxed === 1 || k > -20); k--) {
          const span = isConstant(found) ? around(value, k, { relaxed, density }) : undefined;
          if (span !== undefined) found = { exponent: k, span };
        }
    }
    origins.set(level, found);
    return found;
  }

  /** What stands for polynomials around 0 where f has none: a point with ends such as those of |x|^0.6. */
  function pointAtZero(exponent: number): Origin {
    const h = powerOfTwo(exponent);
    const reference = sizeUpTo(exponent + OCTAVES);
    const ends = { low: -h, high: h, before: value(-h), after: value(h) };
    const [left, right] = [endOf(value, 0, -h, reference), endOf(value, 0, h, reference)];
    const point: Point = {
      ...ends,
      square: left.square + right.square,
      slopeSquare: left.slopeSquare + right.slopeSquare,
      jump: jumps(value, ends, reference),
    };
    return { exponent, span: { pieces: [], points: [point] } };
  }

  function spans(deviation: number, reach: number): Span[] {
    const exponent = exponentOf(deviation);
    const inner = origin(exponent) ?? pointAtZero(Math.max(exponent - OCTAVES, -1000));
    const all = [inner.span];
    for (let k = inner.exponent; powerOfTwo(k) < reach * deviation; k++)
      for (const side of [-1, 1] as const) all.push(octave(side, k, k < exponent - CLOSE));
    return all;
  }

  function atZero() {
    const inner = origin(0);
    if (inner === undefined) return { value: value(0), slopeSquare: null, scale: 1 };
    const powers = inner.span.pieces.map((piece) => piece.powers!);
    let k = inner.exponent;
    while (k < inner.exponent + OCTAVES && around(value, k + 1, { relaxed: 1, density: 0 })) k++;
    const [left, right] = powers.map(({ coefficients }) => coefficients[0]);
    return {
      value: left === 0 ? right : left,
      slopeSquare: powers.reduce((sum, { scale, coefficients }) => sum + (coefficients[1] / scale) ** 2 / 2, 0),
      scale: k === inner.exponent + OCTAVES ? 1 : powerOfTwo(k),
    };
  }
  return { where, f: value, spans, atZero };
}
