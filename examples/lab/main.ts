// The page: settings go into the URL and to the worker, and what the worker measures goes into the pictures.

import { wrap } from 'comlink';
import { initialisers } from './choices.js';
import { fanwise, pytorch } from './code.js';
import { controls } from './controls.js';
import { diagnosis } from './diagnosis.js';
import { pad } from './pad.js';
import { $, button, copy, element, field } from './page.js';
import { histograms, profiles, short } from './pictures.js';
import { format, parse } from './state.js';
import { training } from './training.js';
import type { Inspection, lab } from './worker.js';

/** Whether this is the built page, which has a service worker. */
declare const BUILT: boolean;

const worker = wrap<typeof lab>(new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
const loaded = worker.load(new URL('digits.bin', document.baseURI).href);

let settings = parse(location.hash);
let latest: Inspection | undefined;
const form = controls((chosen) => {
  settings = chosen;
  history.replaceState(null, '', format(chosen));
  void look();
});
const verdicts = diagnosis((repaired) => form.set(repaired));
const panel = training(worker, { learnt: () => void recognise(), restart: () => look() });

// One inspection at a time. Settings that change while one runs wait, and only the last of them is inspected.
let wanted = false;
let looking: Promise<void> | undefined;
function look(): Promise<void> {
  wanted = true;
  $('results').setAttribute('aria-busy', 'true');
  looking ??= inspectAll().finally(() => {
    looking = undefined;
    $('results').removeAttribute('aria-busy');
  });
  return looking;
}

async function inspectAll(): Promise<void> {
  let drawn = 0;
  while (wanted) {
    wanted = false;
    try {
      await loaded;
      const found = await worker.inspect(settings);
      // While a slider moves there are always newer settings; a picture now and then is better than none.
      if (wanted && performance.now() - drawn < 120) continue;
      show(found);
      drawn = performance.now();
    } catch (error) {
      // For example, a network so narrow that LSUV finds nothing to scale.
      latest = undefined;
      panel.none();
      for (const place of document.querySelectorAll('[role="img"]:not(canvas), #theory')) place.replaceChildren();
      $('verdicts').replaceChildren(element('div', { class: 'verdict error' }, (error as Error).message));
    }
  }
}

function draw(found: Inspection): void {
  profiles({ signal: $('signal-profile'), gradient: $('gradient-profile'), update: $('update-profile') }, found);
  histograms({ signal: $('signal-histograms'), gradient: $('gradient-histograms') }, found);
}

function show(found: Inspection): void {
  latest = found;
  draw(found);
  verdicts(found);
  panel.fresh(found);
  form.offer(found.gain);
  $('theory').textContent = expectation(found);
  $('fingerprint').textContent = found.fingerprint;
  const exact = initialisers[found.settings.initialiser].std !== undefined;
  $('twin').textContent = exact ? 'from the same seed' : 'to rounding';
  $('parameters').textContent = found.parameters.toLocaleString('en');
  $<HTMLTextAreaElement>('code-text').value = fanwise(found.settings);
  $<HTMLTextAreaElement>('torch-text').value = pytorch(found.settings);
  void recognise();
}

/** What theory says of such a network, in words. */
function expectation({ theory }: Inspection): string {
  if (!theory) return 'Theory says nothing about weights that are all zero.';
  const { phase, chi, warnings } = theory;
  const factor = chi === null ? '' : `, their mean square ${short(chi)} times for each layer`;
  const says = {
    ordered: `Theory: ordered. From layer to layer all inputs become more alike, and gradients shrink${factor}.`,
    critical: 'Theory: critical, the edge between shrinking and growing gradients, where depth does the least harm.',
    chaotic: `Theory: chaotic. From layer to layer similar inputs become less alike, and gradients grow${factor}.`,
    none: 'Theory: signals grow for ever.',
  }[phase ?? 'none'];
  // Its other warnings are in the diagnosis, as measured.
  const also = warnings.filter(({ code }) => ['depth', 'unstable', 'unreliable', 'underflow'].includes(code));
  return [says, ...also.map(({ message }) => `${message[0].toUpperCase()}${message.slice(1)}.`)].join(' ');
}

let shown: Float32Array | null = null;
let label: number | undefined;
const board = pad($<HTMLCanvasElement>('pad'), (x) => {
  shown = x;
  label = undefined;
  void recognise();
});
const bars = Array.from({ length: 10 }, (_, digit) => {
  const [bar, share] = [element('i'), element('span', {}, '')];
  const row = element('li', {}, String(digit), element('div', {}, bar), share);
  $('bars').append(row);
  return { row, bar, share };
});

/** Asks the network as it is now; an answer to an older question is ignored. */
let questions = 0;
async function recognise(): Promise<void> {
  const question = ++questions;
  if (!latest) return;
  const shares = shown ? await worker.recognise(shown) : Array<number>(10).fill(0);
  if (question !== questions) return;
  const best = shares.indexOf(Math.max(...shares));
  bars.forEach(({ row, bar, share }, digit) => {
    row.className = shown && digit === best ? 'best' : '';
    bar.style.width = `${100 * shares[digit]}%`;
    share.textContent = shown ? `${(100 * shares[digit]).toFixed(1)} %` : '';
  });
  const truth = label === undefined ? '' : best === label ? ', and it is' : `; it is a ${label}`;
  const trained = $('step').textContent !== '0';
  $('answer').textContent = !shown
    ? 'Draw a digit, or pick one.'
    : trained
      ? `This looks like a ${best}${truth}.`
      : `An untrained guess: ${best}${truth}.`;
}

async function pick(): Promise<void> {
  const number = Math.min(1000, Math.max(1, Math.round(Number(field('picked').value)) || 1));
  field('picked').value = String(number);
  await loaded;
  const digit = await worker.testDigit(number - 1);
  board.show(digit.x);
  label = digit.label;
}
button('clear').addEventListener('click', () => board.clear());
button('pick').addEventListener('click', async () => {
  await pick();
  field('picked').value = String((Number(field('picked').value) % 1000) + 1);
});
field('picked').addEventListener('change', () => void pick());

button('copy-link').addEventListener('click', () => copy(location.href, 'Link'));
button('copy-code').addEventListener('click', () => copy(fanwise(settings), 'Program'));
button('copy-torch').addEventListener('click', () => copy(pytorch(settings), 'PyTorch program'));
$('controls').addEventListener('submit', (event) => event.preventDefault());

// By a preset, a link that was pasted, or the back button.
addEventListener('hashchange', () => {
  settings = parse(location.hash);
  form.show(settings);
  void look();
});
let width = innerWidth;
addEventListener('resize', () => {
  if (latest && innerWidth !== width) draw(latest);
  width = innerWidth;
});

form.show(settings);
history.replaceState(null, '', format(settings));
void look();

if (BUILT && 'serviceWorker' in navigator) {
  void navigator.serviceWorker.register('sw.js');
  void navigator.serviceWorker.ready.then(() => ($('offline').textContent = 'Ready to be used offline.'));
}
