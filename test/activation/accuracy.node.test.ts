// The errors that `npm run verify` found over all 2^32 inputs: within the promises, found with these kernels, and in the table
// of docs/accuracy.md, which `npx vitest run --project node test/activation/accuracy -u` renews.

import { describe, expect, test } from 'vitest';
import verified from '../../docs/accuracy.json' with { type: 'json' };
import { directions, sampled, variants } from './accuracy.js';

type Found = Record<'forward' | 'backward', { error: number; at: number }> & { date: string; hash: number };
const functions = verified.functions as Record<string, Found>;

describe.each(variants)('$name', (variant) => {
  const found = functions[variant.name];

  test.each(directions)('%s is within its promised error at every float32', (direction) => {
    expect(found[direction].error).toBeLessThanOrEqual(variant.row.ulp[direction]);
    expect(variant.row.ulp[direction]).toBeLessThanOrEqual(direction === 'forward' ? 2 : 4);
  });

  test('the kernels are the ones that were verified', () => {
    expect(sampled(variant), `run \`npm run verify -- ${variant.activation}\` again`).toBe(found.hash);
  });
});

test('the table is current', async () => {
  const rows = variants.map(({ name, row }) => {
    const cells = directions.flatMap((direction) => {
      const { error, at } = functions[name][direction];
      const worst = error === 0 ? ['0', ''] : [String(error), `\`${at}\``];
      return [`${row.ulp[direction]}`, ...worst];
    });
    const marked = row.crosses ? `${name} *` : name;
    return `| ${[marked, row.keeps, ...cells, functions[name].date].join(' | ')} |`;
  });
  const text = `# Accuracy

Every one of the 2³² float32 through every function of one variable, forward and backward, at its default parameters, against the row's formula in binary64, by \`npm run verify\` (${verified.machine}). The formulas themselves are held by \`npm test\` to multi-precision values (\`test/vectors/activation.py\`) to 1e-12.

The error is told in units in the last place of the exact value: half a unit is the rounding that cannot be avoided. Backward is the derivative from what forward keeps (x or y: all float32 that forward can return) at a gradient of 1.

| function | keeps | forward promises | worst | at x | backward promises | worst | at x or y | verified |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

\\* The slope crosses zero; near there its error counts in units of 2⁻²⁴, of a slope of about 1. So it does where the slope is next to nothing: silu's, below −88, is a number under 1e-36 with fewer digits than elsewhere.

Other parameters than the defaults (\`alpha\`, \`slope\`, \`beta\`, ...) are held to the same promises at samples of all magnitudes by \`npm test\`, which also runs the comparison above at a sample in every engine. The hash of what the kernels give at that sample stands beside these figures in \`accuracy.json\`: a test fails if a kernel is no longer the one that was verified.

Other functions, held by \`npm test\`: softmax 2, its logarithm 1, glu and swiglu 0.51, pointwise losses 2 ulp forward; softmax and logarithm count near zero in units of 2⁻²⁴.
`;
  await expect(text).toMatchFileSnapshot('../../docs/accuracy.md');
});
