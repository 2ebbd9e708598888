// The panel that trains: its buttons, its numbers and its messages.

import type { Remote } from 'comlink';
import { proxy } from 'comlink';
import { live } from './live.js';
import { $, button, field } from './page.js';
import { short } from './pictures.js';
import type { Inspection, Live, lab } from './worker.js';

type State = 'fresh' | 'running' | 'paused' | 'done';
const canvas = (name: string) => $<HTMLCanvasElement>(`${name}-canvas`);

/** `learnt` is called whenever the network has learnt more; `restart` makes a new one. */
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
  /** The number of the training; messages of earlier ones are ignored. */
  let turn = 0;
  let accuracy = 0;
  let steps = 0;

  function setState(now: State, message: string): void {
    state = now;
    button('train').textContent = { fresh: 'Train', running: 'Pause', paused: 'Resume', done: 'Train again' }[now];
    button('reset').disabled = now === 'fresh';
    field('epochs').disabled = now === 'running' || now === 'paused';
    $('training').textContent = message;
    pictures.run(now === 'running');
  }

  function update(live: Live): void {
    pictures.add(live);
    $('step').textContent = String(live.step);
    if (live.losses.length > 0) $('loss').textContent = short(live.losses[live.losses.length - 1]);
    if (live.accuracy !== undefined) {
      accuracy = live.accuracy;
      $('accuracy').textContent = `${(100 * accuracy).toFixed(1)} %`;
      learnt();
    }
    if (live.fingerprint) $('trained').textContent = live.fingerprint;
  }

  async function start(): Promise<void> {
    const own = ++turn;
    setState('running', 'Training. Signals, gradients and accuracy below are measured meanwhile.');
    const began = performance.now();
    const done = await worker.train(proxy((live: Live) => void (own === turn && update(live))));
    if (!done || own !== turn) return;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const judged =
      accuracy > 0.85
        ? 'It has learnt to read digits.'
        : accuracy > 0.5
          ? 'It has learnt something.'
          : 'It has not learnt; the diagnosis above says why.';
    setState(
      'done',
      `${judged} ${(100 * accuracy).toFixed(1)} % of the test digits are right after ${steps} steps, ${seconds} seconds.`,
    );
  }

  button('train').addEventListener('click', async () => {
    if (state === 'running') {
      setState('paused', 'Paused. Nothing is lost.');
      await worker.pause();
    } else if (state === 'paused') {
      setState('running', 'Training.');
      await worker.resume();
    } else if (state === 'fresh') await start();
    else {
      await restart();
      await start();
    }
  });
  button('reset').addEventListener('click', restart);

  return {
    /** No network could be made. */
    none(): void {
      turn++;
      setState('fresh', '');
      button('train').disabled = true;
    },
    /** A network that was just made. */
    fresh({ probe, settings }: Inspection): void {
      turn++;
      setState('fresh', '5,000 digits, in batches of a hundred, 50 steps an epoch; tested on 1,000 others.');
      for (const [id, text] of Object.entries({ step: '0', loss: '–', accuracy: '–', trained: '–' }))
        $(id).textContent = text;
      button('train').disabled = false;
      pictures.reset(probe.layers);
      steps = 50 * settings.epochs;
      pictures.expect(steps);
    },
  };
}
