// Pictures that are drawn each frame while a network learns: directly on canvases, as a frame has 16 ms.

import { hidden, power, powers, short } from './pictures.js';
import type { LayerStatistics, Live } from './worker.js';

export type Canvases = Record<'loss' | 'accuracy' | 'profile' | 'values', HTMLCanvasElement>;

const EDGE = { left: 44, right: 8, top: 8, bottom: 20 };
const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
const logs = (layers: readonly LayerStatistics[]) => {
  const linear = hidden(layers).map(({ before }) => before);
  return {
    signal: linear.map((l) => Math.log10(l.meanSquare)),
    gradient: linear.map((l) => Math.log10(l.gradient.meanSquare)),
  };
};

/** A canvas, cleared for a frame, and the functions from values to its coordinates. */
function stage(canvas: HTMLCanvasElement, [left, right]: number[], [low, high]: number[]) {
  const ratio = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const c = canvas.getContext('2d')!;
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  c.font = '11px system-ui, sans-serif';
  c.lineWidth = 1.75;
  c.lineJoin = 'round';
  const x = (v: number) => EDGE.left + ((v - left) / (right - left || 1)) * (width - EDGE.left - EDGE.right);
  const y = (v: number) => height - EDGE.bottom - ((v - low) / (high - low || 1)) * (height - EDGE.top - EDGE.bottom);
  return { c, x, y, width, height };
}
type Stage = ReturnType<typeof stage>;

/** About five round values in a range. */
function ticks(low: number, high: number, whole = false): number[] {
  const wanted = (high - low) / 4;
  const unit = 10 ** Math.floor(Math.log10(wanted));
  const step = Math.max(whole ? 1 : 0, unit * ([1, 2, 5, 10].find((m) => m * unit >= wanted) ?? 10));
  const from = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - from + 1) }, (_, i) => (from + i) * step);
}

function axes(
  { c, x, y, width, height }: Stage,
  across: number[],
  up: number[],
  colours: Colours,
  label: (v: number) => string,
): void {
  c.strokeStyle = colours.line;
  c.fillStyle = colours.quiet;
  c.lineWidth = 1;
  c.textBaseline = 'middle';
  c.textAlign = 'right';
  for (const v of up) {
    c.beginPath();
    c.moveTo(EDGE.left, y(v));
    c.lineTo(width - EDGE.right, y(v));
    c.stroke();
    c.fillText(label(v), EDGE.left - 6, y(v));
  }
  c.textBaseline = 'alphabetic';
  c.textAlign = 'center';
  for (const v of across) c.fillText(String(v), Math.min(x(v), width - 14), height - 5);
  c.lineWidth = 1.75;
}

/** A line through the finite points. */
function line({ c, x, y }: Stage, points: [number, number][], colour: string, dots = false): void {
  c.strokeStyle = c.fillStyle = colour;
  c.beginPath();
  for (const [h, v] of points) if (Number.isFinite(v)) c.lineTo(x(h), y(v));
  c.stroke();
  if (!dots) return;
  for (const [h, v] of points) {
    if (!Number.isFinite(v)) continue;
    c.beginPath();
    c.arc(x(h), y(v), 2.5, 0, 7);
    c.fill();
  }
}

const names = ['line', 'quiet', 'signal', 'gradient', 'step', 'good'] as const;
type Colours = Record<(typeof names)[number], string>;
function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`)])) as Colours;
}

/** The range of the finite values; at least two powers of ten. */
function range(values: number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [-1, 1];
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const margin = Math.max(0.3, (2 - (high - low)) / 2);
  return [low - margin, high + margin];
}

/** Pictures on four canvases. While they run, `frames` is called with the number of frames a second. */
export function live(canvases: Canvases, frames: (perSecond: number) => void) {
  let losses: number[] = [];
  let accuracies: [step: number, value: number][] = [];
  let steps = 1;
  let layers: readonly LayerStatistics[] = [];
  let before = logs([]);
  let target = before;
  let shown = before;
  let tint = colours();
  let running = false;
  let dirty = true;

  /** Loss by step; if there are many steps, means of neighbours. */
  function drawLoss(): void {
    const most = losses.reduce((m, v) => (v > m && v < Infinity ? v : m), 2.5);
    const s = stage(canvases.loss, [0, steps], [0, Math.min(6, most)]);
    axes(s, ticks(0, steps, true), ticks(0, Math.min(6, most)), tint, (v) => short(v));
    const bin = Math.max(1, Math.ceil((losses.length / s.width) * 1.5));
    const points: [number, number][] = [];
    for (let i = 0; i < losses.length; i += bin) {
      const part = losses.slice(i, i + bin);
      points.push([i + part.length / 2, Math.min(6, part.reduce((a, b) => a + b, 0) / part.length)]);
    }
    line(s, points, tint.step);
  }

  function drawAccuracy(): void {
    const s = stage(canvases.accuracy, [0, steps], [0, 1]);
    axes(s, ticks(0, steps, true), [0, 0.25, 0.5, 0.75, 1], tint, (v) => `${100 * v} %`);
    line(s, accuracies, tint.good, true);
  }

  function drawProfile(): void {
    const [low, high] = range([before, target, shown].flatMap(({ signal, gradient }) => [...signal, ...gradient]));
    const s = stage(canvases.profile, [1, Math.max(2, shown.signal.length)], [low, high]);
    axes(
      s,
      ticks(1, shown.signal.length, true).filter((v) => v >= 1),
      powers(low, high),
      tint,
      power,
    );
    const points = (values: number[]) => values.map((v, i): [number, number] => [i + 1, v]);
    s.c.globalAlpha = 0.3;
    for (const what of ['signal', 'gradient'] as const) line(s, points(before[what]), tint[what]);
    s.c.globalAlpha = 1;
    for (const what of ['signal', 'gradient'] as const) line(s, points(shown[what]), tint[what], true);
  }

  /** A column for each layer, darker where there are more values. */
  function drawValues(): void {
    const all = hidden(layers).flatMap(({ after }) => after ?? []);
    const extent = all.flatMap(({ histogram: { low, high } }) => [low, high]).filter(Number.isFinite);
    const [low, high] = extent.length > 0 ? [Math.min(...extent), Math.max(...extent)] : [-1, 1];
    const s = stage(canvases.values, [0.5, all.length + 0.5], low < high ? [low, high] : [low - 1, high + 1]);
    axes(
      s,
      ticks(1, all.length + 0.5, true).filter((v) => v >= 1),
      ticks(low, high),
      tint,
      (v) => short(v),
    );
    s.c.fillStyle = tint.signal;
    all.forEach(({ histogram }, i) => {
      const most = Math.max(1, ...histogram.counts);
      const height = (histogram.high - histogram.low) / histogram.counts.length;
      histogram.counts.forEach((count, bin) => {
        if (count === 0) return;
        const [top, bottom] = [bin + 1, bin].map((edge) => Math.round(s.y(histogram.low + edge * height)));
        s.c.globalAlpha = 0.12 + 0.88 * Math.sqrt(count / most);
        s.c.fillRect(s.x(i + 0.6), top, s.x(i + 1.4) - s.x(i + 0.6), Math.max(1, bottom - top));
      });
    });
    s.c.globalAlpha = 1;
  }

  /** Moves what is shown a part of the way to the latest measurement, so that the eye can follow. */
  function approach(): boolean {
    let distance = 0;
    const ease = (from: number[], to: number[]) =>
      to.map((v, i) => {
        if (reducedMotion.matches || !Number.isFinite(from[i]) || !Number.isFinite(v)) return v;
        distance = Math.max(distance, Math.abs(v - from[i]));
        return Math.abs(v - from[i]) < 0.002 ? v : from[i] + (v - from[i]) * 0.15;
      });
    shown = { signal: ease(shown.signal, target.signal), gradient: ease(shown.gradient, target.gradient) };
    return distance > 0;
  }

  let [count, since] = [0, 0];
  function frame(now: number): void {
    if (running) {
      count++;
      if (now - since > 500) {
        if (since > 0 && now - since < 2000) frames(Math.round((1000 * count) / (now - since)));
        [count, since] = [0, now];
      }
    }
    const moving = approach();
    if (dirty || moving || running) {
      dirty = false;
      drawLoss();
      drawAccuracy();
      drawProfile();
      drawValues();
    }
    if (moving || running) requestAnimationFrame(frame);
    else scheduled = false;
  }

  let scheduled = false;
  function redraw(): void {
    dirty = true;
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(frame);
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    tint = colours();
    redraw();
  });
  new ResizeObserver(redraw).observe(canvases.loss);

  return {
    /** A network before its training. */
    reset(now: readonly LayerStatistics[]): void {
      [losses, accuracies, layers] = [[], [], now];
      before = target = shown = logs(now);
      describe(0);
      redraw();
    },
    expect(all: number): void {
      steps = all;
      redraw();
    },
    add(update: Live): void {
      losses.push(...update.losses);
      if (update.accuracy !== undefined) accuracies.push([update.step, update.accuracy]);
      if (update.layers) {
        layers = update.layers;
        target = logs(layers);
      }
      if (update.accuracy !== undefined) describe(update.step);
      redraw();
    },
    run(on: boolean): void {
      running = on;
      [count, since] = [0, 0];
      redraw();
    },
  };

  /** What the canvases show, in words. */
  function describe(step: number): void {
    const label = (name: keyof Canvases, words: string) => canvases[name].setAttribute('aria-label', words);
    const ends = (v: number[]) =>
      `from ${short(10 ** v[0])} in layer 1 to ${short(10 ** v[v.length - 1])} in layer ${v.length}`;
    const last = losses[losses.length - 1];
    label(
      'loss',
      step
        ? `Loss of each step: ${short(losses[0])} at first, ${short(last)} after step ${step}`
        : 'Loss of each step: no training yet',
    );
    const right = accuracies[accuracies.length - 1]?.[1];
    label(
      'accuracy',
      step ? `Test accuracy: ${(100 * right).toFixed(1)} % after step ${step}` : 'Test accuracy: no training yet',
    );
    label(
      'profile',
      `After step ${step}: mean square of the signal ${ends(target.signal)}, of the gradient ${ends(target.gradient)}`,
    );
    const all = hidden(layers).flatMap(({ after }) => (after ? [`σ ${short(Math.sqrt(after.variance))}`] : []));
    label('values', `After step ${step}: values after each activation, ${all.join(', ')}`);
  }
}
