// Schedules: the learning rate by epoch or step.

import { number, options, what, whole } from '../check.js';
import { scalar } from '../wasm/kernels.js';
import { nnModule } from '../wasm/module.js';

/** The learning rate of an epoch or step (`at`, from 0), given that of the first. */
export type Schedule = (at: number, lr: number) => number;

/** The learning rate times gamma after every so many (1). Multiplied up, as PyTorch's StepLR: no host pow. */
export function stepDecay(given: { gamma: number; every?: number }): Schedule {
  const where = 'nn.stepDecay';
  const o = options(where, given, ['gamma', 'every']);
  const gamma = number(where, 'gamma', o.gamma, { least: 0 });
  const every = whole(where, 'every', o.every ?? 1, { least: 1 });
  return (at, lr) => {
    let rate = lr;
    for (let e = every; e <= at; e += every) rate *= gamma;
    return rate;
  };
}

/**
 * From the first learning rate to `least` (0) along half a cosine that takes `over` epochs or steps, and then `least`
 * (Loshchilov and Hutter 2017, without restarts; PyTorch's CosineAnnealingLR up to its end).
 */
export function cosine(given: { over: number; least?: number }): Schedule {
  const where = 'nn.cosine';
  const o = options(where, given, ['over', 'least']);
  const over = whole(where, 'over', o.over, { least: 1 });
  const least = number(where, 'least', o.least ?? 0, { least: 0 });
  const cos = (turn: number) => scalar(nnModule, 'sine64', Math.PI * turn, 1);
  return (at, lr) => (at >= over ? least : least + ((lr - least) * (1 + cos(at / over))) / 2);
}

/**
 * From the share `from` (1/3) of the learning rate to all of it in equal parts, over so many epochs or steps, and then
 * what `next` makes of those that follow (PyTorch's LinearLR, and SequentialLR with it).
 */
export function warmUp(given: { over: number; from?: number; next?: Schedule }): Schedule {
  const where = 'nn.warmUp';
  const o = options(where, given, ['over', 'from', 'next']);
  const over = whole(where, 'over', o.over, { least: 1 });
  const from = number(where, 'from', o.from ?? 1 / 3, { least: 0, most: 1 });
  const { next = (_, lr) => lr } = o;
  if (typeof next !== 'function')
    throw new TypeError(`${where}: next is ${what(next)}; pass a schedule, such as nn.cosine({ over: 90 })`);
  return (at, lr) => (at < over ? lr * (from + ((1 - from) * at) / over) : next(at - over, lr));
}
