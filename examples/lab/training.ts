// The panel that trains: its buttons, its figures, and what it says.

import type { Remote } from 'comlink';
import { proxy } from 'comlink';
import { live } from './live.js';
import { $, button, field } from './page.js';
import { short } from './pictures.js';
import type { Inspection, Live, lab } from './worker.js';

type State = 'fresh' | 'running' | 'paused' | 'done';
const canvas = (name: string) => $<HTMLCanvasElement>(`${name}-canvas`);

/** `learnt` is told whenever the net can do better; `restart` asks for a fresh one. */
export function training(
  worker: Remote<typeof lab>,
  { learnt, restart }: { learnt(): void; restart(): Promise<void> },
) {
  const canvases = {
    loss: canvas('loss'),
    accuracy: canvas('accuracy'),
    profile: canvas('profile'),
    values: canvas('values'),
  };
  const pictures = live(canvases, (perSecond) => ($('fps').textContent = String(perSecond)));
  let state: State = 'fresh';
  /** Which training this is: what an earlier one still has to say is not heard. */
  let turn = 0;
  let accuracy = 0;
  let steps = 0;

  function become(now: State, words: string): void {
    state = now;
    button('train').textContent = { fresh: 'Train', running: 'Pause', paused: 'Resume', done: 'Train again' }[now];
    button('reset').disabled = now === 'fresh';
    field('epochs').disabled = now === 'running' || now === 'paused';
    $('training').textContent = words;
    pictures.run(now === 'running');
  }

  function hear(told: Live): void {
    pictures.add(told);
    $('step').textContent = String(told.step);
    if (told.losses.length > 0) $('loss').textContent = short(told.losses[told.losses.length - 1]);
    if (told.accuracy !== undefined) {
      accuracy = told.accuracy;
      $('accuracy').textContent = `${(100 * accuracy).toFixed(1)} %`;
      learnt();
    }
    if (told.fingerprint) $('trained').textContent = told.fingerprint;
  }

  async function start(): Promise<void> {
    const mine = ++turn;
    become('running', 'It learns. Signals, gradients and accuracy below are measured while it does.');
    const began = performance.now();
    const done = await worker.train(proxy((told: Live) => void (mine === turn && hear(told))));
    if (!done || mine !== turn) return;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const judged =
      accuracy > 0.85
        ? 'It has learnt to read digits.'
        : accuracy > 0.5
          ? 'It has learnt something.'
          : 'It has not learnt: see the diagnosis above.';
    become(
      'done',
      `${judged} ${(100 * accuracy).toFixed(1)} % of the test digits are right after ${steps} steps, ${seconds} seconds.`,
    );
  }

  button('train').addEventListener('click', async () => {
    if (state === 'running') {
      become('paused', 'Paused. Nothing is lost.');
      await worker.pause();
    } else if (state === 'paused') {
      become('running', 'It learns on.');
      await worker.resume();
    } else if (state === 'fresh') await start();
    else {
      await restart();
      await start();
    }
  });
  button('reset').addEventListener('click', restart);

  return {
    /** No net could be made. */
    none(): void {
      turn++;
      become('fresh', '');
      button('train').disabled = true;
    },
    /** A net that was just made. */
    fresh({ probe, settings }: Inspection): void {
      turn++;
      become('fresh', '5,000 digits, a hundred at a time, 50 steps an epoch; tested on 1,000 others.');
      for (const [id, text] of Object.entries({ step: '0', loss: '–', accuracy: '–', trained: '–' }))
        $(id).textContent = text;
      button('train').disabled = false;
      pictures.reset(probe.layers);
      steps = 50 * settings.epochs;
      pictures.expect(steps);
    },
  };
}
