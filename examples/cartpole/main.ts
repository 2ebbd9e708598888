// The page: each frame one episode of learning, and beside it a cart that is driven by what was learnt so far.

import { random } from 'fanwise';
import { fallen, limits, MAX_STEPS, type State, start, step } from './cart.js';
import { learner } from './learn.js';

const EPISODES = 400;
const $ = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const [cart, curve] = [$<HTMLCanvasElement>('cart'), $<HTMLCanvasElement>('curve')];
const [pause, seed] = [$<HTMLButtonElement>('pause'), $<HTMLInputElement>('seed')];
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
const frame = () => new Promise<number>(requestAnimationFrame);

let returns: number[] = [];
let current: ReturnType<typeof learner>;
let rng = random.philox(0);
let state: State;
/** For people who ask for less motion it does not start by itself. */
let paused = matchMedia('(prefers-reduced-motion: reduce)').matches;

/** A cleared canvas, with as many pixels as are shown. */
function cleared(canvas: HTMLCanvasElement) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  [canvas.width, canvas.height] = [width * devicePixelRatio, height * devicePixelRatio];
  const c = canvas.getContext('2d')!;
  c.scale(devicePixelRatio, devicePixelRatio);
  return { c, width, height };
}

function drawCart(): void {
  const { c, width, height } = cleared(cart);
  const [position, , angle] = state;
  const metre = Math.min(width / (2 * limits.position + 1), height - 60);
  const [x, y] = [width / 2 + metre * position, height - 34];
  c.fillStyle = colour('line');
  c.fillRect(width / 2 - limits.position * metre, height - 18, 2 * limits.position * metre, 3);
  c.fillStyle = colour('one');
  c.fillRect(x - 0.25 * metre, y, 0.5 * metre, 16);
  c.strokeStyle = colour('mean');
  c.lineWidth = 6;
  c.lineCap = 'round';
  c.beginPath();
  c.moveTo(x, y);
  c.lineTo(x + metre * Math.sin(angle), y - metre * Math.cos(angle));
  c.stroke();
}

function drawCurve(): void {
  const { c, width, height } = cleared(curve);
  const [left, bottom] = [36, 20];
  const x = (episode: number) => left + (episode / EPISODES) * (width - left - 8);
  const y = (steps: number) => height - bottom - (steps / MAX_STEPS) * (height - bottom - 8);
  c.font = '12px system-ui, sans-serif';
  c.fillStyle = colour('quiet');
  c.strokeStyle = colour('line');
  c.textAlign = 'right';
  for (const steps of [0, 250, 500]) {
    c.fillText(String(steps), left - 6, y(steps) + 4);
    c.strokeRect(left, y(steps), width - left - 8, 0);
  }
  c.textAlign = 'center';
  for (const episode of [0, 100, 200, 300, 400])
    c.fillText(String(episode), Math.min(x(episode), width - 14), height - 4);
  c.fillStyle = colour('one');
  returns.forEach((steps, episode) => c.fillRect(x(episode) - 1, y(steps) - 1, 2.5, 2.5));
  c.strokeStyle = colour('mean');
  c.lineWidth = 2;
  c.beginPath();
  returns.forEach((_, i) => i > 18 && c.lineTo(x(i), y(mean(returns.slice(i - 19, i + 1)))));
  c.stroke();
}

function showNumbers(): void {
  const recent = returns.length === 0 ? '–' : mean(returns.slice(-20)).toFixed(0);
  $('episode').textContent = String(returns.length);
  $('steps').textContent = String(returns.at(-1) ?? '–');
  $('mean').textContent = recent;
  curve.ariaLabel = `Steps of each episode: ${returns.length} episodes, ${recent} steps on average of the last twenty`;
  // Only each hundred episodes, since screen readers read it aloud.
  if (returns.length % 100 === 0 && returns.length > 0)
    $('status').textContent = `After ${returns.length} episodes: ${recent} of ${MAX_STEPS} steps on average.`;
}

/** Learns until somebody starts over. */
async function learn(): Promise<void> {
  const own = learner({ seed: seed.valueAsNumber || 0, episodes: EPISODES });
  [current, returns, rng] = [own, [], random.philox('what is shown')];
  state = start(rng);
  drawCurve();
  showNumbers();
  for await (const steps of own.returns) {
    do await frame();
    while (paused && current === own);
    if (current !== own) return;
    returns.push(steps);
    drawCurve();
    showNumbers();
  }
}

let before = performance.now();
let lag = 0;
function show(now: number): void {
  // At most a tenth of a second at once: a page in the background gets no frames.
  if (!paused) lag += Math.min(0.1, (now - before) / 1000);
  before = now;
  for (; lag >= 0.02; lag -= 0.02) state = fallen(state) ? start(rng) : step(state, current.act(state, rng));
  drawCart();
  requestAnimationFrame(show);
}

const label = () => (pause.textContent = paused ? 'Resume' : 'Pause');
pause.onclick = () => {
  paused = !paused;
  label();
};
$<HTMLFormElement>('controls').onsubmit = (event) => {
  event.preventDefault();
  $('status').textContent = `Started over with seed ${seed.value}.`;
  void learn();
};
addEventListener('resize', drawCurve);
matchMedia('(prefers-color-scheme: dark)').onchange = drawCurve;

label();
void learn();
requestAnimationFrame(show);
