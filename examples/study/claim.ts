// What a claim is, and how its numbers are written.

import type { Digits } from './mnist.js';

export type Verdict = 'holds' | 'holds with a correction' | 'does not hold';

export interface Context {
  data: { train: Digits; test: Digits };
  /** A small run: fewer networks, shorter training. */
  quick: boolean;
  /** Called now and then with what is being done. */
  report: (what: string) => void;
}

export interface Measurement {
  expected: string;
  measured: string;
  /** Whether the measurement agrees with what was expected. */
  agrees: boolean;
}

export interface Claim {
  id: string;
  claim: string;
  how: string;
  /** The verdict if the measurement agrees with what is expected. */
  verdict: Verdict;
  correction?: string;
  measure(context: Context): Promise<Measurement> | Measurement;
}

export const short = (x: number) =>
  x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5) ? x.toExponential(2) : String(Number(x.toPrecision(4)));
export const percent = (x: number) => `${x.toFixed(1)} %`;
export const near = (x: number, expected: number, tolerance: number) => Math.abs(x / expected - 1) <= tolerance;
/** The mean square. */
export const square = (x: Float32Array) => x.reduce((sum, v) => sum + v * v, 0) / x.length;
