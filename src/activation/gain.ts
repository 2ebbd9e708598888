// By how much weights are widened before a nonlinearity f, so that a layer keeps what comes in: for z ~ N(0, 1)
// forward 1 / sqrt(E f(z)^2), backward 1 / sqrt(E f'(z)^2) (He et al. 2015, Klambauer et al. 2017), for any f.

import { choice, number, options, what } from '../check.js';
import { quadrature } from './quadrature.js';
import type { Row } from './row.js';
import { type Activation, activations, parametersOf } from './table.js';
import { type Nonlinearity, nonlinearities, torchGains } from './torch-gains.js';

/** A function, or the name of one. */
export type Nonlinear = Activation | 'linear' | ((x: number) => number);

export interface GainDescription {
  /** 1 / sqrt(E f^2): keeps the second moment of what goes forward. */
  forward: number;
  /** 1 / sqrt(E f'^2): keeps that of the gradients. */
  backward: number;
  /** With the forward gain, by how much a gradient's second moment grows a layer (gain^2 E f'^2). */
  chi: number;
  /** With the forward gain, by how much a deviation of the second moment from 1 grows a layer; above 1 it is unstable. */
  slope: number;
}

/** Twelve digits: more than is promised, fewer than those in which the hosts' own functions differ. */
export const rounded = (value: number) => Number(value.toPrecision(12));

/** What a name or a function stands for. */
export function functionOf(
  where: string,
  f: Nonlinear,
  given: Record<string, unknown>,
  argument = 'f',
): (x: number) => number {
  if (typeof f === 'function') {
    options(where, given, []);
    return f;
  }
  if (typeof f !== 'string')
    throw new TypeError(`${where}: ${argument} is ${what(f)}; pass a function or the name of one`);
  const name = choice(where, argument, f, ['linear', ...(Object.keys(activations) as Activation[])]);
  if (name === 'linear') {
    options(where, given, []);
    return (x) => x;
  }
  const row: Row = activations[name];
  const [a, b] = parametersOf(where, row, options(where, given, Object.keys(row.parameters)));
  return (x) => row.formula(x, a, b);
}

function described(where: string, f: Nonlinear, given: Record<string, unknown>): GainDescription {
  const [square, slope, mixed] = quadrature(where, functionOf(where, f, given)).moments;
  if (square === 0)
    throw new RangeError(`${where}: E f(z)^2 is 0; there is no gain for a function that lets nothing through`);
  return {
    forward: rounded(1 / Math.sqrt(square)),
    backward: rounded(1 / Math.sqrt(slope)),
    chi: rounded(slope / square),
    slope: rounded(mixed / square),
  };
}

/**
 * The gain of any function, by quadrature to 1e-9: an activation of this package by name, with its parameters,
 * or a function of your own, with kinks or steps. RangeError for one that has no gain.
 */
function gainOf(f: Nonlinear, given: { direction?: 'forward' | 'backward' } & Record<string, unknown> = {}): number {
  const { direction, ...rest } = options('gain', given, [...Object.keys(given ?? {})]);
  const towards = choice('gain', 'direction', direction ?? 'forward', ['forward', 'backward']);
  return described('gain', f, rest)[towards];
}

export const gain = /* @__PURE__ */ Object.assign(gainOf, {
  /** Both gains, and how deep networks of it behave: chi and slope. */
  describe: (f: Nonlinear, given: Record<string, unknown> = {}): GainDescription =>
    described('gain.describe', f, given),

  /**
   * PyTorch's torch.nn.init.calculate_gain: linear and sigmoid 1, tanh 5/3, relu sqrt 2, leakyRelu
   * sqrt(2 / (1 + slope^2)) (slope 0.01), selu 3/4.
   */
  torch(nonlinearity: Nonlinearity, given?: { slope?: number }): number {
    const where = 'gain.torch';
    const { slope = 0.01 } = options(where, given, ['slope']);
    return torchGains[choice(where, 'nonlinearity', nonlinearity, nonlinearities)](number(where, 'slope', slope));
  },
});
