// What is wrong, in words, with what repairs it; and what was repaired.

import { initialisers } from './choices.js';
import { $, element } from './page.js';
import { allowed, type Settings } from './state.js';
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

/** A number with few digits, of which the settings' sliders have no more. */
const rounded = (value: number, digits: number) => Number(value.toPrecision(digits));

/** The settings after a fix; undefined if it has to be done by hand. */
export function repaired(settings: Settings, { fix }: Pick<Verdict, 'fix'>): Settings | undefined {
  const initialiser = fix.initialiser ?? settings.initialiser;
  const own = initialisers[initialiser].gain;
  // A fix's gain is an integral of twelve digits: where it is near the initialiser's default, the default is meant.
  const wanted = fix.gain === undefined ? own : Math.abs(fix.gain - (own ?? 1)) < 1e-6 ? own : rounded(fix.gain, 6);
  const kept = fix.initialiser === undefined ? settings.gain : wanted!;
  const gain = own === undefined ? 1 : kept;
  const lr = fix.lr === undefined ? settings.lr : allowed('lr', rounded(fix.lr, 2))!;
  return initialiser === settings.initialiser && gain === settings.gain && lr === settings.lr
    ? undefined
    : { ...settings, initialiser, gain, lr };
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

/** What a fix changes, on its button. */
function labelOf(next: Settings, settings: Settings): string {
  const { label, gain } = initialisers[next.initialiser];
  const isRedrawn = next.initialiser !== settings.initialiser || next.gain !== settings.gain;
  const weights = gain === undefined ? label : `${label}, gain ${rounded(next.gain, 4)}`;
  const rate = next.lr === settings.lr ? [] : [`learning rate ${next.lr}`];
  return `Fix: ${[...(isRedrawn ? [weights] : []), ...rate].join(', ')}`;
}

/**
 * The panel of what is wrong. `repair` is called when a fix is clicked. What is known at once is shown with a button that waits:
 * a trial says which fix is offered, if any is needed.
 */
export function diagnosis(repair: (settings: Settings) => void) {
  /** What was wrong before the click whose result is awaited. */
  let before: Verdict[] | undefined;
  /** Says after a click what is no longer wrong. */
  let outcome: HTMLElement[] = [];

  function show(settings: Settings, verdicts: readonly Verdict[], isTried: boolean): void {
    const found = oneOfEach(verdicts);
    const cards = found.map((verdict, i) => {
      const name = `${verdict.level === 'error' ? '✕' : '!'} ${words[verdict.code]}`;
      const text = element('p', {}, element('b', {}, name), ' ', ...written(verdict.message));
      // A fix of two findings is offered once.
      if (found.slice(0, i).some(({ fix }) => fix.message === verdict.fix.message)) return card(verdict.level, text);
      const next = repaired(settings, verdict);
      const advice = isTried ? written(verdict.fix.message) : ['A trial begins: which weights and learning rate help?'];
      const fix = element('div', { class: 'fix' }, element('span', {}, ...advice));
      if (next && isTried) {
        const click = element('button', { type: 'button' }, labelOf(next, settings));
        click.addEventListener('click', () => {
          before = found;
          repair(next);
        });
        fix.prepend(click);
      }
      return card(verdict.level, text, fix);
    });
    if (found.length === 0) {
      const sound = `Signals and gradients keep their size through all ${settings.depth + 1} layers: this network can learn.`;
      cards.push(card('healthy', element('p', {}, element('b', {}, '✓ Healthy'), ` ${sound}`)));
    }
    $('verdicts').replaceChildren(...outcome, ...cards);
  }

  return {
    /** What an inspection found, before a trial. */
    found({ settings, probe }: Inspection): void {
      outcome = [];
      if (before) {
        const gone = before
          .filter(({ code }) => !probe.verdicts.some((verdict) => verdict.code === code))
          .map(({ code }) => words[code].toLowerCase());
        const text = gone.length > 0 ? `Repaired: no longer ${gone.join(', ')}.` : 'That was not enough yet.';
        outcome = [card('healthy', element('p', {}, element('b', {}, text)))];
        $('verdicts').focus({ preventScroll: true }); // the button that had the focus is gone
      }
      before = undefined;
      show(settings, probe.verdicts, false);
    },
    /** What is left of it after a trial. */
    tried: (settings: Settings, verdicts: readonly Verdict[]): void => show(settings, verdicts, true),
    /** A network that cannot be made: of weights fitted to data that give nothing to fit to. */
    failed(settings: Settings, error: Error): void {
      const next = { ...settings, initialiser: 'orthogonal', gain: 1 } as const;
      const isFit = settings.initialiser === 'lsuv';
      const text = isFit
        ? 'LSUV divides the weights of a layer by the standard deviation of what it makes, and here a layer makes the same of every digit: the network is too deep or too narrow for it.'
        : error.message;
      const click = element('button', { type: 'button' }, labelOf(next, settings));
      click.addEventListener('click', () => repair(next));
      const fix = isFit ? [element('div', { class: 'fix' }, click)] : [];
      $('verdicts').replaceChildren(card('error', element('p', {}, text), ...fix));
    },
  };
}
