// The state of the page: what was chosen, in the URL behind the #, so that a link is a finding.

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
  ...{ depth: 10, width: 100, activation: 'tanh', initialiser: 'xavierNormal', gain: 1, lr: 0.02, epochs: 20, seed: 0 },
};

/** The numbers that can be chosen. Where sizes matter by their ratio, the slider goes by the logarithm in `steps`. */
export const limits = {
  depth: { low: 1, high: 50, whole: true, steps: 0 },
  width: { low: 4, high: 256, whole: true, steps: 24 },
  gain: { low: 0.05, high: 5, whole: false, steps: 100 },
  lr: { low: 0.0001, high: 1, whole: false, steps: 40 },
  epochs: { low: 1, high: 100, whole: true, steps: 0 },
  seed: { low: 0, high: 2 ** 32 - 1, whole: true, steps: 0 },
} as const;
export type NumberName = keyof typeof limits;

/** The nearest number that can be chosen; undefined for what is none. */
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

/** What a link says; where it says nothing, or nonsense, the default. */
export function parse(hash: string): Settings {
  const said = new URLSearchParams(hash.replace(/^#/, ''));
  const number = (name: NumberName, fallback: number) =>
    (said.get(name)?.trim() ? allowed(name, Number(said.get(name))) : undefined) ?? fallback;
  const [activation, initialiser] = [said.get('activation') ?? '', said.get('init') ?? ''];
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

const ailing = (label: string, given: Partial<Settings>) => ({
  label,
  settings: { ...defaults, gain: initialisers[given.initialiser ?? 'default'].gain ?? 1, ...given },
});

/** Where to begin: the ailments of the article, and two nets in good health. */
export const presets = [
  ailing('tanh × 10, Xavier: healthy', defaults),
  ailing('ReLU × 20, He: healthy', { depth: 20, activation: 'relu', initialiser: 'kaimingNormal', lr: 0.01 }),
  ailing('tanh × 30, σ = 0.01: vanishing', { depth: 30, initialiser: 'small' }),
  ailing('tanh × 30, σ = 1: saturated, exploding', { depth: 30, initialiser: 'normal' }),
  ailing('ReLU × 30, Xavier: vanishing', { depth: 30, activation: 'relu', lr: 0.002 }),
  ailing('sigmoid × 10, Xavier: vanishing', { activation: 'sigmoid' }),
  ailing('zeros: all units alike', { depth: 3, initialiser: 'zeros' }),
  ailing('ReLU × 30, 4 wide: dead', { depth: 30, width: 4, activation: 'relu', initialiser: 'kaimingNormal' }),
];
