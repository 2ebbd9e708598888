// Every function with one invalid argument, and with hostile options: an error of the package that changes nothing, or no harm.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Any } from '../check/case.js';
import { property } from './arbitraries.js';
import { calls } from './calls.js';
import { invalidValues, isOptions, OURS, replaceable, snapshot } from './invalid.js';

property(
  'one invalid argument is an error of the package that changes nothing, or it is valid',
  300,
  fc.record({
    call: fc.constantFrom(...calls),
    which: fc.nat(30),
    invalid: fc.constantFrom(...invalidValues),
    unknownOption: fc.boolean(),
  }),
  async ({ call, which, invalid, unknownOption }) => {
    const args = call.args();
    const all = replaceable(call, args);
    const [object, key] = all[which % all.length];
    object[key] = invalid();
    if (unknownOption && object !== args) object.unknownOption = 1;
    const before = snapshot(args);
    try {
      const result = call.run(...args) as Any;
      if (typeof result?.next === 'function') await result.next();
    } catch (error) {
      const { message } = error as Error;
      expect(error instanceof TypeError || error instanceof RangeError, `${call.name}: ${error}`).toBe(true);
      expect(message).toMatch(OURS);
      expect(snapshot(args)).toEqual(before);
    }
  },
);

/** What would be found on other objects if a prototype were changed. */
const polluted = () => ({ polluted: 'yes' });
/** Options as an attacker would pass them, made of valid ones. */
const hostileOptions: Record<string, (options: Any) => Any> = {
  'an own __proto__': (options) =>
    Object.defineProperty({ ...options }, '__proto__', {
      value: polluted(),
      enumerable: true,
      configurable: true,
      writable: true,
    }),
  'a __proto__ of JSON': (options) =>
    Object.assign(JSON.parse('{"__proto__":{"polluted":"yes","direction":"backward","out":5}}'), options),
  'a constructor': (options) => ({ ...options, constructor: { prototype: polluted() } }),
  'a prototype': (options) => ({ ...options, prototype: polluted() }),
  'a toString': (options) => ({ ...options, toString: () => 'x', valueOf: () => 1 }),
  'a getter that throws': (options) => {
    const [key = 'out'] = Object.keys(options);
    return Object.defineProperty({ ...options }, key, {
      enumerable: true,
      get: () => {
        throw new RangeError('test: thrown');
      },
    });
  },
  'a constructor that throws': (options) =>
    Object.defineProperty({ ...options }, 'constructor', {
      get: () => {
        throw new RangeError('test: thrown');
      },
    }),
  'a proxy': (options) => new Proxy({ ...options }, {}),
  'a proxy that denies all': (options) =>
    new Proxy({ ...options }, { ownKeys: () => [], has: () => false, getOwnPropertyDescriptor: () => undefined }),
  'a proxy that throws': (options) =>
    new Proxy(
      { ...options },
      {
        get: () => {
          throw new RangeError('test: thrown');
        },
        ownKeys: () => {
          throw new RangeError('test: thrown');
        },
      },
    ),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'no prototype': (options) => Object.assign(Object.create(null), options),
  'a prototype with the options': (options) => Object.create(options),
  'a prototype that is a proxy': (options) => Object.create(new Proxy(options, {})),
  frozen: (options) => Object.freeze({ ...options }),
  'a symbol': (options) => ({ ...options, [Symbol('polluted')]: 1 }),
};
test.each(Object.entries(hostileOptions))('options with %s are an error or do no harm', async (name, makeHostile) => {
  const known = Reflect.ownKeys(Object.prototype);
  const accepted: string[] = [];
  for (const call of calls) {
    const args = call.args();
    for (const [i, arg] of args.entries()) {
      if (!isOptions(arg)) continue;
      const passed = call.args();
      passed[i] = makeHostile(passed[i]);
      try {
        const result = call.run(...passed) as Any;
        if (typeof result?.next === 'function') await result.next();
        // Tensors, probes and the names in a file may have other properties; options may not.
        const mayHaveMore = i < args.length - 1 || 'data' in arg || /^safetensors|restore|verdicts$/.test(call.name);
        if (/__proto__/.test(name) && !mayHaveMore) accepted.push(call.name);
      } catch (error) {
        const { message } = error as Error;
        const isThrownByOptions = /revoked|^test: thrown$/.test(message);
        expect(
          isThrownByOptions || (OURS.test(message) && (error instanceof TypeError || error instanceof RangeError)),
          `${call.name}: ${error}`,
        ).toBe(true);
      }
      expect(Reflect.ownKeys(Object.prototype)).toEqual(known);
      expect(({} as Any).polluted).toBe(undefined);
      expect((Object as Any).polluted).toBe(undefined);
    }
  }
  expect(accepted).toEqual([]);
});
