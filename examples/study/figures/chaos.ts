// Figure 5: the edge of chaos of tanh, after Poole et al. and Schoenholz et al.

import * as Plot from '@observablehq/plot';
import { diagnose, gain } from 'fanwise';
import { average, gaussian, propagate } from '../depth.js';
import { compact, dashes, draw, type Figure, ink } from './figure.js';

/** Weights and biases at which chi is a given number. */
interface Point {
  weight: number;
  bias: number;
}

export interface Chaos {
  curves: { chi: number; points: Point[] }[];
  /** chi without biases, by theory. */
  theory: { weight: number; chi: number }[];
  /** The same, measured on random networks; those with a name are an initialiser's. */
  measured: { name?: string; weight: number; chi: number; mean: number; error: number }[];
  width: number;
  networks: number;
}

const FAR = 4;
const HIGH = 0.5;
/** The layers between which chi is measured. */
const [FIRST, LAST] = [10, 40];
const steps = [0.25, 0.5, 0.75, 1, 1.25];

/** The initialisers by their n Var(w), and weights between them. */
const weights: [number, string?][] = [
  [1 / 3, 'PyTorch'],
  [0.6],
  [1, 'LeCun, Xavier'],
  [1.5],
  [2, 'He'],
  [25 / 9, 'gain 5/3'],
  [3.4],
  [4],
];

/** Of pre-activations h ~ N(0, q): E tanh(h)² and E tanh′(h)². */
interface Moments {
  q: number;
  square: number;
  slope: number;
}

function moments(q: number): Moments {
  // Gains are for z ~ N(0, 1), and the slope by z is sqrt(q) times that by h.
  const { forward, backward } = gain.describe((z) => Math.tanh(Math.sqrt(q) * z));
  return { q, square: forward ** -2, slope: backward ** -2 / q };
}

/**
 * The curve of one chi. For a given q both coordinates follow from the moments: weights with n Var(w) = chi / E tanh′² have
 * that chi, and biases of variance q - n Var(w) E tanh² make q a fixed point.
 */
function curve(chi: number, grid: Moments[]): Point[] {
  const points = grid.map(({ q, square, slope }) => ({ weight: chi / slope, bias: q - (chi / slope) * square }));
  // If chi is above 1, small q would need biases of negative variance.
  return points.slice(points.findLastIndex(({ bias }) => bias <= 0));
}

/** The n Var(w) of a curve at a variance of the biases. */
export function at(points: Point[], bias: number): number {
  const i = points.findIndex((p) => p.bias > bias);
  const [a, b] = [points[i - 1], points[i]];
  return a.weight + ((bias - a.bias) / (b.bias - a.bias)) * (b.weight - a.weight);
}

const chiOf = (weight: number) =>
  diagnose.theory({ widths: [1, 1, 1], activation: 'tanh', weightVariance: weight }).chi!;

export function measure(networks: number, width = 256): Chaos {
  const grid = Array.from({ length: 100 }, (_, i) => moments(1e-4 * 1.115 ** i));
  grid.unshift({ q: 0, square: 0, slope: 1 });
  // Without biases the fixed point is where n Var(w) E f² = q. Up to n Var(w) = 1 that is q = 0, where chi is n Var(w).
  const theory = [
    { weight: 0, chi: 0 },
    { weight: 1, chi: 1 },
    ...grid.slice(1).map(({ q, square, slope }) => ({ weight: q / square, chi: (q / square) * slope })),
  ];
  return {
    curves: steps.map((chi) => ({ chi, points: curve(chi, grid) })),
    theory,
    measured: weights.map(([weight, name]) => {
      const factor = average(networks, (rng) => {
        const { gradient } = propagate('tanh', LAST, width, gaussian(weight), rng, 16);
        return (gradient[FIRST - 1] / gradient[LAST - 1]) ** (1 / (LAST - FIRST));
      });
      return { name, weight, chi: chiOf(weight), ...factor };
    }),
    width,
    networks,
  };
}

/** The opacities of the bands between the curves, from chi = 0 on. */
const opacities = [0.6, 0.42, 0.27, 0.12, 0.14, 0.34];

const frame = { width: 380, height: 330, marginLeft: 40, marginRight: 16 };
const halo = { fill: 'currentColor', stroke: 'var(--page)', strokeWidth: 4 } as const;
const biases = Array.from({ length: 41 }, (_, i) => HIGH * (i / 40) ** 2);

function map({ curves, measured }: Chaos): string {
  const lines = curves.map(({ chi, points }) => ({ chi, x: biases.map((bias) => Math.min(at(points, bias), FAR)) }));
  const edges = [biases.map(() => 0), ...lines.map(({ x }) => x), biases.map(() => FAR)];
  const named = measured.filter(({ name }) => name);
  const critical = curves.find(({ chi }) => chi === 1)!.points;
  const label = `Map of chi for tanh over n Var(w) from 0 to ${FAR} and the variance of the biases from 0 to ${HIGH}. The line chi = 1 starts at n Var(w) = 1 without biases and bends to the right, to ${at(critical, 0.05).toFixed(2)} at 0.05 and ${at(critical, 0.4).toFixed(2)} at 0.4. Left of it chi is below 1, the ordered phase; right of it above, the chaotic phase.`;
  return draw(label, {
    ...frame,
    x: { domain: [0, FAR], label: 'n Var(w)', tickFormat: String, ticks: [0, 1, 2, 3, 4] },
    y: { domain: [0, HIGH], label: 'Var(b)', ticks: 5 },
    symbol: { type: 'identity' },
    marks: [
      ...edges.slice(1).map((right, k) =>
        Plot.areaX(biases, {
          y: (d) => d,
          x1: (_, i) => edges[k][i],
          x2: (_, i) => right[i],
          fill: k < 4 ? ink.vanished : ink.exploded,
          fillOpacity: opacities[k],
        }),
      ),
      ...lines.flatMap(({ chi, x }, k) => {
        const inside = biases.map((bias, i) => ({ bias, weight: x[i] })).filter(({ weight }) => weight < FAR);
        const strong = chi === 1;
        return [
          Plot.line(inside, {
            x: 'weight',
            y: 'bias',
            strokeWidth: strong ? 3 : 1,
            strokeDasharray: strong ? dashes.solid : dashes.dashed,
          }),
          Plot.text([inside[[33, 36, 36, 36, 18][k]]], {
            x: 'weight',
            y: 'bias',
            text: () => `χ = ${chi}`,
            fontWeight: strong ? 'bold' : 'normal',
            ...halo,
          }),
        ];
      }),
      Plot.text(
        [
          { x: 2.05, y: 0.33, text: 'ordered:\ngradients\nvanish' },
          { x: 3.35, y: 0.38, text: 'chaotic:\ngradients\nexplode' },
        ],
        { x: 'x', y: 'y', text: 'text', fontSize: 11, fontWeight: 'bold', fill: 'currentColor' },
      ),
      Plot.dot(named, { x: 'weight', y: 0, symbol: 'diamond', r: 5, fill: 'currentColor', stroke: 'var(--page)' }),
      ...named.map((one) =>
        // One name is higher, since its neighbour would touch it.
        Plot.text([one], {
          x: 'weight',
          y: 0,
          text: 'name',
          dy: one.weight === 1 ? -27 : -13,
          fontWeight: 'bold',
          ...halo,
        }),
      ),
    ],
  });
}

function factors({ theory, measured }: Chaos): string {
  const named = measured.filter(({ name }) => name);
  const label = `chi without biases over n Var(w): it is n Var(w) up to 1, then rises slowly, to ${measured[measured.length - 1].chi.toFixed(2)} at ${FAR}. Measured: ${measured.map(({ weight, mean }) => `${mean.toFixed(3)} at ${weight.toFixed(2)}`).join(', ')}.`;
  return draw(label, {
    ...frame,
    x: { domain: [0, FAR], label: 'n Var(w)', tickFormat: String, ticks: [0, 1, 2, 3, 4] },
    y: { domain: [0, 1.5], label: 'χ, Var(b) = 0', ticks: [0, 0.5, 1, 1.5] },
    marks: [
      Plot.gridY([0, 0.5, 1, 1.5], { stroke: ink.grid, strokeOpacity: 1 }),
      Plot.ruleY([1], { strokeWidth: 1.5 }),
      Plot.line([...theory.filter(({ weight }) => weight < FAR), measured[measured.length - 1]], {
        x: 'weight',
        y: 'chi',
        stroke: ink.healthy,
        strokeWidth: 2,
      }),
      Plot.ruleX(measured, { x: 'weight', y1: (d) => d.mean - 2 * d.error, y2: (d) => d.mean + 2 * d.error }),
      Plot.dot(measured, { x: 'weight', y: 'mean', stroke: ink.exploded, fill: 'var(--page)', r: 4, strokeWidth: 2 }),
      Plot.text(named, {
        x: 'weight',
        y: 'mean',
        text: 'name',
        dy: 16,
        textAnchor: 'start',
        fontWeight: 'bold',
        ...halo,
      }),
    ],
  });
}

export function figure(data: Chaos): Figure {
  const { curves, measured, width, networks } = data;
  return {
    id: 'chaos',
    title: 'The edge of chaos',
    see: 'χ is the factor by which a layer multiplies the gradient’s mean square. On the thick line it is 1, and depth costs nothing; biases move that line to larger weights. PyTorch’s default is deep in the ordered phase, LeCun’s and Xavier’s weights are on the edge, larger ones beyond it.',
    how: `tanh. Lines: infinitely wide layers, by quadrature; diamonds: initialisers without biases (N(0, 1) lies far to the right, at n Var(w) = n); circles: means of ${networks} networks of width ${width}, from layer ${FIRST} to layer ${LAST}, with two standard errors; on the edge itself χ approaches 1 slowly, as 1 − 1/layer.`,
    least: 330,
    panels: [
      { title: 'χ by weights and biases', pictures: [map(data)] },
      { title: 'χ without biases', pictures: [factors(data)] },
    ],
    tables: [
      {
        caption: 'Without biases',
        head: ['n Var(w)', 'initialiser', 'χ', 'χ measured', 'phase'],
        rows: measured.map(({ name = '', weight, chi, mean, error }) => [
          compact(weight, 3),
          name,
          compact(chi, 3),
          `${compact(mean, 3)} ± ${compact(2 * error, 1)}`,
          chi < 1 ? 'ordered' : chi > 1 ? 'chaotic' : 'critical',
        ]),
      },
      {
        caption: 'n Var(w) on the lines, by the variance of the biases',
        head: ['Var(b)', ...curves.map(({ chi }) => `χ = ${chi}`)],
        rows: [0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5].map((bias) => [
          String(bias),
          ...curves.map(({ points }) => at(points, bias).toFixed(2)),
        ]),
      },
    ],
  };
}
