// The errors that `npm run verify` found over all 2^32 inputs: within the promises, found with these kernels, and in the table
// of docs/accuracy.md, which `npx vitest run --project node test/activation/accuracy -u` renews.

import { describe, expect, test } from 'vitest';
import verified from '../../docs/accuracy.json' with { type: 'json' };
import { section } from '../nn/sums.js';
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

\`npm run verify\` puts every one of the 2³² float32 through every function of one variable, forward and backward, with its default parameters, and compares the results with the function's formula in double precision (${verified.machine}). \`npm test\` compares the formulas themselves with multi-precision values (\`test/vectors/activation.py\`), to 1e-12.

Errors are in units in the last place of the exact value. Half a unit is the rounding that cannot be avoided. Backward is the derivative, computed from what forward keeps (x, or y: all float32 that forward can return), at a gradient of 1.

| function | keeps | forward: promised | largest | at x | backward: promised | largest | at x or y | verified on |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

\\* The derivative crosses zero. Near there its error counts in units of 2⁻²⁴, as of a derivative of about 1. The same holds where the derivative is next to nothing: silu's, below −88, is less than 1e-36 and has fewer digits than elsewhere.

For other parameters than the defaults (\`alpha\`, \`slope\`, \`beta\`, ...) \`npm test\` checks the same promises at samples of all magnitudes. It also repeats the comparison above at a sample in every engine. The hash of what the kernels give at that sample is in \`accuracy.json\`, beside these figures: a test fails if a kernel is no longer the one that was verified.

\`npm test\` also checks the errors of other functions: softmax 2 ulp, its logarithm 1, glu and swiglu 0.51, pointwise losses 2 forward. Near zero, errors of softmax and its logarithm count in units of 2⁻²⁴.

${section()}`;
  await expect(text).toMatchFileSnapshot('../../docs/accuracy.md');
});
