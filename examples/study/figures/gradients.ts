// Figure 2: the gradient from the last layer to the first, by theory and measured.

import * as Plot from '@observablehq/plot';
import { diagnose, random } from 'fanwise';
import { gaussian, type Initialise, propagate } from '../depth.js';
import { compact, dashes, draw, type Figure, ink, power } from './figure.js';

const standard: Initialise = (weight, n, rng) => void rng.uniform({ out: weight, low: -(n ** -0.5), high: n ** -0.5 });

interface Net {
  name: string;
  activation: 'tanh' | 'relu';
  layers: number;
  /** n Var(w) for a width n. */
  scaled: (n: number) => number;
  initialise?: Initialise;
  colour: string;
  dash: keyof typeof dashes;
  symbol: 'circle' | 'square' | 'triangle' | 'diamond';
}

const critical = { colour: ink.healthy, dash: 'solid', symbol: 'circle' } as const;
const torch = { colour: ink.other, dash: 'dashed', symbol: 'triangle' } as const;
export const nets: Net[] = [
  {
    name: 'N(0, 1)',
    activation: 'tanh',
    layers: 50,
    scaled: (n) => n,
    colour: ink.exploded,
    dash: 'mixed',
    symbol: 'diamond',
  },
  { name: 'N(0, 1/n), Xavier', activation: 'tanh', layers: 50, scaled: () => 1, ...critical },
  { name: 'PyTorch’s default', activation: 'tanh', layers: 50, scaled: () => 1 / 3, initialise: standard, ...torch },
  {
    name: 'N(0, 0.01²)',
    activation: 'tanh',
    layers: 50,
    scaled: (n) => n * 1e-4,
    colour: ink.vanished,
    dash: 'dotted',
    symbol: 'square',
  },
  { name: 'He', activation: 'relu', layers: 30, scaled: () => 2, ...critical },
  {
    name: 'Xavier',
    activation: 'relu',
    layers: 30,
    scaled: () => 1,
    colour: ink.vanished,
    dash: 'dotted',
    symbol: 'square',
  },
  { name: 'PyTorch’s default', activation: 'relu', layers: 30, scaled: () => 1 / 3, initialise: standard, ...torch },
];

export interface Gradients {
  width: number;
  networks: number;
  /** Of each net above: log10 of the gradient's norm over that of the last layer. */
  nets: { theory: number[]; band: [low: number, high: number][]; measured: number[][] }[];
}

/** log10 of norms relative to the last layer's, from mean squares. */
const relative = (squares: number[]) => squares.map((g) => Math.log10(g / squares[squares.length - 1]) / 2);

export function measure(networks: number, width = 256): Gradients {
  return {
    width,
    networks,
    nets: nets.map(({ activation, layers, scaled, initialise = gaussian(scaled(width)) }) => {
      const widths = new Array<number>(layers + 1).fill(width);
      const theory = diagnose.theory({ widths, activation, weightVariance: scaled(width) }).layers;
      return {
        theory: theory.map(({ log10 }) => log10.gradient / 2),
        band: theory.map(({ band: { gradient: ends } }) => ends.map((g) => Math.log10(g) / 2) as [number, number]),
        measured: Array.from({ length: networks }, (_, seed) =>
          relative(propagate(activation, layers, width, initialise, random.philox(`gradients ${seed}`), 16).gradient),
        ),
      };
    }),
  };
}

function picture(name: 'tanh' | 'relu', { nets: data, width }: Gradients): string {
  const mine = nets.map((net, i) => ({ ...net, ...data[i] })).filter(({ activation }) => activation === name);
  const layers = mine[0].layers;
  const [low, high] = name === 'tanh' ? [-42, 26] : [-12, 2];
  const every = name === 'tanh' ? 5 : 3;
  const label = `Norm of the gradient by layer over that of the last, ${name}, ${layers} layers of ${width}. At the first layer: ${mine.map((net) => `${net.name} theory 10^${net.theory[0].toFixed(1)}, measured 10^${net.measured.map((m) => m[0].toFixed(1)).join(', 10^')}`).join('; ')}.`;
  return draw(label, {
    width: 380,
    height: 320,
    marginLeft: 44,
    marginRight: 12,
    x: { domain: [1, layers], label: 'layer', ticks: [1, 10, 20, 30, 40, 50].filter((l) => l <= layers) },
    y: {
      domain: [low, high],
      label: 'gradient norm, last layer = 1',
      tickFormat: power,
      ticks: name === 'tanh' ? 7 : 6,
    },
    symbol: { type: 'identity' },
    marks: [
      Plot.gridY({ stroke: ink.grid, strokeOpacity: 1 }),
      Plot.ruleY([0], { stroke: ink.faint }),
      ...mine.flatMap(({ theory, band, measured, colour, dash, symbol, name: title }) => [
        Plot.areaY(band, {
          x: (_, i) => i + 1,
          y1: ([least]) => least,
          y2: ([, most]) => most,
          fill: colour,
          fillOpacity: 0.2,
        }),
        Plot.lineY(theory, { x: (_, i) => i + 1, stroke: colour, strokeWidth: 2, strokeDasharray: dashes[dash] }),
        Plot.dot(
          measured.flatMap((m) => m.map((y, i) => ({ layer: i + 1, y })).filter((_, i) => i % every === 0)),
          { x: 'layer', y: 'y', symbol, stroke: colour, fill: 'var(--page)', r: 3.2 },
        ),
        Plot.text([title], {
          x: layers / 8,
          y: theory[Math.round(layers / 8) - 1],
          text: (d) => d,
          textAnchor: 'start',
          dx: theory[0] > 5 ? 8 : 0,
          dy: theory[0] > 5 ? -12 : 16,
          fill: colour,
          stroke: 'var(--page)',
          strokeWidth: 4,
          fontWeight: 'bold',
        }),
      ]),
    ],
  });
}

export function figure(data: Gradients): Figure {
  const { width, networks } = data;
  return {
    id: 'gradients',
    title: 'The gradient from the last layer to the first',
    see: 'A straight line on this scale is a constant factor per layer, which depth raises to a power. Only n Var(w) = 1 with tanh and 2 with relu keep the gradient’s size. Weights of N(0, 1) saturate most units and still make it explode.',
    how: `Random networks of ${width} units a layer without biases, standard normal inputs, standard normal gradients at the last layer. Lines: the mean over networks by theory, which a few large ones may dominate; bands: 19 of 20 networks of this width by theory; symbols: ${networks} measured networks each.`,
    least: 330,
    panels: (['tanh', 'relu'] as const).map((name) => ({
      title: `${name}, ${name === 'tanh' ? 50 : 30} layers`,
      pictures: [picture(name, data)],
    })),
    tables: [
      {
        caption: 'Gradient norm of the first layer over that of the last',
        head: ['network', 'n Var(w)', 'theory', 'measured'],
        rows: nets.map(({ name, activation, layers, scaled }, i) => [
          `${activation} × ${layers}, ${name}`,
          compact(scaled(width)),
          compact(10 ** data.nets[i].theory[0]),
          data.nets[i].measured.map((m) => compact(10 ** m[0])).join('; '),
        ]),
      },
    ],
  };
}
