// The state of the page: the settings, in the URL after the #, so that they can be shared as a link.

import { type ActivationName, activations, type InitialiserName, initialisers } from './choices.js';

export interface Settings {
  /** Hidden layers. */
  depth: number;
  /** Units in each of them. */
  width: number;
  activation: ActivationName;
  initialiser: InitialiserName;
  gain: number;
  lr: number;
  epochs: number;
  seed: number;
}

export const defaults: Settings = {
  depth: 10,
  width: 100,
  activation: 'tanh',
  initialiser: 'xavierNormal',
  gain: 1,
  lr: 0.02,
  epochs: 20,
  seed: 0,
};

/** Bounds of the numbers. With `steps` the slider is logarithmic. */
export const limits = {
  depth: { low: 1, high: 50, whole: true, steps: 0 },
  width: { low: 4, high: 256, whole: true, steps: 24 },
  gain: { low: 0.05, high: 5, whole: false, steps: 100 },
  lr: { low: 0.0001, high: 1, whole: false, steps: 40 },
  epochs: { low: 1, high: 100, whole: true, steps: 0 },
  seed: { low: 0, high: 2 ** 32 - 1, whole: true, steps: 0 },
} as const;
export type NumberName = keyof typeof limits;

/** The nearest allowed number; undefined for what is not finite. */
export function allowed(name: NumberName, value: number): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  const { low, high, whole } = limits[name];
  return Math.min(high, Math.max(low, whole ? Math.round(value) : value));
}

export const format = (s: Settings) =>
  `#${new URLSearchParams({
    depth: String(s.depth),
    width: String(s.width),
    activation: s.activation,
    init: s.initialiser,
    gain: String(s.gain),
    lr: String(s.lr),
    epochs: String(s.epochs),
    seed: String(s.seed),
  })}`;

/** The settings of a link, with defaults for what is missing or wrong. */
export function parse(hash: string): Settings {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const number = (name: NumberName, fallback: number) =>
    (parameters.get(name)?.trim() ? allowed(name, Number(parameters.get(name))) : undefined) ?? fallback;
  const [activation, initialiser] = [parameters.get('activation') ?? '', parameters.get('init') ?? ''];
  const chosen = Object.hasOwn(initialisers, initialiser) ? (initialiser as InitialiserName) : defaults.initialiser;
  return {
    depth: number('depth', defaults.depth),
    width: number('width', defaults.width),
    activation: Object.hasOwn(activations, activation) ? (activation as ActivationName) : defaults.activation,
    initialiser: chosen,
    gain: initialisers[chosen].gain === undefined ? 1 : number('gain', initialisers[chosen].gain),
    lr: number('lr', defaults.lr),
    epochs: number('epochs', defaults.epochs),
    seed: number('seed', defaults.seed),
  };
}

const preset = (label: string, given: Partial<Settings>) => ({
  label,
  settings: { ...defaults, gain: initialisers[given.initialiser ?? 'default'].gain ?? 1, ...given },
});

/** Networks to begin with: two that are healthy, and one for each thing that can go wrong. */
export const presets = [
  preset('tanh × 10, Xavier: healthy', defaults),
  preset('ReLU × 20, He: healthy', { depth: 20, activation: 'relu', initialiser: 'kaimingNormal', lr: 0.01 }),
  preset('tanh × 30, σ = 0.01: vanishing', { depth: 30, initialiser: 'small' }),
  preset('tanh × 30, σ = 1: saturated, exploding', { depth: 30, initialiser: 'normal' }),
  preset('ReLU × 30, Xavier: vanishing', { depth: 30, activation: 'relu', lr: 0.002 }),
  preset('sigmoid × 10, Xavier: vanishing', { activation: 'sigmoid' }),
  preset('zeros: all units alike', { depth: 3, initialiser: 'zeros' }),
  preset('ReLU × 30, 4 wide: dead', { depth: 30, width: 4, activation: 'relu', initialiser: 'kaimingNormal' }),
];
