// What mean-field theory warns of: each function reads a network's expectations and gives one warning, or none.

import { expectation } from '../activation/quadrature.js';
import { FLAT } from '../nn/statistics.js';
import { ln } from './logarithm.js';
import type { MeanField } from './mean-field.js';
import type { TheoryLayer } from './propagation.js';
import { aliveShare, levelOf, MAX_DEPTH_SCALES, MAX_POWERS, MIN_ALIVE, SATURATED } from './thresholds.js';

export type TheoryCode =
  | 'vanishing'
  | 'exploding'
  | 'saturated'
  | 'dead'
  | 'depth'
  | 'unstable'
  | 'unreliable'
  | 'underflow';

export interface TheoryWarning {
  code: TheoryCode;
  level: 'warning' | 'error';
  /** A sentence without its full stop. */
  message: string;
}

/** ordered: chi below 1; critical: 1; chaotic: above 1. */
export type Phase = 'ordered' | 'critical' | 'chaotic';

/** The part of a theory from which the warnings are derived. */
interface Expectations {
  layers: TheoryLayer[];
  depthScale: { correlation: number | null };
  slope: number | null;
  phase: Phase | null;
}

/** All warnings, in the order of the reasons. */
export function warnings(expected: Expectations, field: MeanField): TheoryWarning[] {
  const { layers, slope } = expected;
  const hidden = layers.length > 1 ? layers.slice(0, -1) : layers;
  const found = [
    gradientChange(hidden),
    tooDeep(expected, hidden.length),
    saturation(hidden, field),
    deadNetworks(hidden, field),
    instability(slope),
    unreliability(hidden[hidden.length - 1]),
    underflow(layers),
  ];
  return found.filter((warning) => warning !== undefined);
}

function gradientChange(hidden: TheoryLayer[]): TheoryWarning | undefined {
  const change = hidden[0].log10.gradient - hidden[hidden.length - 1].log10.gradient;
  if (Math.abs(change) <= MAX_POWERS) return undefined;
  const effect = change < 0 ? 'the first layers will hardly learn' : 'its steps will throw the first layers about';
  return {
    code: change < 0 ? 'vanishing' : 'exploding',
    level: levelOf(change),
    message: `the gradient's mean square is 10^${change.toFixed(1)} of the last hidden layer's when it reaches the first: ${effect}`,
  };
}

function tooDeep({ phase, depthScale }: Expectations, depth: number): TheoryWarning | undefined {
  const scale = depthScale.correlation;
  if (phase === 'critical' || scale === null || depth <= MAX_DEPTH_SCALES * Math.abs(scale)) return undefined;
  const effect = phase === 'ordered' ? 'all inputs look alike' : 'inputs that were alike have nothing in common';
  return {
    code: 'depth',
    level: 'warning',
    message: `after ${depth} layers ${effect}: the depth scale is ${scale.toFixed(1)} layers`,
  };
}

function saturation(hidden: TheoryLayer[], { quadratureAt }: MeanField): TheoryWarning | undefined {
  const steepest = quadratureAt(1).slopes.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
  /** The share of values at mean square q at which f is flat. */
  const flatShare = (q: number) => {
    // The derivative of f(sqrt(q) z) with respect to z is sqrt(q) f'.
    const bound = FLAT * steepest * Math.sqrt(q);
    return expectation(quadratureAt(q), (_, slope) => (Math.abs(slope) < bound ? 1 : 0));
  };
  const usual = flatShare(1);
  const limit = usual + SATURATED * (1 - usual);
  // Most q are close to others, in deep networks: a share at their first two digits tells which can be above the limit.
  const shares = new Map<number, number>();
  const isNear = (q: number) => {
    const rounded = Number(q.toPrecision(2));
    if (!shares.has(rounded)) shares.set(rounded, flatShare(rounded));
    return shares.get(rounded)! > limit - 0.1;
  };
  const layer = hidden.find(({ preactivation: q }) => q > 1e-12 && isNear(q) && flatShare(q) > limit);
  if (layer === undefined) return undefined;
  const percent = (100 * flatShare(layer.preactivation)).toFixed(0);
  return {
    code: 'saturated',
    level: 'warning',
    message: `in layer ${layer.layer} ${percent} % of the values have next to no slope`,
  };
}

function deadNetworks(hidden: TheoryLayer[], { f }: MeanField): TheoryWarning | undefined {
  if (f(-0.5) !== 0 || f(-3) !== 0) return undefined; // not like relu
  const alive = aliveShare(hidden.map(({ outputs }) => outputs));
  if (alive >= MIN_ALIVE) return undefined;
  return {
    code: 'dead',
    level: 'warning',
    message: `for any one input the whole network is dead with a chance of ${(100 * (1 - alive)).toFixed(1)} %`,
  };
}

function instability(slope: number | null): TheoryWarning | undefined {
  const unstable = (message: string): TheoryWarning => ({ code: 'unstable', level: 'warning', message });
  if (slope === null) return unstable('the signal grows from layer to layer without end');
  if (slope > 1 + 1e-6)
    return unstable(`a mean square that is off is off ${slope.toFixed(3)} times as much a layer later`);
  return undefined;
}

/** Where the relative variance over networks is above 1. */
function unreliability(last: TheoryLayer): TheoryWarning | undefined {
  const [low, high] = last.band.preactivation;
  // The band is four standard deviations of the logarithm wide.
  if (!(low > 0 && ln(high / low) > 4 * Math.sqrt(ln(2)))) return undefined;
  return {
    code: 'unreliable',
    level: 'warning',
    message: 'the layers are so narrow for this depth that one network says little of another',
  };
}

function underflow(layers: TheoryLayer[]): TheoryWarning | undefined {
  if (!layers.some((layer) => layer.underflow)) return undefined;
  return {
    code: 'underflow',
    level: 'error',
    message: 'values leave the range of float32: they become zeros, or infinite',
  };
}
