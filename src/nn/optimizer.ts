// Optimizers, a row each: how a step changes the parameters. The kernels are in assembly/nn/optimizer.ts.

import type { Kernel } from '../wasm/memory.js';
import { type Place, specified } from './layer.js';
import { multiplied, type Options, type Passed, read, type Values } from './option.js';

/** A rule of learning. Its state (velocities) lives in the model's workspace and begins at zero with each fit. */
export interface Optimizer {
  /** The learning rate of the first epoch. */
  readonly lr: number;
  /** Values of state for each parameter. */
  readonly slots: number;
  /** One step over all parameters at once, at a learning rate. */
  bind(
    kernel: Place['kernel'],
    parameters: Float32Array,
    gradients: Float32Array,
    state: readonly Float32Array[],
    /** Steps that were made before. */
    steps?: number,
  ): (lr: number) => void;
}

/** A step for which a kernel needs numbers: its learning rate, and which one it is, from 1 on. */
type Step = [lr: number, t: number];

interface Row<O extends Options> {
  options: O;
  /** Throws where options that are right by themselves are wrong together. */
  check?(where: string, o: Values<O>): void;
  /** How many arrays of state there are, each as long as the parameters. */
  slots(o: Values<O>): number;
  /** The kernel: it takes parameters, gradients and state, their length, and then `numbers`. */
  kernel(o: Values<O>): Kernel;
  /** Begins a training: what the kernel takes at each step. */
  numbers(o: Values<O>): (...step: Step) => number[];
  /** The step in double precision, of a weight w and its gradient g: changes the state, returns the new w. */
  formula(o: Values<O>, w: number, g: number, state: number[], ...step: Step): number;
}
const row = <const O extends Options & { lr: object }>(row: Row<O>) => row;

/** Adam and AdamW: the same but for where weightDecay goes, into the gradient or off the weight. */
const adaptive = (weightDecay: number, decoupled: boolean) =>
  row({
    options: {
      lr: { value: 0.001, least: 0 },
      betas: { value: [0.9, 0.999], least: 0, most: 1 },
      epsilon: { value: 1e-8, least: 0 },
      weightDecay: { value: weightDecay, least: 0 },
    },
    check: (where, { betas }) => betas.forEach((beta, i) => below1(where, `betas[${i}]`, beta)),
    slots: () => 2,
    kernel: () => 'adam',
    numbers({ betas: [beta1, beta2], epsilon, weightDecay }) {
      const [power1, power2] = [multiplied(beta1), multiplied(beta2)];
      return (lr, t) => [
        ...[lr / (1 - power1(1, t)), beta1, 1 - beta1, beta2, 1 - beta2, Math.sqrt(1 - power2(1, t)), epsilon],
        ...(decoupled ? [0, 1 - lr * weightDecay] : [weightDecay, 1]),
      ];
    },
    formula({ betas: [beta1, beta2], epsilon, weightDecay }, w, g, state, lr, t) {
      const d = decoupled ? g : g + weightDecay * w;
      state[0] = beta1 * state[0] + (1 - beta1) * d;
      state[1] = beta2 * state[1] + (1 - beta2) * d * d;
      const mean = state[0] / (1 - multiplied(beta1)(1, t));
      const square = state[1] / (1 - multiplied(beta2)(1, t));
      return (decoupled ? w - lr * weightDecay * w : w) - (lr * mean) / (Math.sqrt(square) + epsilon);
    },
  });

/** A running mean with a share of 1 for what was before takes nothing in. */
function below1(where: string, name: string, value: number): void {
  if (value === 1) throw new RangeError(`${where}: ${name} is 1, which learns nothing; pass a number below 1`);
}

export const optimizers = {
  /** d = g + weightDecay w; v = momentum v + d; w -= lr v, or with nesterov lr (d + momentum v), as PyTorch's SGD */
  sgd: /* @__PURE__ */ row({
    options: {
      lr: { least: 0 },
      momentum: { value: 0, least: 0 },
      nesterov: { value: false },
      weightDecay: { value: 0, least: 0 },
    },
    check(where, { nesterov, momentum }) {
      if (nesterov && momentum === 0)
        throw new RangeError(`${where}: nesterov looks ahead along the momentum, which is 0; pass a momentum`);
    },
    slots: ({ momentum }) => Number(momentum > 0),
    kernel: ({ momentum }) => (momentum > 0 ? 'sgd' : 'sgdPlain'),
    numbers:
      ({ momentum, nesterov, weightDecay }) =>
      (lr) =>
        momentum > 0 ? [lr, momentum, weightDecay, Number(nesterov)] : [lr, weightDecay],
    formula({ momentum, nesterov, weightDecay }, w, g, state, lr) {
      const d = g + weightDecay * w;
      const v = momentum * (state[0] ?? 0) + d;
      state[0] = v;
      return w - lr * (nesterov ? d + momentum * v : v);
    },
  }),
  /** Running means of g and g^2 without their bias; w -= lr mean / (sqrt(square) + epsilon) (Kingma and Ba 2015) */
  adam: /* @__PURE__ */ adaptive(0, false),
  /** adam with weightDecay off the weight instead of into the gradient (Loshchilov and Hutter 2019) */
  adamW: /* @__PURE__ */ adaptive(0.01, true),
};

type Rows = typeof optimizers;
export type OptimizerName = keyof Rows;
type Given<N extends OptimizerName> = Passed<Rows[N]['options']>;
/** Options that all have defaults may be left out together. */
type Maker<N extends OptimizerName> =
  Record<never, never> extends Given<N> ? (given?: Given<N>) => Optimizer : (given: Given<N>) => Optimizer;

const maker = <N extends OptimizerName>(name: N): Maker<N> =>
  ((given?: object): Optimizer => {
    const where = `nn.${name}`;
    const row = optimizers[name] as unknown as Row<Options & { lr: { least: number } }>;
    const o = read(where, row.options, given);
    row.check?.(where, o);
    const slots = row.slots(o);
    return specified([name, o], {
      lr: o.lr,
      slots,
      bind(kernel, parameters, gradients, state, steps = 0) {
        if (state.length < slots)
          throw new RangeError(`${where}: state has ${state.length} arrays; pass as many as slots says, ${slots}`);
        const step = kernel(row.kernel(o), parameters, gradients, ...state.slice(0, slots));
        const numbers = row.numbers(o);
        let t = steps;
        return (lr) => void step(parameters.length, ...numbers(lr, ++t));
      },
    });
  }) as Maker<N>;

/**
 * Stochastic gradient descent as PyTorch's: d = gradient + weightDecay w; v = momentum v + d; and w -= lr v, or
 * with nesterov w -= lr (d + momentum v). Defaults: momentum 0, nesterov false, weightDecay 0.
 */
export const sgd = /* @__PURE__ */ maker('sgd');
/** Options of nn.adam and nn.adamW. */
export type AdamOptions = Given<'adam'>;
/** Adam (Kingma and Ba 2015) as PyTorch's. Defaults: lr 0.001, betas [0.9, 0.999], epsilon 1e-8, weightDecay 0. */
export const adam = /* @__PURE__ */ maker('adam');
/** Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019), as PyTorch's; weightDecay 0.01. */
export const adamW = /* @__PURE__ */ maker('adamW');
