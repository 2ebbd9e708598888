// Schedules, a row each: the learning rate by epoch or step.

import { scalar } from '../wasm/kernels.js';
import { nnModule } from '../wasm/module.js';
import { multiplied, type Options, type Passed, read, type Values } from './option.js';

/** The learning rate of an epoch or step (`at`, from 0), given that of the first. */
export type Schedule = (at: number, lr: number) => number;

interface Row<O extends Options> {
  options: O;
  /** The schedule of some options. */
  rate(o: Values<O>): Schedule;
}
const row = <const O extends Options>(row: Row<O>) => row;

export const schedules = {
  /** lr gamma^floor(at / every), as PyTorch's StepLR */
  stepDecay: /* @__PURE__ */ row({
    options: { gamma: { least: 0 }, every: { value: 1, least: 1, whole: true } },
    rate({ gamma, every }) {
      const decayed = multiplied(gamma);
      return (at, lr) => decayed(lr, Math.floor(at / every));
    },
  }),
  /** Half a cosine from lr to least, then least (Loshchilov and Hutter 2017), as PyTorch's CosineAnnealingLR */
  cosine: /* @__PURE__ */ row({
    options: { over: { least: 1, whole: true }, least: { value: 0, least: 0 } },
    rate({ over, least }) {
      const cos = (turn: number) => scalar(nnModule, 'sine64', Math.PI * turn, 1);
      return (at, lr) => (at >= over ? least : least + ((lr - least) * (1 + cos(at / over))) / 2);
    },
  }),
  /** From a share of lr to lr in equal steps, then what follows, as PyTorch's LinearLR and SequentialLR */
  warmUp: /* @__PURE__ */ row({
    options: {
      over: { least: 1, whole: true },
      from: { value: 1 / 3, least: 0, most: 1 },
      next: { value: (_: number, lr: number) => lr, pass: 'a schedule, such as nn.cosine({ over: 90 })' },
    },
    rate:
      ({ over, from, next }) =>
      (at, lr) =>
        at < over ? lr * (from + ((1 - from) * at) / over) : next(at - over, lr),
  }),
};

type Rows = typeof schedules;
export type ScheduleName = keyof Rows;
type Maker<S extends ScheduleName> = (given: Passed<Rows[S]['options']>) => Schedule;

const maker =
  <S extends ScheduleName>(name: S): Maker<S> =>
  (given) => {
    const { options, rate } = schedules[name] as unknown as Row<Options>;
    return rate(read(`nn.${name}`, options, given));
  };

/** The learning rate times gamma after every so many (1). Multiplied up, as PyTorch's StepLR: no host pow. */
export const stepDecay = /* @__PURE__ */ maker('stepDecay');
/**
 * From the first learning rate to `least` (0) along half a cosine that takes `over` epochs or steps, and then `least`
 * (Loshchilov and Hutter 2017, without restarts; PyTorch's CosineAnnealingLR up to its end).
 */
export const cosine = /* @__PURE__ */ maker('cosine');
/**
 * From the share `from` (1/3) of the learning rate to all of it in equal parts, over so many epochs or steps, and then
 * what `next` makes of those that follow (PyTorch's LinearLR, and SequentialLR with it).
 */
export const warmUp = /* @__PURE__ */ maker('warmUp');
