// The figures of the page, in its order.

import { type Digits, first } from '../mnist.js';
import * as activations from './activations.js';
import * as chaos from './chaos.js';
import * as dead from './dead.js';
import type { Figure } from './figure.js';
import * as gradients from './gradients.js';
import * as training from './training.js';

/** Measures and draws all; in a quick run with fewer networks and digits. */
export function figures(
  data: { train: Digits },
  trained: training.Trained[],
  quick: boolean,
  report: (done: number, of: number, what: string) => void = () => {},
): Figure[] {
  const digits = first(data.train, quick ? 200 : 1000);
  const steps: [string, () => Figure][] = [
    ['activations', () => activations.figure(activations.measure(digits))],
    ['gradients', () => gradients.figure(gradients.measure(quick ? 1 : 3))],
    ['training', () => training.figure(trained)],
    ['dead networks', () => dead.figure(dead.measure(digits, quick ? 300 : 2000, quick ? 3 : 10))],
    ['the edge of chaos', () => chaos.figure(chaos.measure(quick ? 1 : 5))],
  ];
  return steps.map(([what, make], i) => {
    report(i, steps.length, `figure: ${what}`);
    return make();
  });
}
