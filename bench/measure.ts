// How speed is measured: this package and plain JavaScript in one process, in turns, by tinybench; medians of
// rounds, and ratios of medians. Milliseconds of different runs are not to be compared, ratios are.

import { Bench } from 'tinybench';

export interface Case {
  name: string;
  /** Values (or, for whole jobs, one) that a call works on. */
  size: number;
  /** What a call does: values, floating point operations, or (ms) how many of what is told. */
  amount: number;
  unit: 'M/s' | 'GFLOP/s' | 'ms';
  /** The ways of doing it; `baseline` is plain JavaScript, `workspace` and `staged` are this package. */
  ways: Record<string, (() => void) | undefined>;
}

export interface Row extends Omit<Case, 'ways'> {
  /** The median time of a call, in milliseconds, by way. */
  milliseconds: Record<string, number>;
  /** How many times faster than the baseline. */
  ratio: Record<string, number>;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];

/** Measures one case: `rounds` rounds, the ways in turn, `time` milliseconds each. */
export async function measure({ ways, ...about }: Case, { rounds = 5, time = 40 } = {}): Promise<Row> {
  const times: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    const bench = new Bench({
      time,
      iterations: 3,
      warmupTime: round === 0 ? time : 0,
      warmupIterations: round === 0 ? 3 : 1,
    });
    for (const [way, run] of Object.entries(ways)) if (run) bench.add(way, run);
    await bench.run();
    for (const { name, result } of bench.tasks) {
      if (result.state !== 'completed') throw new Error(`${about.name}: ${name} ended as ${result.state}`);
      (times[name] ??= []).push(result.latency.p50);
    }
  }
  const milliseconds = Object.fromEntries(Object.entries(times).map(([way, values]) => [way, median(values)]));
  const { baseline } = milliseconds;
  const faster = Object.entries(milliseconds).filter(([way]) => way !== 'baseline' && baseline !== undefined);
  return { ...about, milliseconds, ratio: Object.fromEntries(faster.map(([way, value]) => [way, baseline / value])) };
}

/** The speed of a way in the case's unit. */
export function speed({ amount, unit, milliseconds }: Row, way: string): number | undefined {
  const time = milliseconds[way];
  if (time === undefined) return undefined;
  return unit === 'ms' ? time / amount : unit === 'M/s' ? amount / time / 1e3 : amount / time / 1e6;
}

/** A loop in plain JavaScript, compiled by itself: loops that share code would share what the engine learnt of it. */
export function loop(parameters: string, body: string): (...values: unknown[]) => void {
  return new Function(parameters, body) as (...values: unknown[]) => void;
}
