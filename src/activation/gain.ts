// Gains: the factor by which the standard deviation of weights grows before a nonlinearity f, so that a layer keeps the
// mean square of its signal or its gradient. For z ~ N(0, 1) it is 1 / sqrt(E f(z)^2) forward and 1 / sqrt(E f'(z)^2)
// backward (He et al. 2015, Klambauer et al. 2017), by quadrature for any f. PyTorch's table is in torch-gain.

import { choice, number, options, what } from '../check.js';
import { NAMED_DENSITY, piecesOf } from './pieces.js';
import { type Moments, quadrature } from './quadrature.js';
import type { Row } from './row.js';
import { type Activation, activations, parametersOf } from './table.js';
import { type Nonlinearity, nonlinearities, torchGains } from './torch-gain.js';

/** A function of one variable, or the name of one. */
export type Nonlinear = Activation | 'linear' | ((x: number) => number);

const directions = ['forward', 'backward'] as const;
type Direction = (typeof directions)[number];

export interface GainDescription {
  /** 1 / sqrt(E f^2): keeps the mean square of the signal. */
  forward: number;
  /** 1 / sqrt(E f'^2): keeps the mean square of the gradient. */
  backward: number;
  /** With the forward gain, the factor by which a gradient's mean square grows a layer: E f'^2 / E f^2. */
  chi: number;
  /**
   * With the forward gain, the factor by which a small difference of the signal's mean square from 1 grows a layer.
   * Above 1 the signal is unstable.
   */
  slope: number;
}

/** Twelve digits: more than is promised, and fewer than those in which the hosts' own functions differ. */
export const rounded = (value: number) => Number(value.toPrecision(12));

/** The function that a name with parameters stands for; a function stands for itself and has no parameters. */
export function functionOf(
  where: string,
  f: Nonlinear,
  parameters: Record<string, unknown>,
  argument = 'f',
): (x: number) => number {
  if (typeof f === 'function') {
    options(where, parameters, []);
    return f;
  }
  if (typeof f !== 'string')
    throw new TypeError(`${where}: ${argument} is ${what(f)}; pass a function or the name of one`);
  const name = choice(where, argument, f, ['linear', ...(Object.keys(activations) as Activation[])]);
  if (name === 'linear') {
    options(where, parameters, []);
    return (x) => x;
  }
  const row: Row = activations[name];
  const [a, b] = parametersOf(where, row, options(where, parameters, Object.keys(row.parameters)));
  return (x) => row.formula(x, a, b);
}

/** A function's moments for gains, which exist in this direction or in both. */
function momentsOf(
  where: string,
  f: Nonlinear,
  parameters: Record<string, unknown>,
  needed: readonly Direction[],
): Moments {
  const density = typeof f === 'function' ? undefined : NAMED_DENSITY;
  const { moments } = quadrature(piecesOf(where, functionOf(where, f, parameters), density), 1);
  const [square, slopeSquare] = moments;
  if (square === 0)
    throw new RangeError(`${where}: E f(z)^2 is 0; there is no gain for a function that lets nothing through`);
  if (needed.includes('backward') && !(slopeSquare > 0 && slopeSquare < Infinity))
    throw new RangeError(
      `${where}: E f'(z)^2 is ${slopeSquare === 0 ? '0' : 'infinite'}; there is no backward gain for this function, only gain(f)`,
    );
  return moments;
}

function describe(where: string, f: Nonlinear, parameters: Record<string, unknown>): GainDescription {
  const [square, slopeSquare, mixed] = momentsOf(where, f, parameters, directions);
  return {
    forward: rounded(1 / Math.sqrt(square)),
    backward: rounded(1 / Math.sqrt(slopeSquare)),
    chi: rounded(slopeSquare / square),
    slope: rounded(mixed / square),
  };
}

/**
 * The gain of a nonlinearity to 1e-9, 'forward' or 'backward': an activation of this package by name, with its
 * parameters as options, or a function of your own, in double precision. It may have kinks, jumps and steep parts, if
 * they are wider than a thousandth of their distance from 0; f' is the slope beside a jump. RangeError where there is no gain:
 * for a function that is 0, is not finite or grows too fast, and backward for one that is constant but for jumps (sign) or
 * has a slope whose square has no integral (the cube root).
 */
function gainOf(f: Nonlinear, given: { direction?: Direction | undefined } & Record<string, unknown> = {}): number {
  // Every name is let through here: which parameters there are depends on f.
  const { direction, ...parameters } = options('gain', given, Object.keys(given ?? {}));
  const checked = choice('gain', 'direction', direction ?? 'forward', directions);
  return rounded(1 / Math.sqrt(momentsOf('gain', f, parameters, [checked])[checked === 'forward' ? 0 : 1]));
}

export const gain = /* @__PURE__ */ Object.assign(gainOf, {
  /** Both gains of a nonlinearity, and chi and slope, their effect in deep networks. The errors are those of `gain`. */
  describe: (f: Nonlinear, parameters: Record<string, unknown> = {}): GainDescription =>
    describe('gain.describe', f, parameters),

  /**
   * PyTorch's torch.nn.init.calculate_gain: linear, convolutions and sigmoid 1, tanh 5/3, relu sqrt 2, leakyRelu
   * sqrt(2 / (1 + slope^2)) (slope 0.01), selu 3/4.
   */
  torch(nonlinearity: Nonlinearity, given?: { slope?: number | undefined }): number {
    const where = 'gain.torch';
    const { slope = 0.01 } = options(where, given, ['slope']);
    return torchGains[choice(where, 'nonlinearity', nonlinearity, nonlinearities)](number(where, 'slope', slope));
  },
});
