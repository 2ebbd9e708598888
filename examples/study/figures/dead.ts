// Figure 4: relu networks and units whose output is always 0.

import * as Plot from '@observablehq/plot';
import { activation, nn, random } from 'fanwise';
import { reach } from '../depth.js';
import type { Digits } from '../mnist.js';
import { layersOf } from '../train.js';
import { dashes, draw, type Figure, ink } from './figure.js';

export interface Dead {
  networks: number;
  /** The share of networks that are dead for one input, by width and number of layers. */
  shares: { width: number; layers: number; share: number }[];
  /** The number of digits, and for each network the shares of its units by layer. */
  rows: number;
  units: { off: number[]; dead: number[] }[];
}

const widths = [2, 3, 4, 5, 8];
const depths = [1, 2, 3, 5, 10, 20, 50];
const expected = (width: number, layers: number) => 1 - (1 - 2 ** -width) ** layers;

export function measure({ x }: Digits, networks: number, seeds: number): Dead {
  const rng = random.philox('dead');
  const shares = widths.flatMap((width) => {
    const deepest = depths[depths.length - 1];
    const reached = Array.from({ length: networks }, () =>
      reach('relu', width, deepest, rng.normal(deepest * width * width)),
    );
    return depths.map((layers) => ({ width, layers, share: reached.filter((r) => r < layers).length / networks }));
  });
  const rows = x.length / 784;
  const units = Array.from({ length: seeds }, (_, seed) => {
    let signal = x;
    const [off, dead]: number[][] = [[], []];
    for (const layer of layersOf(30, 'he', seed).slice(0, 30)) {
      signal = activation.relu.forward(nn.sequential([layer]).forward(signal));
      const seen = new Set<number>();
      let zeros = 0;
      signal.forEach((v, i) => (v === 0 ? zeros++ : seen.add(i % 100)));
      off.push(zeros / signal.length);
      dead.push(1 - seen.size / 100);
    }
    return { off, dead };
  });
  return { networks, shares, rows, units };
}

const styles = [
  { colour: ink.exploded, dash: dashes.solid, symbol: 'circle' },
  { colour: ink.vanished, dash: dashes.dashed, symbol: 'square' },
  { colour: ink.healthy, dash: dashes.mixed, symbol: 'diamond' },
  { colour: ink.other, dash: dashes.dotted, symbol: 'triangle' },
  { colour: 'currentColor', dash: dashes.solid, symbol: 'star' },
] as const;
const share = { domain: [0, 1], tickFormat: (v: number) => `${100 * v} %`, ticks: 5 } as const;
const frame = { width: 380, height: 320, marginLeft: 46, marginRight: 16 };
const halo = { stroke: 'var(--page)', strokeWidth: 4, fontWeight: 'bold' } as const;

function deadNetworks({ shares, networks }: Dead): string {
  const error = (w: number, l: number) => 2 * Math.sqrt((expected(w, l) * (1 - expected(w, l))) / networks);
  const label = `Share of dead networks by depth for widths ${widths.join(', ')}: measured points on the curves 1 − (1 − 2^−N)^L. At 50 layers: ${widths.map((w) => `width ${w} ${(100 * expected(w, 50)).toFixed(1)} %`).join(', ')}.`;
  return draw(label, {
    ...frame,
    x: { type: 'log', domain: [1, 50], ticks: depths, tickFormat: String, label: 'layers L' },
    y: { ...share, label: 'dead networks' },
    symbol: { type: 'identity' },
    marks: [
      Plot.gridY({ ticks: 5, stroke: ink.grid, strokeOpacity: 1 }),
      ...widths.flatMap((width, i) => {
        const { colour, dash, symbol } = styles[i];
        const curve = Array.from({ length: 60 }, (_, k) => 50 ** (k / 59)).map((l) => ({ l, y: expected(width, l) }));
        const points = shares.filter((s) => s.width === width);
        return [
          Plot.lineY(curve, { x: 'l', y: 'y', stroke: colour, strokeWidth: 1.5, strokeDasharray: dash }),
          Plot.ruleX(points, {
            x: 'layers',
            y1: (d) => Math.max(0, d.share - error(width, d.layers)),
            y2: (d) => Math.min(1, d.share + error(width, d.layers)),
            stroke: colour,
          }),
          Plot.dot(points, { x: 'layers', y: 'share', symbol, stroke: colour, fill: 'var(--page)', r: 3.2 }),
          Plot.text([`N = ${width}`], {
            x: [6.2, 9.5, 13.5, 20, 50][i],
            y: expected(width, [6.2, 9.5, 13.5, 20, 50][i]),
            text: (d) => d,
            dx: width === 8 ? -4 : -6,
            dy: width === 8 ? -12 : -6,
            textAnchor: 'end',
            fill: colour,
            ...halo,
          }),
        ];
      }),
    ],
  });
}

/** The mean over networks, and two standard errors of it. */
function spread(values: number[]) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, error: 2 * Math.sqrt(variance / values.length) };
}
const layerwise = (units: Dead['units'], which: 'off' | 'dead') =>
  units[0][which].map((_, l) => ({ layer: l + 1, ...spread(units.map((u) => u[which][l])) }));

function deadUnits({ units, rows }: Dead): string {
  const [off, dead] = [layerwise(units, 'off'), layerwise(units, 'dead')];
  const label = `Share of relu units by layer in networks of He weights: off for one digit about half in every layer; off for all ${rows} digits ${(100 * dead[0].mean).toFixed(0)} % in the first layer, ${(100 * dead[9].mean).toFixed(0)} % in the tenth, ${(100 * dead[29].mean).toFixed(0)} % in the thirtieth.`;
  const drawn = [
    { points: off, name: 'off for one digit', at: 19, dy: -36, ...styles[2] },
    { points: dead, name: 'off for all digits: dead', at: 19, dy: 42, ...styles[0] },
  ];
  return draw(label, {
    ...frame,
    marginRight: 14,
    x: { domain: [0.5, 30.5], ticks: [1, 5, 10, 15, 20, 25, 30], label: 'layer' },
    y: { ...share, label: 'units' },
    symbol: { type: 'identity' },
    marks: [
      Plot.gridY({ ticks: 5, stroke: ink.grid, strokeOpacity: 1 }),
      ...drawn.flatMap(({ points, name, at, dy, colour, symbol, dash }) => [
        Plot.ruleX(points, { x: 'layer', y1: (d) => d.mean - d.error, y2: (d) => d.mean + d.error, stroke: colour }),
        Plot.lineY(points, { x: 'layer', y: 'mean', stroke: colour, strokeDasharray: dash }),
        Plot.dot(points, { x: 'layer', y: 'mean', symbol, stroke: colour, fill: 'var(--page)', r: 3 }),
        Plot.text(points.slice(at, at + 1), { x: 'layer', y: 'mean', text: () => name, dy, fill: colour, ...halo }),
      ]),
    ],
  });
}

export function figure(data: Dead): Figure {
  const { shares, networks, rows, units } = data;
  const [off, dead] = [layerwise(units, 'off'), layerwise(units, 'dead')];
  const percents = ({ mean, error }: { mean: number; error: number }) =>
    `${(100 * mean).toFixed(1)} ± ${(100 * error).toFixed(1)} %`;
  return {
    id: 'dead',
    title: 'Dead networks, dead units',
    see: 'A relu network’s output is 0 as soon as all units of one layer are off, which has a probability of 2⁻ᴺ for each layer: width helps, depth makes it worse. A unit that is off for one digit is not dead: half of the units are. A dead unit is off for all the data. Their share grows with depth, since digits become more alike from layer to layer.',
    how: `Networks: one input, standard normal weights, no biases, ${networks} networks of each width; lines are 1 − (1 − 2⁻ᴺ)ᴸ, bars two standard errors. Units: ${units.length} networks of 30 layers of 100 units with He’s weights and no biases on ${rows} digits.`,
    least: 330,
    panels: [
      { title: 'Networks dead for an input', pictures: [deadNetworks(data)] },
      { title: 'Units, He, width 100', pictures: [deadUnits(data)] },
    ],
    tables: [
      {
        caption: 'Dead networks, measured (theory), in per cent',
        head: ['width', ...depths.map((l) => `L = ${l}`)],
        rows: widths.map((width) => [
          String(width),
          ...shares
            .filter((s) => s.width === width)
            .map((s) => `${(100 * s.share).toFixed(1)} (${(100 * expected(width, s.layers)).toFixed(1)})`),
        ]),
      },
      {
        caption: 'Units of a layer, ± two standard errors',
        head: ['layer', 'off for one digit', 'off for all digits'],
        rows: [0, 4, 9, 14, 19, 24, 29].map((l) => [String(l + 1), percents(off[l]), percents(dead[l])]),
      },
    ],
  };
}
