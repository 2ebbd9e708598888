// The table of optimizers. nn exports each of them, threads make them again by their names, and tests run for each. The kernels
// are in assembly/nn/optimizer.ts.

import { optimizer } from './optimizer.js';
import { repeatedProduct } from './repeated-product.js';

/** The momentum of a velocity: with more than 1 it would grow by itself. (PyTorch takes any that is not negative.) */
const momentum = { value: 0, least: 0, most: 1 } as const;

/** Added to a root, so that a weight whose gradients are 0 is not divided by 0: it may not be 0 in binary32. */
const epsilon = { value: 1e-8, least: 0, open: true } as const;

/**
 * Stochastic gradient descent as PyTorch's: d = gradient + weightDecay w; v = momentum v + (1 - dampening) d, but v = d in the
 * first step; and w -= lr v, or with nesterov, which takes no dampening, w -= lr (d + momentum v). Defaults: momentum 0 (at
 * most 1), nesterov false, dampening 0, weightDecay 0.
 */
export const sgd = /* @__PURE__ */ optimizer('sgd', {
  options: {
    lr: { least: 0 },
    momentum,
    nesterov: { value: false },
    dampening: { value: 0, least: 0, most: 1, without: 'nesterov' },
    weightDecay: { value: 0, least: 0 },
  },
  check(where, { nesterov, momentum }) {
    if (nesterov && Math.fround(momentum) === 0)
      throw new RangeError(`${where}: nesterov looks ahead along the momentum, which is ${momentum}; pass a momentum`);
  },
  slots: ({ momentum }) => (momentum > 0 ? [true] : []),
  kernel: ({ momentum }) => (momentum > 0 ? 'sgd' : 'sgdPlain'),
  numbers:
    ({ momentum, nesterov, dampening, weightDecay }) =>
    (lr, t) =>
      momentum > 0 ? [lr, momentum, weightDecay, Number(nesterov), t === 1 ? 1 : 1 - dampening] : [lr, weightDecay],
  formula({ momentum, nesterov, dampening, weightDecay }, w, g, state, lr, t) {
    const d = g + weightDecay * w;
    const v = momentum > 0 && t > 1 ? momentum * state[0] + (1 - dampening) * d : d;
    state[0] = v;
    return w - lr * (nesterov ? d + momentum * v : v);
  },
});

/** Adam and AdamW. They differ in weightDecay: Adam adds it to the gradient, AdamW (decoupled) subtracts it from the weight. */
const adamVariant = (name: string, weightDecay: number, decoupled: boolean) =>
  optimizer(name, {
    options: {
      lr: { value: 0.001, least: 0 },
      betas: { value: [0.9, 0.999], least: 0, most: 1 },
      epsilon,
      weightDecay: { value: weightDecay, least: 0 },
    },
    check: (where, { betas }) => betas.forEach((beta, i) => below1(where, `betas[${i}]`, beta)),
    slots: () => [true, true],
    kernel: () => 'adam',
    numbers({ betas: [beta1, beta2], epsilon, weightDecay }) {
      const [power1, power2] = [repeatedProduct(beta1), repeatedProduct(beta2)];
      return (lr, t) => {
        const [rate, spread] = [lr / (1 - power1(1, t)), Math.sqrt(1 - power2(1, t))];
        const decay = decoupled ? [0, 1 - lr * weightDecay] : [weightDecay, 1];
        return [rate, beta1, 1 - beta1, beta2, 1 - beta2, spread, epsilon, ...decay];
      };
    },
    formula({ betas: [beta1, beta2], epsilon, weightDecay }, w, g, state, lr, t) {
      const d = decoupled ? g : g + weightDecay * w;
      state[0] = beta1 * state[0] + (1 - beta1) * d;
      state[1] = beta2 * state[1] + (1 - beta2) * d * d;
      const mean = state[0] / (1 - repeatedProduct(beta1)(1, t));
      const square = state[1] / (1 - repeatedProduct(beta2)(1, t));
      return (decoupled ? w - lr * weightDecay * w : w) - (lr * mean) / (Math.sqrt(square) + epsilon);
    },
  });

/** RangeError for a factor of 1 in a running mean, which would then never change. */
function below1(where: string, name: string, value: number): void {
  if (Math.fround(value) === 1)
    throw new RangeError(`${where}: ${name} is ${value}, 1 in binary32, which learns nothing; pass a smaller number`);
}

/** Adam (Kingma and Ba 2015), equal to PyTorch's. Defaults: lr 0.001, betas [0.9, 0.999], epsilon 1e-8 (not 0), weightDecay 0. */
export const adam = /* @__PURE__ */ adamVariant('adam', 0, false);
/** Adam with decoupled weight decay (Loshchilov and Hutter 2019), equal to PyTorch's. Defaults: Adam's, but weightDecay 0.01. */
export const adamW = /* @__PURE__ */ adamVariant('adamW', 0.01, true);

/**
 * RMSprop (Hinton 2012), equal to PyTorch's: d = gradient + weightDecay w; square is a running mean of d^2; v = momentum v +
 * d / (sqrt(square) + epsilon); w -= lr v. With centered the square of d's running mean is subtracted from square. Defaults:
 * lr 0.01, alpha 0.99, epsilon 1e-8 (not 0), weightDecay 0, momentum 0 (at most 1), centered false.
 */
export const rmsprop = /* @__PURE__ */ optimizer('rmsprop', {
  options: {
    lr: { value: 0.01, least: 0 },
    alpha: { value: 0.99, least: 0, most: 1 },
    epsilon,
    weightDecay: { value: 0, least: 0 },
    momentum,
    centered: { value: false },
  },
  check: (where, { alpha }) => below1(where, 'alpha', alpha),
  slots: ({ centered, momentum }) => [true, centered, momentum > 0],
  kernel: () => 'rmsprop',
  numbers:
    ({ alpha, epsilon, momentum, weightDecay }) =>
    (lr) => [lr, alpha, 1 - alpha, epsilon, momentum, weightDecay],
  formula({ alpha, epsilon, weightDecay, momentum, centered }, w, g, state, lr) {
    const d = g + weightDecay * w;
    state[0] = alpha * state[0] + (1 - alpha) * d * d;
    state[1] = alpha * state[1] + (1 - alpha) * d;
    const square = centered ? Math.max(state[0] - state[1] * state[1], 0) : state[0];
    state[2] = momentum * state[2] + d / (Math.sqrt(square) + epsilon);
    return w - lr * state[2];
  },
});

/** Options of nn.adam and nn.adamW. */
export type AdamOptions = NonNullable<Parameters<typeof adam>[0]>;
