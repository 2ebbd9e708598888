// How speed is measured: this package and plain JavaScript in one process, in turns, by tinybench; medians of rounds, and ratios
// of medians. Milliseconds of different runs cannot be compared, ratios can.

import { Bench } from 'tinybench';

export interface Case {
  name: string;
  /** Values that a call works on; 1 for whole jobs. */
  size: number;
  /** How many values, floating point operations or (ms) jobs a call has. */
  amount: number;
  unit: 'M/s' | 'GFLOP/s' | 'ms';
  /** The ways to do it: `baseline` is plain JavaScript; `workspace` and `staged` (on copies) are this package. */
  ways: Record<string, (() => void) | undefined>;
}

export interface Row extends Omit<Case, 'ways'> {
  /** The median time of a call, in milliseconds, by way. */
  milliseconds: Record<string, number>;
  /** How many times faster than the baseline. */
  ratio: Record<string, number>;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];

export interface Length {
  rounds?: number;
  /** Milliseconds for a way in a round, and the least number of samples. */
  time?: number;
  iterations?: number;
  /** The least milliseconds of a sample: short calls are repeated where the clock is coarse. */
  least?: number;
}

/** How many calls take `least` milliseconds, measured when the engine has compiled them. */
async function callsIn(run: () => unknown, least: number): Promise<number> {
  for (let calls = 1; least > 0; calls *= 2) {
    const since = performance.now();
    for (let i = 0; i < calls; i++) {
      const result = run();
      if (result instanceof Promise) await result;
    }
    const elapsed = performance.now() - since;
    if (elapsed > Math.max(10, least)) return Math.ceil((calls * least) / elapsed);
  }
  return 1;
}

/** Measures one case: `rounds` rounds, the ways in turn, `time` milliseconds each. */
export async function measure({ ways, ...about }: Case, duration: Length = {}): Promise<Row> {
  const { rounds = 5, time = 40, iterations = 3, least = 0 } = duration;
  const times: Record<string, number[]> = {};
  const samples: { way: string; run: () => void; calls: number }[] = [];
  for (const [way, run] of Object.entries(ways)) {
    if (run === undefined) continue;
    const calls = await callsIn(run, least);
    const repeated = loop('run', `for (let i = 0; i < ${calls}; i++) run()`);
    samples.push({ way, calls, run: calls === 1 ? run : () => repeated(run) });
  }
  for (let round = 0; round < rounds; round++) {
    const bench = new Bench({
      time,
      iterations,
      warmupTime: round === 0 ? time : 0,
      warmupIterations: round === 0 ? iterations : 1,
    });
    for (const { way, run } of samples) bench.add(way, run);
    await bench.run();
    bench.tasks.forEach(({ name, result }, i) => {
      if (result.state !== 'completed') throw new Error(`${about.name}: ${name} ended as ${result.state}`);
      (times[name] ??= []).push(result.latency.p50 / samples[i].calls);
    });
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

let loops = 0;

/**
 * A loop in plain JavaScript, compiled by itself: loops that shared code would share the engine's type feedback. A number makes
 * its text unique, since V8 caches compiled code by its text; a call site that sees 22 functions is two to five times as slow.
 */
export function loop(parameters: string, body: string): (...values: unknown[]) => void {
  return new Function(parameters, `${body} // ${loops++}`) as (...values: unknown[]) => void;
}
