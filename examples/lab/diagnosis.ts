// What is wrong, in words, with what repairs it; and what was repaired.

import { initialisers } from './choices.js';
import { $, element } from './page.js';
import type { Settings } from './state.js';
import type { Inspection, Verdict } from './worker.js';

const words: Record<Verdict['code'], string> = {
  vanishing: 'Vanishing',
  exploding: 'Exploding',
  dead: 'Dead units',
  saturated: 'Saturated',
  symmetric: 'All units alike',
  nonFinite: 'Not finite',
  data: 'Inputs far from 0',
  learningRate: 'Learning rate',
  initialisation: 'Weights',
  stuck: 'Stuck',
};

/** The settings after a fix; undefined if it has to be done by hand. */
export function repaired(settings: Settings, { fix }: Pick<Verdict, 'fix'>): Settings | undefined {
  const initialiser = fix.initialiser ?? settings.initialiser;
  const own = initialisers[initialiser].gain;
  // A fix's gain is an integral of twelve digits: where it is near the initialiser's default, the default is meant.
  const wanted =
    fix.gain === undefined ? own : Math.abs(fix.gain - (own ?? 1)) < 1e-6 ? own : Number(fix.gain.toPrecision(6));
  const gain = own === undefined ? 1 : wanted!;
  return initialiser === settings.initialiser && gain === settings.gain
    ? undefined
    : { ...settings, initialiser, gain };
}

/** A message counts all layers from 0, linear ones and activations in turn; the page counts the pairs, from 1. */
const counted = (message: string) =>
  message.replace(/\blayer (\d+)/g, (_, i) => `layer ${Math.floor(Number(i) / 2) + 1}`);

/** A message with its powers of ten in superscript. */
const written = (message: string) =>
  counted(message)
    .split(/10\^(-?[\d.]*\d)/)
    .flatMap((part, i) => (i % 2 === 0 ? [part] : ['10', element('sup', {}, part.replace('-', '−'))]));

/** One verdict for each code, errors first. */
export function oneOfEach(verdicts: readonly Verdict[]): Verdict[] {
  const first = new Map<string, Verdict>();
  for (const level of ['error', 'warning'])
    for (const verdict of verdicts)
      if (verdict.level === level && !first.has(verdict.code)) first.set(verdict.code, verdict);
  return [...first.values()];
}

const card = (level: string, ...content: HTMLElement[]) => element('div', { class: `verdict ${level}` }, ...content);

/** `repair` is called when a fix is clicked. */
export function diagnosis(repair: (settings: Settings) => void) {
  /** What was wrong before the click whose result is awaited. */
  let before: Verdict[] | undefined;
  return ({ settings, probe }: Inspection): void => {
    const found = oneOfEach(probe.verdicts);
    const cards = found.map((verdict, i) => {
      const name = `${verdict.level === 'error' ? '✕' : '!'} ${words[verdict.code]}`;
      const text = element('p', {}, element('b', {}, name), ' ', ...written(verdict.message));
      // A fix of two findings is offered once.
      if (found.slice(0, i).some(({ fix }) => fix.message === verdict.fix.message)) return card(verdict.level, text);
      const next = repaired(settings, verdict);
      const fix = element('div', { class: 'fix' }, element('span', {}, ...written(verdict.fix.message)));
      if (next) {
        const label = `Fix: ${initialisers[next.initialiser].label}${initialisers[next.initialiser].gain === undefined ? '' : `, gain ${Number(next.gain.toPrecision(4))}`}`;
        const click = element('button', { type: 'button' }, label);
        click.addEventListener('click', () => {
          before = found;
          repair(next);
        });
        fix.prepend(click);
      }
      return card(verdict.level, text, fix);
    });
    if (before) {
      const gone = before
        .filter(({ code }) => !found.some((verdict) => verdict.code === code))
        .map(({ code }) => words[code].toLowerCase());
      const outcome = gone.length > 0 ? `Repaired: no longer ${gone.join(', ')}.` : 'That was not enough yet.';
      cards.unshift(card('healthy', element('p', {}, element('b', {}, outcome))));
      before = undefined;
      $('verdicts').focus({ preventScroll: true }); // the button that had the focus is gone
    }
    if (found.length === 0) {
      const sound = `Signals and gradients keep their size through all ${settings.depth + 1} layers: this network can learn.`;
      cards.push(card('healthy', element('p', {}, element('b', {}, '✓ Healthy'), ` ${sound}`)));
    }
    $('verdicts').replaceChildren(...cards);
  };
}
