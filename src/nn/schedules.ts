// The table of schedules. nn exports each of them, and tests run for each.

import { scalar } from '../wasm/kernels.js';
import { nnModule } from '../wasm/module.js';
import { repeatedProduct } from './repeated-product.js';
import { schedule } from './schedule.js';

/** A number by itself: esbuild keeps an object that has a division in it, used or not. */
const THIRD = 1 / 3;

/** The learning rate times gamma after each `every` (1) epochs or steps: PyTorch's StepLR. */
export const stepDecay = /* @__PURE__ */ schedule('stepDecay', {
  options: { gamma: { least: 0 }, every: { value: 1, least: 1, whole: true } },
  rate({ gamma, every }) {
    const decayed = repeatedProduct(gamma);
    return (at, lr) => decayed(lr, Math.floor(at / every));
  },
});

/** The learning rate times gamma after each epoch or step: PyTorch's ExponentialLR. */
export const exponentialDecay = /* @__PURE__ */ schedule('exponentialDecay', {
  options: { gamma: { least: 0 } },
  rate({ gamma }) {
    const decayed = repeatedProduct(gamma);
    return (at, lr) => decayed(lr, Math.floor(at));
  },
});

/**
 * From the first learning rate to `least` (0) along half a period of a cosine, over `over` epochs or steps, then `least`
 * (Loshchilov and Hutter 2017, without restarts; PyTorch's CosineAnnealingLR up to its end).
 */
export const cosine = /* @__PURE__ */ schedule('cosine', {
  options: { over: { least: 1, whole: true }, least: { value: 0, least: 0 } },
  rate({ over, least }) {
    const cos = (turn: number) => scalar(nnModule, 'sine64', Math.PI * turn, 1);
    return (at, lr) => (at >= over ? least : least + ((lr - least) * (1 + cos(at / over))) / 2);
  },
});

/**
 * From `from` (1/3) times the learning rate to all of it, linearly over `over` epochs or steps, then the schedule `next`, which
 * counts from 0 again (PyTorch's LinearLR, followed by another in SequentialLR).
 */
export const warmUp = /* @__PURE__ */ schedule('warmUp', {
  options: {
    over: { least: 1, whole: true },
    from: { value: THIRD, least: 0, most: 1 },
    next: { value: (_: number, lr: number) => lr, pass: 'a schedule, such as nn.cosine({ over: 90 })' },
  },
  rate({ over, from, next }) {
    return (at, lr) => (at < over ? lr * (from + ((1 - from) * at) / over) : next(at - over, lr));
  },
});
