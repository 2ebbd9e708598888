// Random functions of one variable with known slopes, kinks and jumps, and their integrals over a normal computed directly.

import { expect } from 'vitest';
import { piecesOf } from '../../src/activation/pieces.js';
import { quadrature } from '../../src/activation/quadrature.js';
import { type Generator, random } from '../../src/index.js';

/** A function, its derivative, where they are not smooth, and where they change within which length. */
interface Own {
  text: string;
  f: (x: number) => number;
  slope: (x: number) => number;
  breaks: number[];
  details: { at: number; length: number }[];
}

type Shape = [text: string, f: (u: number) => number, slope: (u: number) => number, breaks?: number[]];

const sigmoid = (u: number) => 1 / (1 + Math.exp(-u));
const smooth: Shape[] = [
  ['tanh', Math.tanh, (u) => 1 / Math.cosh(u) ** 2],
  ['sigmoid', sigmoid, (u) => sigmoid(u) * sigmoid(-u)],
  ['atan', Math.atan, (u) => 1 / (1 + u * u)],
  ['softplus', (u) => Math.max(u, 0) + Math.log1p(Math.exp(-Math.abs(u))), sigmoid],
  ['bump', (u) => Math.exp(-u * u), (u) => -2 * u * Math.exp(-u * u)],
  ['root', (u) => Math.sqrt(1 + u * u), (u) => u / Math.sqrt(1 + u * u)],
  ['id', (u) => u, () => 1],
];
const rough: Shape[] = [
  ['relu', (u) => Math.max(u, 0), (u) => (u > 0 ? 1 : 0), [0]],
  ['abs', Math.abs, Math.sign, [0]],
  ['softsign', (u) => u / (1 + Math.abs(u)), (u) => 1 / (1 + Math.abs(u)) ** 2, [0]],
  ['elu', (u) => (u > 0 ? u : Math.expm1(u)), (u) => (u > 0 ? 1 : Math.exp(u)), [0]],
  ['hardtanh', (u) => Math.min(Math.max(u, -1), 1), (u) => (Math.abs(u) < 1 ? 1 : 0), [-1, 1]],
  ['hardshrink', (u) => (Math.abs(u) > 0.5 ? u : 0), (u) => (Math.abs(u) > 0.5 ? 1 : 0), [-0.5, 0.5]],
  ['step', (u) => (u > 0 ? 1 : 0), () => 0, [0]],
  ['spike', (u) => (u > 0 && u < 1 ? 3 : 0), () => 0, [0, 1]],
  ['power', (u) => Math.abs(u) ** 1.5, (u) => 1.5 * Math.sign(u) * Math.sqrt(Math.abs(u)), [0]],
];

/** A random function: one shape, a sum, a product or a composition, each shape on a scale between 1e-3 and 1e3. */
function randomOwn(rng: Generator): Own {
  const uniform = () => rng.uniform(1)[0];
  const pick = <T>(list: readonly T[]) => list[Math.min(list.length - 1, Math.floor(list.length * uniform()))];
  /** A shape of a (x - c). */
  function part(shapes: Shape[]): Own {
    const [text, f, slope, breaks = []] = pick(shapes);
    const a = 10 ** (6 * uniform() - 3) * (uniform() < 0.5 ? -1 : 1);
    const c = uniform() < 0.3 ? 0 : 4 * uniform() - 2;
    const found = breaks.map((u) => c + u / a);
    return {
      text: `${text}(${a} (x - ${c}))`,
      f: (x) => f(a * (x - c)),
      slope: (x) => a * slope(a * (x - c)),
      breaks: found,
      details: [c, ...found].map((at) => ({ at, length: 1 / Math.abs(a) })),
    };
  }
  const kind = uniform();
  const one = part(uniform() < 0.5 ? smooth : rough);
  if (kind < 0.4) return one;
  const two = part(uniform() < 0.5 ? smooth : rough);
  const breaks = [...one.breaks, ...two.breaks];
  const details = [...one.details, ...two.details];
  if (kind < 0.7) {
    const text = `${one.text} + ${two.text}`;
    return { text, f: (x) => one.f(x) + two.f(x), slope: (x) => one.slope(x) + two.slope(x), breaks, details };
  }
  if (kind < 0.85) {
    const slope = (x: number) => one.slope(x) * two.f(x) + one.f(x) * two.slope(x);
    return { text: `${one.text} * ${two.text}`, f: (x) => one.f(x) * two.f(x), slope, breaks, details };
  }
  // tanh of something: where its argument grows fast, tanh changes in a fraction of the length.
  return {
    text: `tanh(${one.text})`,
    f: (x) => Math.tanh(one.f(x)),
    slope: (x) => one.slope(x) / Math.cosh(one.f(x)) ** 2,
    breaks: one.breaks,
    details: one.details,
  };
}

/** Nodes and weights of the Gauss-Legendre rule on [-1, 1], by Newton's method. */
function gaussLegendre(n: number): [x: number, w: number][] {
  return Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let derivative = 1;
    for (let k = 0; k < 20; k++) {
      let [previous, current] = [1, x];
      for (let j = 2; j <= n; j++)
        [previous, current] = [current, ((2 * j - 1) * x * current - (j - 1) * previous) / j];
      derivative = (n * (x * current - previous)) / (x * x - 1);
      x -= current / derivative;
    }
    return [x, 2 / ((1 - x * x) * derivative * derivative)];
  });
}
const rule = gaussLegendre(16);

/** E F^2, E F'^2 and E z^2 F^2 of F(z) = f(deviation z): the composite rule on panels between all breaks, finer beside details. */
function integrals({ f, slope, breaks, details }: Own, deviation: number): [number, number, number] {
  const ends = new Set<number>();
  for (let i = -240; i <= 240; i++) ends.add(i / 20);
  for (const at of breaks) ends.add(at / deviation);
  for (const { at, length } of details) {
    for (let t = length / 64; t < 24 * deviation; t *= t < length ? 2 : 1.25)
      ends.add((at - t) / deviation).add((at + t) / deviation);
    for (let i = -80; i <= 80; i++) ends.add((at + (i / 8) * length) / deviation);
    // |x|^1.5 has no derivatives at its kink.
    for (let k = 7; k < 50; k++) ends.add((at + length * 2 ** -k) / deviation).add((at - length * 2 ** -k) / deviation);
  }
  const sorted = [...ends].filter((z) => Math.abs(z) <= 12).sort((a, b) => a - b);
  const sums: [number, number, number] = [0, 0, 0];
  for (let i = 1; i < sorted.length; i++) {
    const [centre, radius] = [(sorted[i] + sorted[i - 1]) / 2, (sorted[i] - sorted[i - 1]) / 2];
    for (const [node, weight] of rule) {
      const z = centre + radius * node;
      const share = (weight * radius * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
      const [value, derivative] = [f(deviation * z), deviation * slope(deviation * z)];
      sums[0] += share * value * value;
      sums[1] += share * derivative * derivative;
      sums[2] += share * z * z * value * value;
    }
  }
  return sums;
}

/** Fails unless the moments of random functions are those of direct integration, to 1e-8 of each. */
export function expectMoments(seed: string, functions: number): void {
  const rng = random.philox(seed);
  for (let i = 0; i < functions; i++) {
    const own = randomOwn(rng);
    const deviation = 10 ** (4 * rng.uniform(1)[0] - 2);
    const [square, slopeSquare, mixed] = integrals(own, deviation);
    // What lies beyond ten standard deviations alone is not promised.
    if (square < 1e-20) continue;
    const { moments } = quadrature(piecesOf(own.text, own.f), deviation);
    const errors = [
      Math.abs(moments[0] - square) / square,
      // A slope that is lost in the rounding of f is not, either.
      Math.abs(moments[1] - slopeSquare) / Math.max(slopeSquare, 1e-14 * square),
      // E z f f' is half of E (z^2 - 1) f^2, whatever f is.
      Math.abs(2 * moments[2] - (mixed - square)) / (mixed + square),
    ];
    expect(Math.max(...errors), `${own.text} of ${deviation} z: ${errors}`).toBeLessThan(1e-8);
  }
}
