import { expect, test } from 'vitest';
import { random } from '../../src/index.js';

test('random.torch gives the bits of PyTorch without MKL', () => {
  // torch.manual_seed(0); torch.empty(20).exponential_(0.7), PyTorch 1.13 of Debian 12.
  const theirs = [
    5.011894702911377, 1.757692575454712, 0.8786343932151794, 3.6215980052948, 1.479579210281372, 2.2373270988464355,
    0.2810751497745514, 0.617840588092804, 1.2438547611236572, 0.4857267737388611, 0.8615239262580872,
    0.2779364585876465, 0.6270266175270081, 1.3894435167312622, 0.9392677545547485, 0.830355703830719,
    0.7471940517425537, 0.3285214304924011, 1.5624839067459106, 2.1950442790985107,
  ];
  expect(Array.from(random.torch(0).exponential(20, { rate: 0.7 }))).toEqual(theirs);
});

const far = (got: number, exact: number) => Math.abs(got - exact) / Math.max(exact, 1e-7);

test('random.threefry is -ln(1 - u) of its uniform, as jax.random.exponential, to 2e-6', () => {
  const [x, u] = [random.threefry(3).exponential(100_000), random.threefry(3).uniform(100_000)];
  expect(Math.max(...x.map((v, i) => far(v, -Math.log1p(-u[i]))))).toBeLessThan(2e-6);
  expect(x.every((v) => v >= 0)).toBe(true);
});

test('random.philox is -ln of 31 bits and a half', () => {
  const [x, words] = [random.philox(3).exponential(100_000, { rate: 2 }), random.philox(3).bits(100_000)];
  const exact = (word: number) => -Math.log(Math.fround(Math.fround(word >>> 1) * 2 ** -31 + 2 ** -32)) / 2;
  expect(Math.max(...x.map((v, i) => far(v, exact(words[i]))))).toBeLessThan(2e-6);
});
