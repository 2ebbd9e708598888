// Every distribution with every generator, against a loop over Math.random: Box-Muller for the normal, rejection for the
// truncated normal, the inverse for the exponential.

import { random, workspace } from '../../src/index.js';
import { type DistributionName, distributions } from '../../src/random/distributions.js';
import { type Case, loop } from '../measure.js';

/** The plain loop of each distribution; one without is an error of the compiler. */
const plain: Record<DistributionName, string> = {
  uniform: 'for (let i = 0; i < out.length; i++) out[i] = Math.random()',
  normal: `for (let i = 0; i < out.length; i += 2) {
    const r = Math.sqrt(-2 * Math.log(1 - Math.random())), t = 2 * Math.PI * Math.random();
    out[i] = r * Math.cos(t);
    out[i + 1] = r * Math.sin(t);
  }`,
  truncatedNormal: `for (let i = 0; i < out.length; i++) {
    let v;
    do v = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()); while (v < -2 || v > 2);
    out[i] = v;
  }`,
  bernoulli: 'for (let i = 0; i < out.length; i++) out[i] = Math.random() < 0.5 ? 1 : 0',
  exponential: 'for (let i = 0; i < out.length; i++) out[i] = -Math.log(1 - Math.random())',
};

export function cases(size: number): Case[] {
  const ws = workspace({ bytes: 4 * size });
  const inside = ws.float32(size);
  const outside = new Float32Array(size);
  const generators = { philox: random.philox(1), torch: random.torch(1), threefry: random.threefry(1) };
  return Object.entries(generators).flatMap(([generator, rng]) =>
    (Object.keys(distributions) as DistributionName[]).map((name) => {
      const draw = rng[name] as (o: { out: Float32Array }) => Float32Array;
      const baseline = loop('out', plain[name]);
      return {
        name: `${generator} ${name}`,
        size,
        amount: size,
        unit: 'M/s' as const,
        ways: {
          workspace: () => void draw({ out: inside }),
          staged: () => void draw({ out: outside }),
          baseline: () => baseline(outside),
        },
      };
    }),
  );
}
