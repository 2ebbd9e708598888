// The pieces of a function on an interval, by bisection: parts on which an interpolant is as exact as f's rounding lets it be,
// and points, which are kinks and jumps.

import { type Interpolant, interpolate, sumOfSeries } from './chebyshev.js';
import { endOf } from './singular.js';

/** At most this many interpolants in an octave: a kink takes about 100. A function that needs more is noise, or has countless steps. */
const MAX_INTERPOLANTS = 1500;
/** An interval this narrow, relative to its distance from 0, counts as a point. */
const POINT = 2 ** -42;

/** f from low to high: an interpolant, or around 0 a sum of powers of x / scale. With neither f is not finite there. */
export interface Piece {
  low: number;
  high: number;
  interpolant?: Interpolant;
  powers?: { scale: number; coefficients: Float64Array };
}

/** An interval so narrow that it counts as a point: a kink, a jump, or an end of bounded values and unbounded slopes. */
export interface Point {
  low: number;
  high: number;
  /** f at both ends. */
  before: number;
  after: number;
  /** The integrals of f^2 and f'^2 over it, without the jump; 0 except where the slope has no bound. */
  square: number;
  slopeSquare: number;
  jump: boolean;
}

export interface Span {
  pieces: Piece[];
  points: Point[];
}

/** A function, and what its values are compared with. */
export interface Sampled {
  /** What errors begin with. */
  where: string;
  f: (x: number) => number;
  /** Values this far from each other are compared with an interpolant. */
  spacing: number;
  /** How large f is closer to 0: its rounding errors may be those of such values. */
  reference: number;
}

/** The pieces and points of f on an interval beside 0. RangeError where there are too many. */
export function bisected(sampled: Sampled, low: number, high: number): Span {
  const span = bisector(sampled)(low, high);
  for (const [i, point] of span.points.entries()) span.points[i] = finished(sampled, point, span);
  return span;
}

/** What makes pieces of an interval of an octave, by bisection. */
function bisector({ where, f, spacing, reference }: Sampled): (low: number, high: number) => Span {
  let rest = MAX_INTERPOLANTS;
  const agrees = (p: Interpolant, tolerance: number) => {
    const n = Math.floor((p.high - p.low) / spacing);
    for (let i = 0; i < n; i++) {
      const u = (2 * i + 1) / n - 1;
      const x = (p.low + p.high) / 2 + (u * (p.high - p.low)) / 2;
      if (!(Math.abs(f(x) - sumOfSeries(p.series, u)) <= 20 * tolerance)) return false;
    }
    return true;
  };
  /** The tolerance: relative to f's range in the interval, with the rounding errors of x and of f. */
  const toleranceOf = ({ low, high, size, range }: Interpolant) =>
    range * (2e-14 + (2 ** -52 * Math.max(-low, high)) / (high - low)) + 1e-15 * Math.max(size, reference) + 1e-300;
  const interpolant = (low: number, high: number) => {
    if (rest-- === 0)
      throw new RangeError(
        `${where}: f has too many kinks or steps to integrate, or rounded values such as float32's; pass a smoother function, in double precision`,
      );
    return interpolate(f, low, high);
  };
  const single = (low: number, high: number): Piece | undefined => {
    const p = interpolant(low, high);
    const tolerance = p === undefined ? 0 : toleranceOf(p);
    return p !== undefined && p.tail <= tolerance && agrees(p, tolerance) ? { low, high, interpolant: p } : undefined;
  };
  function resolve(low: number, high: number, p = interpolant(low, high)): Span {
    if (high - low <= POINT * Math.max(-low, high)) {
      const point = { low, high, before: f(low), after: f(high), square: 0, slopeSquare: 0, jump: false };
      const finite = Number.isFinite(point.before) && Number.isFinite(point.after);
      return finite ? { pieces: [], points: [point] } : { pieces: [{ low, high }], points: [] };
    }
    if (p === undefined) {
      const inside = [0, 0.19, 0.43, 0.5, 0.71, 1].map((t) => f(low + t * (high - low)));
      if (!inside.some(Number.isFinite)) return { pieces: [{ low, high }], points: [] };
    } else {
      const tolerance = toleranceOf(p);
      if (p.tail <= tolerance && agrees(p, tolerance)) return { pieces: [{ low, high, interpolant: p }], points: [] };
    }
    const middle = (low + high) / 2;
    const [left, right] = [interpolant(low, middle), interpolant(middle, high)];
    // Noise of f itself is in both halves alike; a kink is in one of them.
    const isNoise =
      p !== undefined &&
      p.tail <= 1e-9 * Math.max(p.size, reference) &&
      Math.min(left?.tail ?? 0, right?.tail ?? 0) >= 0.3 * p.tail;
    if (isNoise && agrees(p, p.tail)) return { pieces: [{ low, high, interpolant: p }], points: [] };
    const halves = [resolve(low, middle, left), resolve(middle, high, right)];
    return joined(low, high, halves);
  }
  /** The halves of an interval. What is left and right of a kink or a jump is one piece each, if it can be. */
  function joined(low: number, high: number, halves: Span[]): Span {
    const points = joinedPoints(halves.flatMap((half) => half.points));
    const pieces = halves.flatMap((half) => half.pieces);
    if (points.length !== 1) return { pieces, points };
    const [point] = points;
    const parts = [
      pieces.filter((piece) => piece.high <= point.low),
      pieces.filter((piece) => piece.low >= point.high),
    ].map((part, i) => {
      if (part.length < 2) return part;
      const one = i === 0 ? single(low, point.low) : single(point.high, high);
      return one === undefined ? part : [one];
    });
    return { pieces: parts.flat(), points };
  }
  return (low, high) => resolve(low, high);
}

/** Neighbours are one point together: the halves of the last interval that is bisected are both points. */
function joinedPoints(all: Point[]): Point[] {
  const points: Point[] = [];
  for (const point of all) {
    const last = points[points.length - 1];
    if (last?.high === point.low) points[points.length - 1] = { ...last, high: point.high, after: point.after };
    else points.push(point);
  }
  return points;
}

/** A point with its integrals, and whether f jumps there. Takes the pieces beside an unbounded slope out of the span. */
function finished({ f, reference }: Sampled, point: Point, span: Span): Point {
  const centre = (point.low + point.high) / 2;
  const least = Math.abs(centre) * 2 ** -20;
  let { low, high } = point;
  let square = ((high - low) * (point.before ** 2 + point.after ** 2)) / 2;
  let slopeSquare = 0;
  for (const side of [-1, 1]) {
    const beside = () => span.pieces.find((piece) => (side > 0 ? piece.low === high : piece.high === low));
    const first = beside();
    if (first?.interpolant === undefined || first.high - first.low > least) continue;
    for (
      let next = beside();
      next?.interpolant && Math.abs((side > 0 ? high : low) - centre) < least;
      next = beside()
    ) {
      const piece = next;
      span.pieces = span.pieces.filter((other) => other !== piece);
      if (side > 0) high = piece.high;
      else low = piece.low;
    }
    const end = endOf(f, centre, (side > 0 ? high : low) - centre, reference);
    square += end.square;
    slopeSquare += end.slopeSquare;
  }
  return { low, high, before: f(low), after: f(high), square, slopeSquare, jump: jumps(f, point, reference) };
}

/** Whether the values beside a point differ, however close they are. */
export function jumps(
  f: (x: number) => number,
  { low, high, before, after }: Pick<Point, 'low' | 'high' | 'before' | 'after'>,
  reference: number,
): boolean {
  const far = Math.max(-low, high) * (low < 0 && high > 0 ? 2 ** 20 : 2 ** -24);
  const step = Math.abs(after - before);
  const beside = Math.max(Math.abs(f(high + far) - after), Math.abs(f(low - far) - before));
  return step > 1e-9 * reference && step > 0.5 * beside;
}
