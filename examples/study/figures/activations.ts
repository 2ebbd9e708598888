// Figure 1: the activations by layer, for each initialiser.

import * as Plot from '@observablehq/plot';
import { activation, nn } from 'fanwise';
import type { Digits } from '../mnist.js';
import { type fills, layersOf } from '../train.js';
import { compact, draw, type Figure, ink } from './figure.js';

type Name = 'tanh' | 'relu';
type State = 'healthy' | 'vanished' | 'saturated' | 'exploded';

export interface Cell {
  fill: keyof typeof fills;
  layer: number;
  /** The standard deviation of the activations. */
  sigma: number;
  /** The standard deviation of a unit's activation over the digits, by which they can be told apart. */
  delta: number;
  /** The share of tanh beyond ±0.99, of relu that is exactly 0. */
  share: number;
  state: State;
  /** Heights of the bins, the highest 1; zeros of relu are left out. */
  bins: number[];
}

export interface Activations {
  /** Both standard deviations of the input. */
  input: { sigma: number; delta: number };
  cells: Record<Name, Cell[]>;
}

const shown = [1, 3, 10, 30];
const BINS = 40;
/** The ends of the axis. relu has no upper end, so values beyond 2 are in the last bin. */
const ends = { tanh: [-1, 1], relu: [0, 2] } as const;
const names: Record<keyof typeof fills, string> = {
  unit: 'N(0, 1)',
  hundredth: 'N(0, 0.01²)',
  lecun: 'LeCun',
  xavier: 'Xavier',
  he: 'He',
  default: 'PyTorch',
};
const order = Object.keys(names) as (keyof typeof fills)[];

/** Standard deviations: of all values, and of a unit over the digits (the root of the mean variance). */
function stds(x: Float32Array, units: number): { sigma: number; delta: number } {
  const rows = x.length / units;
  const means = new Float64Array(units);
  x.forEach((v, i) => (means[i % units] += v / rows));
  const mean = means.reduce((a, b) => a + b, 0) / units;
  let [all, within] = [0, 0];
  x.forEach((v, i) => {
    all += (v - mean) ** 2;
    within += (v - means[i % units]) ** 2;
  });
  return { sigma: Math.sqrt(all / x.length), delta: Math.sqrt(within / x.length) };
}

function cell(name: Name, fill: keyof typeof fills, layer: number, x: Float32Array, input: Activations['input']): Cell {
  const [low, high] = ends[name];
  const bins = new Array<number>(BINS).fill(0);
  let share = 0;
  for (const v of x) {
    if (name === 'tanh' ? Math.abs(v) > 0.99 : v === 0) share++;
    if (name === 'relu' && v === 0) continue;
    bins[Math.min(BINS - 1, Math.floor((BINS * (v - low)) / (high - low)))]++;
  }
  share /= x.length;
  const { sigma, delta } = stds(x, 100);
  let state: State = 'healthy';
  if (name === 'tanh' && share > 0.5) state = 'saturated';
  else if (delta > 10 * input.delta) state = 'exploded';
  else if (delta < input.delta / 10) state = 'vanished';
  const peak = Math.max(...bins, 1);
  return { fill, layer, sigma, delta, share, state, bins: bins.map((count) => count / peak) };
}

/** The networks of claims 13 and 14, before their first step. */
export function measure({ x }: Digits): Activations {
  const input = stds(x, 784);
  const cells: Activations['cells'] = { tanh: [], relu: [] };
  for (const name of ['tanh', 'relu'] as const) {
    for (const fill of order) {
      let signal = x;
      for (const [l, layer] of layersOf(30, fill, 0).slice(0, 30).entries()) {
        signal = activation[name].forward(nn.sequential([layer]).forward(signal));
        if (shown.includes(l + 1)) cells[name].push(cell(name, fill, l + 1, signal, input));
      }
    }
  }
  return { input, cells };
}

const colours: Record<State, string> = {
  healthy: ink.healthy,
  vanished: ink.vanished,
  saturated: ink.exploded,
  exploded: ink.exploded,
};
function picture(name: Name, cells: Cell[]): string {
  const [low, high] = ends[name];
  const width = (high - low) / BINS;
  const bars = cells.flatMap(({ bins, ...rest }) =>
    bins.flatMap((y, i) => (y > 0 ? [{ ...rest, x1: low + i * width, x2: low + (i + 1) * width, y }] : [])),
  );
  const facet = { fx: 'layer', fy: (d: { fill: keyof typeof fills }) => names[d.fill] };
  const words = { ...facet, frameAnchor: name === 'tanh' ? 'top-left' : 'top-right', fontSize: 9 } as const;
  const side = name === 'tanh' ? 3 : -3;
  const by = (state: State) => cells.filter((c) => c.state === state).length;
  const states = (Object.keys(colours) as State[]).filter((s) => by(s)).map((s) => `${by(s)} are ${s}`);
  const label = `Histograms of ${name} activations, a row for each of six initialisers, a column for each of the layers ${shown.join(', ')}: of ${cells.length} cells ${states.join(', ')}.`;
  return draw(label, {
    width: 360,
    height: 480,
    marginLeft: 6,
    marginRight: 66,
    marginTop: 34,
    fx: { domain: shown, label: 'layer', padding: 0.2 },
    fy: { domain: order.map((fill) => names[fill]), axis: 'right', label: null, padding: 0.1 },
    x: {
      domain: [low, high],
      ticks: name === 'tanh' ? [-1, 0, 1] : [0, 1, 2],
      tickFormat: (v: number) => String(v).replace('-', '−'),
      label: null,
    },
    y: { domain: [0, 1.9], axis: null },
    color: { type: 'identity' },
    marks: [
      Plot.ruleY([0], { stroke: ink.grid }),
      Plot.rect(bars, { ...facet, x1: 'x1', x2: 'x2', y1: 0, y2: 'y', fill: (d: Cell) => colours[d.state] }),
      Plot.text(cells, { ...words, text: (d: Cell) => `σ ${compact(d.sigma, 1)}`, dx: side, dy: 1 }),
      Plot.text(cells, { ...words, text: (d: Cell) => `δ ${compact(d.delta, 1)}`, dx: side, dy: 11 }),
      Plot.text(cells, { ...words, text: 'state', dx: side, dy: 21, fill: (d: Cell) => colours[d.state] }),
    ],
  });
}

export function figure({ input, cells }: Activations): Figure {
  return {
    id: 'activations',
    title: 'Activations, layer by layer',
    see: 'Read a row from left to right. With N(0, 1) tanh saturates and relu explodes. With N(0, 0.01²) the signal vanishes. With PyTorch’s default it vanishes too, which is harder to see: its biases keep the activations spread out, but they are the same for every digit (δ). LeCun’s, Xavier’s and He’s variance keep the digits apart with tanh, and only He’s with relu.',
    how: `Networks of 30 layers of 100 units on handwritten digits, before any training. Each histogram is scaled to its own peak; exact zeros of relu are left out, and all beyond 2 is in its last bar. σ is the standard deviation of a layer’s activations, δ that of a unit over the digits (${compact(input.sigma)} and ${compact(input.delta)} in the input). Vanished: δ is below a tenth of the input’s; exploded: above ten times; saturated: more than half of tanh is beyond ±0.99.`,
    least: 330,
    panels: (['tanh', 'relu'] as const).map((name) => ({ title: name, pictures: [picture(name, cells[name])] })),
    tables: (['tanh', 'relu'] as const).map((name) => ({
      caption: `${name}: state, σ, δ, share ${name === 'tanh' ? 'beyond ±0.99' : 'of zeros'}`,
      head: ['initialiser', ...shown.map((layer) => `layer ${layer}`)],
      rows: order.map((fill) => [
        names[fill],
        ...cells[name]
          .filter((c) => c.fill === fill)
          .map((c) => `${c.state}, ${compact(c.sigma)}, ${compact(c.delta)}, ${Math.round(100 * c.share)} %`),
      ]),
    })),
  };
}
