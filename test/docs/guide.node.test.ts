// The guide's tables are the rows'. `npx vitest run test/docs/guide -u` writes them anew.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type LossRow, losses } from '../../src/nn/losses/pointwise.js';
import { optimizerRow } from '../../src/nn/optimizer.js';
import * as optimizers from '../../src/nn/optimizers.js';
import { scheduleRow } from '../../src/nn/schedule.js';
import * as schedules from '../../src/nn/schedules.js';
import type { NumberOption, Options } from '../../src/options.js';

const guide = readFileSync('docs/guide.md', 'utf8');

const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Options with their defaults; one without a default has to be passed. */
const listed = (options: Options) =>
  Object.entries(options)
    .map(([name, option]) => {
      const { value } = option as NumberOption;
      if (value === undefined || typeof value === 'function') return `\`${name}\``;
      const short = Array.isArray(value) ? `[${value.join(', ')}]` : value === 1 / 3 ? '1 / 3' : value;
      return `\`${name}: ${short}\``;
    })
    .join(', ');

const made = (makers: object, rowOf: (maker: object) => { options: Options }) =>
  Object.entries(makers)
    .sort() // vitest lists a module's exports as they stand in the file, engines by name
    .map(([name, maker]) => [`\`nn.${name}\``, listed(rowOf(maker).options)]);

const tables: Record<string, string> = {
  losses: table(
    ['loss', 'of', 'options'],
    [
      ["`'crossEntropy'`", 'logits, labels', '`labelSmoothing: 0`, `ignoreIndex`, `weights`'],
      ...Object.entries(losses as Record<string, LossRow>).map(([name, { from, shares, parameters }]) => [
        `\`'${name}'\``,
        `${from}, targets${shares ? ' from 0 to 1' : ''}`,
        listed(parameters),
      ]),
    ],
  ),
  optimizers: table(['optimizer', 'options'], made(optimizers, optimizerRow)),
  schedules: table(['schedule', 'options'], made(schedules, scheduleRow)),
};

test('its tables are current', async () => {
  let current = guide;
  for (const [name, text] of Object.entries(tables)) {
    const between = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
    expect(guide).toMatch(between);
    current = current.replace(between, `$1${text}\n$2`);
  }
  await expect(current).toMatchFileSnapshot('../../docs/guide.md');
});
