// What training says of the verdicts: tables of the results of `npm run verify:diagnose`.

import type { Judged } from './judge.js';

/** A network's results, and the best accuracy of the grid. */
export type Record = Omit<Judged, 'ms'> & { best: number };

/** How a network was judged: by the worst of its verdicts. */
type Level = 'none' | 'warning' | 'error';
export const levelOf = ({ verdicts }: Pick<Record, 'verdicts'>): Level =>
  verdicts.length === 0 ? 'none' : verdicts.some(({ level }) => level === 'error') ? 'error' : 'warning';

/** How much it learnt as it was, beside the best of the grid. */
type Outcome = 'good' | 'less' | 'ill';
const outcomeOf = ({ before, best }: Record): Outcome =>
  before >= 0.8 * best ? 'good' : before >= 0.5 * best ? 'less' : 'ill';

/** Whether the fix comes within three points of the best of the grid. */
const isHealed = ({ after, best }: Record) => after !== undefined && after >= best - 0.03;

const share = (part: number, of: number) =>
  `${part} of ${of}${of === 0 ? '' : ` (${((100 * part) / of).toFixed(1)} %)`}`;

export function figures(rows: readonly Record[]) {
  const healthy = rows.filter((row) => levelOf(row) === 'none');
  const fixed = rows.filter(({ after }) => after !== undefined);
  const ill = rows.filter((row) => outcomeOf(row) === 'ill');
  return {
    healthy: { right: healthy.filter((row) => outcomeOf(row) === 'good').length, of: healthy.length },
    healed: { right: fixed.filter(isHealed).length, of: fixed.length },
    missed: { right: ill.filter((row) => levelOf(row) === 'none').length, of: ill.length },
  };
}

/** The figures in words. */
export function summary(rows: readonly Record[]): string {
  const { healthy, healed, missed } = figures(rows);
  return [
    `- Without a verdict, and learns at least 80 % of the best: ${share(healthy.right, healthy.of)}.`,
    `- With its fix within three points of the best: ${share(healed.right, healed.of)}.`,
    `- Learns less than half of the best, and has no verdict: ${share(missed.right, missed.of)}.`,
  ].join('\n');
}

const table = (head: string[], rows: (string | number)[][]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const percent = (value: number) => `${Math.round(100 * value)} %`;

/** The confusion table: verdicts beside what training says. */
export function confusion(rows: readonly Record[]): string {
  const count = (level: Level, outcome: Outcome) =>
    rows.filter((row) => levelOf(row) === level && outcomeOf(row) === outcome).length;
  return table(
    ['worst verdict', 'learns 80 % of the best', '50 to 80 %', 'less than half'],
    (['none', 'warning', 'error'] as const).map((level) => [
      level,
      ...(['good', 'less', 'ill'] as const).map((outcome) => count(level, outcome)),
    ]),
  );
}

/** Each code that comes first, and what its fix does. */
export function byCode(rows: readonly Record[]): string {
  const codes = [...new Set(rows.flatMap(({ verdicts }) => verdicts[0]?.code ?? []))].sort();
  return table(
    [
      'first verdict',
      'networks',
      'right as they are (median)',
      'with the fix',
      'best of the grid',
      'within three points',
    ],
    codes.map((code) => {
      const of = rows.filter(({ verdicts }) => verdicts[0]?.code === code);
      const healed = of.filter(isHealed).length;
      const medians = [
        of.map((row) => row.before),
        of.map((row) => row.after ?? row.before),
        of.map((row) => row.best),
      ];
      return [`\`${code}\``, of.length, ...medians.map((values) => percent(median(values))), healed];
    }),
  );
}
