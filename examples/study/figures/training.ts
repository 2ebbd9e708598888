// Figure 3: the article's five experiments as they train.

import * as Plot from '@observablehq/plot';
import { dashes, draw, type Figure, ink } from './figure.js';

export interface Trained {
  name: string;
  /** The test accuracy that the article prints, in per cent. */
  published: number;
  /** Test accuracy in per cent every 500 steps. */
  accuracy: number[];
  /** The loss of each step. */
  losses: number[];
}

/** The loss of one batch is noisy; the mean of so many steps is less so. */
const SMOOTH = 50;
const smooth = (losses: number[]) =>
  Array.from({ length: Math.floor(losses.length / SMOOTH) }, (_, i) => ({
    step: (i + 0.5) * SMOOTH,
    loss: losses.slice(i * SMOOTH, (i + 1) * SMOOTH).reduce((a, b) => a + b, 0) / SMOOTH,
  }));
const last = (x: number[]) => x[x.length - 1];
const frame = { width: 320, marginLeft: 44, marginRight: 14 };

function losses(one: Trained, all: Trained[]): string {
  const mine = smooth(one.losses);
  const label = `Training loss of ${one.name}, log scale: ${mine[0].loss.toFixed(2)} over the first ${SMOOTH} steps, ${last(mine.map(({ loss }) => loss)).toFixed(3)} over the last.`;
  return draw(label, {
    ...frame,
    height: 150,
    marginBottom: 20,
    x: { domain: [0, one.losses.length], ticks: 4, label: null },
    y: { type: 'log', domain: [0.01, 20], label: 'loss', ticks: [0.01, 0.1, 1, 10], tickFormat: String },
    marks: [
      Plot.gridY([0.01, 0.1, 1, 10], { stroke: ink.grid, strokeOpacity: 1 }),
      ...all
        .filter((other) => other !== one)
        .map((other) => Plot.lineY(smooth(other.losses), { x: 'step', y: 'loss', stroke: ink.faint, strokeWidth: 1 })),
      Plot.lineY(mine, { x: 'step', y: 'loss', stroke: ink.healthy, strokeWidth: 2 }),
    ],
  });
}

function accuracies(one: Trained, all: Trained[]): string {
  const steps = ({ accuracy }: Trained) => accuracy.map((y, i) => ({ step: 500 * (i + 1), y }));
  const mine = steps(one);
  const label = `Test accuracy of ${one.name} every 500 steps, in per cent: ${one.accuracy.map((a) => a.toFixed(2)).join(', ')}; published ${one.published.toFixed(2)}.`;
  return draw(label, {
    ...frame,
    height: 160,
    marginBottom: 34,
    x: { domain: [0, one.losses.length], ticks: 4, label: 'step' },
    y: { domain: [84, 100], label: 'test accuracy, %', ticks: [85, 90, 95, 100], clamp: true },
    marks: [
      Plot.gridY([85, 90, 95, 100], { stroke: ink.grid, strokeOpacity: 1 }),
      ...all
        .filter((other) => other !== one)
        .flatMap((other) => [
          Plot.lineY(steps(other), { x: 'step', y: 'y', stroke: ink.faint, strokeWidth: 1 }),
          Plot.dot(steps(other), { x: 'step', y: 'y', fill: ink.faint, r: 1.5 }),
        ]),
      Plot.ruleY([one.published], { stroke: ink.exploded, strokeWidth: 1.5, strokeDasharray: dashes.dashed }),
      Plot.text([`published ${one.published.toFixed(2)}`], {
        frameAnchor: 'left',
        y: one.published,
        dx: 4,
        dy: -8,
        text: (d) => d,
        fill: ink.exploded,
        fontWeight: 'bold',
      }),
      Plot.lineY(mine, { x: 'step', y: 'y', stroke: ink.healthy, strokeWidth: 2 }),
      Plot.dot(mine, { x: 'step', y: 'y', fill: ink.healthy, r: 3 }),
      Plot.text(mine.slice(-1), {
        x: 'step',
        y: 'y',
        text: (d) => d.y.toFixed(2),
        dy: 14,
        dx: -8,
        fill: ink.healthy,
        stroke: 'var(--page)',
        strokeWidth: 4,
        fontWeight: 'bold',
      }),
    ],
  });
}

export function figure(all: Trained[]): Figure {
  const steps = all[0].losses.length;
  return {
    id: 'training',
    title: 'The article’s five experiments',
    see: 'Four of the five cannot be told apart, in loss or in accuracy. Only weights of N(0, 1) start with a large loss and stay behind. One hidden layer is too shallow to show what the figures above show.',
    how: `784-100-10 on MNIST, ${steps} steps of 100 digits, PyTorch’s random numbers of seed 0. The experiment of a panel is the thick line, the four others the thin grey ones; losses are means of ${SMOOTH} steps; dashed: the accuracy that the article prints, after 3000 steps.`,
    least: 280,
    panels: all.map((one) => ({ title: one.name, pictures: [losses(one, all), accuracies(one, all)] })),
    tables: [
      {
        caption: 'Losses, and test accuracy in per cent',
        head: ['experiment', 'first loss', `last ${SMOOTH} losses`, 'accuracy every 500 steps', 'published'],
        rows: all.map((one) => [
          one.name,
          one.losses[0].toFixed(4),
          last(smooth(one.losses).map(({ loss }) => loss)).toFixed(4),
          one.accuracy.map((a) => a.toFixed(2)).join(', '),
          one.published.toFixed(2),
        ]),
      },
    ],
  };
}
