// Optimizers: how a step changes the parameters.

import { flag, number, options, what } from '../check.js';
import { type Place, specified } from './layer.js';

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

/**
 * Stochastic gradient descent as PyTorch's: d = gradient + weightDecay w; v = momentum v + d; and w -= lr v, or
 * with nesterov w -= lr (d + momentum v). Defaults: momentum 0, nesterov false, weightDecay 0.
 */
export function sgd(given: { lr: number; momentum?: number; nesterov?: boolean; weightDecay?: number }): Optimizer {
  const where = 'nn.sgd';
  const o = options(where, given, ['lr', 'momentum', 'nesterov', 'weightDecay']);
  const lr = number(where, 'lr', o.lr, { least: 0 });
  const momentum = number(where, 'momentum', o.momentum ?? 0, { least: 0 });
  const nesterov = flag(where, 'nesterov', o.nesterov ?? false);
  const weightDecay = number(where, 'weightDecay', o.weightDecay ?? 0, { least: 0 });
  if (nesterov && momentum === 0)
    throw new RangeError(`${where}: nesterov looks ahead along the momentum, which is 0; pass a momentum`);
  return specified(['sgd', o], {
    lr,
    slots: momentum > 0 ? 1 : 0,
    bind(kernel, parameters, gradients, [velocity]) {
      const n = parameters.length;
      if (velocity === undefined) {
        const step = kernel('sgdPlain', parameters, gradients);
        return (rate) => void step(n, rate, weightDecay);
      }
      const step = kernel('sgd', parameters, gradients, velocity);
      return (rate) => void step(n, rate, momentum, weightDecay, Number(nesterov));
    },
  });
}

/** Options of nn.adam and nn.adamW. */
export interface AdamOptions {
  lr?: number;
  betas?: readonly [number, number];
  epsilon?: number;
  weightDecay?: number;
}

function adaptive(where: string, given: AdamOptions | undefined, decoupled: boolean, defaultDecay: number): Optimizer {
  const o = options(where, given, ['lr', 'betas', 'epsilon', 'weightDecay']);
  const lr = number(where, 'lr', o.lr ?? 0.001, { least: 0 });
  const betas = o.betas ?? [0.9, 0.999];
  if (!Array.isArray(betas) || betas.length !== 2)
    throw new TypeError(`${where}: betas is ${what(betas)}; pass two numbers`);
  const [beta1, beta2] = Array.from(betas, (beta, i) => {
    const value = number(where, `betas[${i}]`, beta, { least: 0, most: 1 });
    if (value === 1) throw new RangeError(`${where}: betas[${i}] is 1, which learns nothing; pass a number below 1`);
    return value;
  });
  const epsilon = number(where, 'epsilon', o.epsilon ?? 1e-8, { least: 0 });
  const decay = number(where, 'weightDecay', o.weightDecay ?? defaultDecay, { least: 0 });
  return specified([where.slice(3), { ...o, betas: [beta1, beta2] }], {
    lr,
    slots: 2,
    bind(kernel, parameters, gradients, [mean, square], steps = 0) {
      const step = kernel('adam', parameters, gradients, mean, square);
      // The powers of the betas, multiplied up: no host pow.
      let [power1, power2] = [1, 1];
      for (let i = 0; i < steps; i++) {
        power1 *= beta1;
        power2 *= beta2;
      }
      return (rate) => {
        power1 *= beta1;
        power2 *= beta2;
        const running = [rate / (1 - power1), beta1, 1 - beta1, beta2, 1 - beta2, Math.sqrt(1 - power2), epsilon];
        step(parameters.length, ...running, ...(decoupled ? [0, 1 - rate * decay] : [decay, 1]));
      };
    },
  });
}

/** Adam (Kingma and Ba 2015) as PyTorch's. Defaults: lr 0.001, betas [0.9, 0.999], epsilon 1e-8, weightDecay 0. */
export const adam = (given?: AdamOptions): Optimizer => adaptive('nn.adam', given, false, 0);

/** Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019), as PyTorch's; weightDecay 0.01. */
export const adamW = (given?: AdamOptions): Optimizer => adaptive('nn.adamW', given, true, 0.01);
