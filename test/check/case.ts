// Cases of wrong arguments: the type of one, the test of one, and the values that many share.

import { expect, test } from 'vitest';
import { nn, random } from '../../src/index.js';

// biome-ignore lint/suspicious/noExplicitAny: the tests pass what the types forbid
export type Any = any;
/** A call with a wrong argument: the class of its error, and what the message says. */
export type Case = [call: string, f: () => unknown, error: typeof TypeError | typeof RangeError, says: RegExp];

export const rng = () => random.philox(0) as Any;
export const [x, six] = [Float32Array.of(1, 2, 3), new Float32Array(6)];
export const [layer, model] = [nn.linear(2, 3, { seed: 0 }), nn.sequential([nn.linear(2, 3, { seed: 0 })])];
export const optimizer = nn.sgd({ lr: 0.1 });
export const data = { x: new Float32Array(4), labels: [0, 2] };

export const float64 = new Float64Array(3) as Any;
export const shared =
  typeof SharedArrayBuffer === 'undefined' ? undefined : new Float32Array(new SharedArrayBuffer(12));
export const detached = new Float32Array(3);
structuredClone(detached.buffer, { transfer: [detached.buffer] });
export const overlapping = new Float32Array(5);

/** A test for each case. */
export function testCases(cases: Case[]): void {
  test.each(cases)('%s', (_, call, error, says) => {
    expect(call).toThrow(error);
    expect(call).toThrow(says);
  });
}

/** A case for each wrong value of a numeric argument. */
export function numeric(call: string, name: string, f: (value: Any) => unknown, wrong: Any[]): Case[] {
  return wrong.map((value) => [
    `${call} with ${name}: ${String(value)}`,
    () => f(value),
    typeof value === 'number' ? RangeError : TypeError,
    new RegExp(`${call.replaceAll('.', '\\.')}: .*${name}.*; pass`),
  ]);
}
export const notFinite = [Number.NaN, Infinity, -Infinity, '1', null, 1n];
