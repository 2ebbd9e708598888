// Polynomials that stand for a function on an interval, by their values at Chebyshev nodes (Trefethen 2013, "Approximation
// Theory and Approximation Practice"): the Chebyshev series, its derivative, and the Clenshaw-Curtis rule of integration.

/** The degree of the polynomials. */
export const DEGREE = 16;
/** Integrals are of squares of the polynomials: a rule of twice the degree is exact for them. */
const INTERVALS = 2 * DEGREE;
export const NODES = INTERVALS + 1;

/** cos(pi k / n) for k from 0 to n, a power of two, from half angles: the host's cosine differs between engines. */
function cosines(n: number): number[] {
  let nodes = [1, 0, -1];
  while (nodes.length <= n) {
    // The cosine between two neighbours is their sum over twice the cosine of half their distance.
    const twice = 2 * Math.sqrt((1 + nodes[1]) / 2);
    nodes = nodes.flatMap((x, k) => (k === 0 ? [x] : [(nodes[k - 1] + x) / twice, x]));
  }
  return nodes;
}

function makeRule() {
  const nodes = cosines(INTERVALS);
  const cosine = (k: number) =>
    nodes[k % (2 * INTERVALS) > INTERVALS ? 2 * INTERVALS - (k % (2 * INTERVALS)) : k % (2 * INTERVALS)];
  const weights = nodes.map((_, k) => {
    let sum = 1;
    for (let j = 1; j <= INTERVALS / 2; j++)
      sum -= ((j === INTERVALS / 2 ? 1 : 2) / (4 * j * j - 1)) * cosine(2 * j * k);
    return ((k === 0 || k === INTERVALS ? 1 : 2) / INTERVALS) * sum;
  });
  const half = (k: number) => (k === 0 || k === DEGREE ? 0.5 : 1);
  /** From values at every other node to the series, and from the series to the values at all nodes; row by row. */
  const analysis = new Float64Array((DEGREE + 1) ** 2);
  const synthesis = new Float64Array(NODES * (DEGREE + 1));
  for (let k = 0; k <= DEGREE; k++) {
    for (let j = 0; j <= DEGREE; j++)
      analysis[k * (DEGREE + 1) + j] = (2 / DEGREE) * half(k) * half(j) * cosine(2 * j * k);
    for (let j = 0; j < NODES; j++) synthesis[j * (DEGREE + 1) + k] = cosine(j * k);
  }
  return { nodes, weights, analysis, synthesis };
}

let rule: ReturnType<typeof makeRule> | undefined;
/** The nodes from 1 down to -1, the weights for the interval [-1, 1], and the two matrices. */
export const clenshawCurtis = () => (rule ??= makeRule());

/** A function's interpolant on an interval. */
export interface Interpolant {
  low: number;
  high: number;
  /** Its Chebyshev series, and that of its derivative with respect to x. */
  series: Float64Array;
  slopes: Float64Array;
  /** The largest |f| at the nodes, the difference of the largest and the smallest f, and the last terms of the series. */
  size: number;
  range: number;
  tail: number;
}

/** The interpolant through f's values; undefined where one is not finite. */
export function interpolate(f: (x: number) => number, low: number, high: number): Interpolant | undefined {
  const { nodes, analysis } = clenshawCurtis();
  const [centre, radius] = [(low + high) / 2, (high - low) / 2];
  const values = new Float64Array(DEGREE + 1);
  let [least, most] = [Infinity, -Infinity];
  for (let j = 0; j <= DEGREE; j++) {
    const x = j === 0 ? high : j === DEGREE ? low : centre + radius * nodes[2 * j];
    const value = f(x);
    if (!Number.isFinite(value)) return undefined;
    values[j] = value;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const series = new Float64Array(DEGREE + 1);
  for (let k = 0; k <= DEGREE; k++) {
    let sum = 0;
    for (let j = 0; j <= DEGREE; j++) sum += analysis[k * (DEGREE + 1) + j] * values[j];
    series[k] = sum;
  }
  const slopes = new Float64Array(DEGREE + 1);
  for (let k = DEGREE; k > 0; k--) slopes[k - 1] = (k + 1 <= DEGREE ? slopes[k + 1] : 0) + (2 * k * series[k]) / radius;
  slopes[0] /= 2;
  const [size, range] = [Math.max(Math.abs(least), Math.abs(most)), most - least];
  // What is constant but for rounding has no slope.
  if (range <= 2 ** -50 * size) slopes.fill(0);
  const tail = Math.max(Math.abs(series[DEGREE]), Math.abs(series[DEGREE - 1]), Math.abs(series[DEGREE - 2]));
  return { low, high, series, slopes, size, range, tail };
}

/** The sum of a Chebyshev series at u in [-1, 1] (Clenshaw 1955). */
export function sumOfSeries(series: Float64Array, u: number): number {
  let [b1, b2] = [0, 0];
  for (let k = DEGREE; k > 0; k--) {
    const b = series[k] + 2 * u * b1 - b2;
    b2 = b1;
    b1 = b;
  }
  return series[0] + u * b1 - b2;
}
