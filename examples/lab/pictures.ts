// Pictures that change with the settings, by Observable Plot: sizes by layer, and histograms.

import * as Plot from '@observablehq/plot';
import type { Inspection, LayerStatistics, Statistics } from './worker.js';

const superscript = (n: number) => [...String(n)].map((c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)])).join('');
export const power = (n: number) => `10${superscript(n)}`;

/** Whole powers of ten from low to high, at most six. */
export function powers(low: number, high: number): number[] {
  const step = Math.max(1, Math.ceil((high - low) / 5));
  const from = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - from + 1) }, (_, i) => (from + i) * step);
}

/** A number in three digits, or with a power of ten where that is easier to read. */
export function short(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'not a number' : x > 0 ? '∞' : '−∞';
  if (x === 0) return '0';
  const size = Math.abs(x);
  if (size >= 0.001 && size < 10_000) return String(Number(x.toPrecision(size < 1 ? 2 : 3))).replace('-', '−');
  const [digits, exponent] = x.toExponential(1).split('e').map(Number);
  return `${String(digits).replace('-', '−')}·10${superscript(exponent)}`;
}

/** The linear layers of a model, and the activation after each of them. */
export function hidden(layers: readonly LayerStatistics[]): { before: LayerStatistics; after?: LayerStatistics }[] {
  return layers.flatMap((before, i) => {
    if (before.kind !== 'linear') return [];
    const after = layers[i + 1];
    return [{ before, after: after?.kind === 'linear' ? undefined : after }];
  });
}

interface Point {
  layer: number;
  value: number;
}
interface Profile {
  measured: Point[];
  theory?: Point[];
  band?: { layer: number; low: number; high: number }[];
  /** A level that is marked by a line, and its name. */
  guide?: { value: number; label: string };
  colour: string;
  what: string;
}

const finite = <T extends object>(points: T[]) => points.filter((p) => Object.values(p).every(Number.isFinite));

/** Shows a picture in place of the one before, and says in words what it shows. */
function put(place: HTMLElement, picture: Element, words: string): void {
  place.setAttribute('role', 'img');
  place.setAttribute('aria-label', words);
  place.replaceChildren(picture);
}

function profile(place: HTMLElement, { measured, theory = [], band = [], guide, colour, what }: Profile): void {
  const points = finite(measured);
  const lost = measured.length - points.length;
  const [first, last] = [points[0], points[points.length - 1]];
  const values = [...points, ...finite(theory)].map(({ value }) => value);
  // At least two powers of ten, so that a flat profile looks flat.
  const middle = values.length > 0 ? (Math.min(...values) + Math.max(...values)) / 2 : 0;
  const [low, high] = [Math.min(middle - 1, ...values) - 0.15, Math.max(middle + 1, ...values) + 0.15];
  const clip = (v: number) => Math.min(high, Math.max(low, v));
  const level = guide && guide.value > low && guide.value < high ? [guide] : [];
  const rows = finite(band).map((b) => ({ ...b, low: clip(b.low), high: clip(b.high) }));
  const corner = { frameAnchor: 'bottom-left', dx: 6, dy: -4 } as const;
  const picture = Plot.plot({
    width: Math.max(240, place.clientWidth),
    height: 190,
    marginLeft: 48,
    marginRight: 12,
    marginTop: 12,
    x: {
      label: 'layer',
      domain: [1, Math.max(2, measured.length)],
      ticks: measured.length > 6 ? 6 : measured.map(({ layer }) => layer),
      tickFormat: 'd',
    },
    y: { label: null, grid: true, domain: [low, high], ticks: powers(low, high), tickFormat: power },
    marks: [
      Plot.areaY(rows, { x: 'layer', y1: 'low', y2: 'high', fill: colour, fillOpacity: 0.14 }),
      Plot.lineY(finite(theory), { x: 'layer', y: 'value', stroke: colour, strokeOpacity: 0.75 }),
      Plot.ruleY(level, { y: 'value', stroke: 'var(--quiet)', strokeDasharray: '4 3' }),
      Plot.text(level, {
        y: 'value',
        text: 'label',
        frameAnchor: 'right',
        dy: -7,
        fill: 'var(--quiet)',
        stroke: 'var(--card)',
        strokeWidth: 5,
      }),
      lost > 0 ? Plot.text([`nothing in ${lost} layers`], { ...corner, fill: 'var(--quiet)' }) : null,
      Plot.dot(points, {
        x: 'layer',
        y: 'value',
        r: measured.length > 20 ? 2.5 : 3.5,
        fill: colour,
        tip: true,
        title: (p: Point) => `layer ${p.layer}: ${short(10 ** p.value)}`,
      }),
    ],
  });
  const from = first
    ? `from ${short(10 ** first.value)} in layer ${first.layer} to ${short(10 ** last.value)} in layer ${last.layer}`
    : 'nothing to show';
  const zeros = lost > 0 ? `; nothing in ${lost} layers: 0, or not a number` : '';
  put(place, picture, `${what}: ${from}${zeros}`);
}

/** The mean squares of signals and gradients, and the relative length of a step, by layer. */
export function profiles(places: { signal: HTMLElement; gradient: HTMLElement; update: HTMLElement }, now: Inspection) {
  const { probe, theory } = now;
  const linear = hidden(probe.layers).map(({ before }) => before);
  const points = (value: (l: LayerStatistics) => number) =>
    linear.map((l, i) => ({ layer: i + 1, value: Math.log10(value(l)) }));
  profile(places.signal, {
    measured: points((l) => l.meanSquare),
    theory: theory?.layers.map(({ log10 }, i) => ({ layer: i + 1, value: log10.preactivation })),
    band: theory?.layers.map(
      (
        {
          band: {
            preactivation: [low, high],
          },
        },
        i,
      ) => ({ layer: i + 1, low: Math.log10(low), high: Math.log10(high) }),
    ),
    colour: 'var(--signal)',
    what: 'Mean square of the outputs of each layer',
  });
  // Theory says how gradients change from the last layer to the first; the last one is measured.
  const anchor = Math.log10(linear[linear.length - 1].gradient.meanSquare);
  profile(places.gradient, {
    measured: points((l) => l.gradient.meanSquare),
    theory: theory?.layers.map(({ log10 }, i) => ({ layer: i + 1, value: log10.gradient + anchor })),
    band: theory?.layers.map(
      (
        {
          band: {
            gradient: [low, high],
          },
        },
        i,
      ) => ({ layer: i + 1, low: Math.log10(low) + anchor, high: Math.log10(high) + anchor }),
    ),
    colour: 'var(--gradient)',
    what: 'Mean square of the gradient that reaches each layer',
  });
  profile(places.update, {
    measured: points((l) => l.weight?.update ?? Number.NaN),
    guide: { value: -3, label: 'a thousandth' },
    colour: 'var(--step)',
    what: 'Length of the first step over the length of the weights',
  });
}

/** At most `most` of them, spread from the first to the last. */
export function spread<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  return Array.from({ length: most }, (_, i) => all[Math.round((i * (all.length - 1)) / (most - 1))]);
}

interface Cell {
  title: string;
  below: string;
  expected: string;
  counts: number[];
  low: number;
  high: number;
}

function grid(place: HTMLElement, cells: Cell[], colour: string, what: string): void {
  const width = Math.max(280, place.clientWidth);
  const columns = Math.min(cells.length, Math.max(3, Math.floor(width / 105)));
  const at = (i: number) => ({ column: i % columns, row: Math.floor(i / columns) });
  // A bar that would be far higher than all others (the zeros of ReLU) is cut off, which a gap in it shows.
  const bars = cells.flatMap(({ counts }, i) => {
    const [first, second] = counts.toSorted((a, b) => b - a);
    const most = second > 0 ? Math.min(first, 2.5 * second) : first || 1;
    return counts.map((count, bin) => ({ ...at(i), bin, height: Math.min(1, count / most), cut: count > most }));
  });
  const gaps = bars.filter(({ cut }) => cut);
  const texts = cells.map((cell, i) => ({ ...cell, ...at(i) }));
  const facet = { fx: 'column', fy: 'row' } as const;
  const rows = Math.ceil(cells.length / columns);
  // Bars are from 0 to 1; their texts are above and below, in the same units.
  const words = (text: keyof Cell | ((c: Cell) => string), y: number, more: Plot.TextOptions = {}) =>
    Plot.text(texts, { ...facet, text, y: () => y, frameAnchor: 'middle', fontSize: 11, ...more });
  const quiet = { fill: 'var(--quiet)' };
  const picture = Plot.plot({
    width,
    height: rows * 142,
    margin: 0,
    fx: { padding: 0.12, axis: null },
    fy: { padding: 0, axis: null },
    x: { axis: null, domain: [0, 32] },
    y: { axis: null, domain: [-0.78, 1.3] },
    marks: [
      Plot.rect(bars, {
        ...facet,
        x1: 'bin',
        x2: (b) => b.bin + 1,
        y1: 0,
        y2: 'height',
        fill: colour,
        insetLeft: 0.4,
        insetRight: 0.4,
      }),
      Plot.rect(gaps, { ...facet, x1: 'bin', x2: (b) => b.bin + 1, y1: 0.84, y2: 0.9, fill: 'var(--card)' }),
      Plot.ruleY(texts, { ...facet, y: 0, stroke: 'var(--line)' }),
      words('title', 1.17, { fontWeight: 600 }),
      words((c) => short(c.low), -0.12, { ...quiet, frameAnchor: 'left', fontSize: 9.5 }),
      words((c) => short(c.high), -0.12, { ...quiet, frameAnchor: 'right', fontSize: 9.5 }),
      words('below', -0.33),
      words('expected', -0.54, quiet),
    ],
  });
  put(
    place,
    picture,
    `${what}: ${cells.map(({ title, below, expected }) => `${title}, ${below} ${expected}`).join('; ')}`,
  );
}

/** Histograms of the layers' outputs, and of the gradients by them. */
export function histograms(
  places: { signal: HTMLElement; gradient: HTMLElement },
  { probe, theory, stds }: Inspection,
) {
  const all = hidden(probe.layers).map((pair, i, pairs) => ({
    ...pair,
    title: i === pairs.length - 1 ? 'output' : `layer ${i + 1}`,
    signal: stds?.[i],
    gradient: theory && Math.sqrt(theory.layers[i].gradient * pairs[pairs.length - 1].before.gradient.meanSquare),
  }));
  const shown = spread(all, 8);
  const cell = (title: string, { variance, histogram }: Statistics, theory: number | null | undefined): Cell => {
    const expected = theory == null ? '' : `theory ${short(theory)}`;
    return { title, below: `σ ${short(Math.sqrt(variance))}`, expected, ...histogram };
  };
  grid(
    places.signal,
    shown.map(({ title, before, after, signal }) => cell(title, after ?? before, signal)),
    'var(--signal)',
    'Histograms of the values after the activation',
  );
  grid(
    places.gradient,
    shown.map(({ title, before, gradient }) => cell(title, before.gradient, gradient)),
    'var(--gradient)',
    'Histograms of the gradients before the activation',
  );
}
