// `diagnose.verdicts`: the faults of a network that its statistics show, and their fixes.

import { activations } from '../activation/table.js';
import { choice, float32, what } from '../check.js';
import { type Model, planFor, requireModel } from '../nn/model.js';
import type { Measured, MeasuredLayer } from '../nn/statistics.js';
import { type Code, type Finding, findings } from './findings.js';
import { digits, type Fix, fixOf, standardisedParts } from './fix.js';
import type { Found } from './search.js';
import { GOOD, POOR } from './thresholds.js';
import type { Outcome } from './trial.js';

export type { Code } from './findings.js';
export type { Fix } from './fix.js';

export interface Verdict {
  code: Code;
  level: 'warning' | 'error';
  /** Its index in model.layers: where it begins, or where it is worst. */
  layer: number;
  /** Its name, if the layers of the network have names. */
  name?: string;
  /** The measured figures, and the limit. */
  figures: Record<string, number>;
  /** A sentence. */
  message: string;
  fix: Fix;
}

const advice = 'pass what diagnose.probe gave, diagnose.network gave, or step.probe';

/** TypeError unless a value is an object whose properties of these names are finite numbers. */
function requireNumbers(where: string, name: string, value: unknown, names: readonly string[]): void {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${where}: ${name} is ${what(value)}; ${advice}`);
  for (const key of names) {
    const number = (value as Record<string, unknown>)[key];
    if (!Number.isFinite(number)) throw new TypeError(`${where}: ${key} of ${name} is ${what(number)}; ${advice}`);
  }
}

/** TypeError for a layer's statistics that lack what findings read, RangeError for an unknown activation. */
function requireLayer(where: string, name: string, layer: MeasuredLayer): void {
  requireNumbers(where, name, layer, ['layer', 'units', 'meanSquare', 'nonFinite', 'dead']);
  const { kind, activation, saturated, positions, numbers, gradient, weight, broken } = layer;
  if (typeof kind !== 'string') throw new TypeError(`${where}: kind of ${name} is ${what(kind)}; ${advice}`);
  if (layer.name !== undefined && typeof layer.name !== 'string')
    throw new TypeError(`${where}: name of ${name} is ${what(layer.name)}; ${advice}`);
  if (saturated !== undefined) requireNumbers(where, name, layer, ['saturated']);
  if (positions !== undefined) requireNumbers(where, name, layer, ['positions']);
  if (saturated !== undefined || activation !== undefined)
    choice(where, `the activation of ${name}`, activation ?? kind, Object.keys(activations));
  if (numbers !== undefined) requireNumbers(where, `numbers of ${name}`, numbers, ['0', '1']);
  if (gradient !== undefined) requireNumbers(where, `gradient of ${name}`, gradient, ['meanSquare', 'nonFinite']);
  if (weight !== undefined) requireNumbers(where, `weight of ${name}`, weight, ['norm']);
  if (broken !== undefined) requireNumbers(where, `broken of ${name}`, broken, Object.keys(Object(broken)));
}

/** TypeError for a value that is not the statistics of a network, RangeError for those of another model. */
function requireMeasured(where: string, probe: Measured, model: Model | undefined): void {
  if (typeof probe !== 'object' || !Array.isArray(probe?.layers))
    throw new TypeError(`${where}: probe is ${what(probe)}; ${advice}`);
  if (model !== undefined) {
    const { operations } = planFor(where, model);
    const matches =
      operations.length === probe.layers.length && operations.every(({ kind }, i) => kind === probe.layers[i]?.kind);
    if (!matches)
      throw new RangeError(`${where}: probe is of another model than this one; pass the one it was made of`);
  }
  if (probe.layers.length === 0) throw new RangeError(`${where}: probe has no layers; ${advice}`);
  if (probe.input !== undefined) requireNumbers(where, 'input of probe', probe.input, ['meanSquare', 'nonFinite']);
  if (probe.step !== undefined) requireNumbers(where, 'probe', probe, ['step']);
  if (probe.longest !== undefined) requireNumbers(where, 'longest of probe', probe.longest, ['step', 'update']);
  Array.from(probe.layers).forEach((layer, i) => requireLayer(where, `layers[${i}] of probe`, layer));
}

/** Whether a setting learns less than a share of what another does, both beyond chance. */
const isBelow = (share: number, { quality }: Outcome, than: Outcome, chance: number) =>
  quality - chance < share * (than.quality - chance);

/**
 * The findings, after a trial. A model that learns is not ill, whatever thresholds say: their findings become warnings. One that
 * learns less than others is ill, whatever they do not say: by its learning rate, its data or its weights, in this order.
 */
function withTrial(found: Finding[], probe: Measured, trial: Found): Finding[] {
  const { own, ownBest, ownStandardised, best, isLearnt, isTrained, chance } = trial;
  const isGood = (outcome: Outcome) => !isBelow(GOOD, outcome, best, chance);
  if (!isLearnt) return found.length > 0 || isTrained ? found : [stuck(probe, trial)];
  if (isGood(own)) return found.map((finding) => ({ ...finding, level: 'warning' }));
  const level = isBelow(POOR, own, best, chance) ? 'error' : 'warning';
  if (found.length > 0) return found.map((finding) => ({ ...finding, level }));
  const { layer, name } = probe.layers[0];
  const figures = { lr: own.lr, suggested: best.lr, learnt: own.quality, best: best.quality, limit: GOOD };
  const finding = { level, layer, ...(name !== undefined && { name }), figures } as const;
  if (isGood(ownBest)) {
    const size = ownBest.lr > own.lr ? 'short' : 'long';
    const message = `Steps with a learning rate of ${digits(own.lr)} are too ${size} for this network.`;
    return [{ ...finding, code: 'learningRate', figures: { ...figures, suggested: ownBest.lr }, message }];
  }
  if (ownStandardised && isGood(ownStandardised)) {
    const message = `With ${standardisedParts(trial)} of another mean and scale the network learns far more.`;
    return [{ ...finding, code: 'data', message, cause: 'input' }];
  }
  const message = 'From these weights the network learns far less than from others, at every learning rate.';
  return [{ ...finding, code: 'initialisation', message }];
}

/** Nothing that was tried learns, and the model has learnt nothing before. */
function stuck({ layers }: Measured, { trial, settings, best }: Found): Finding {
  const { layer, name } = layers[0];
  return {
    code: 'stuck',
    level: 'warning',
    layer,
    ...(name !== undefined && { name }),
    figures: { steps: trial.steps, settings, best: best.quality },
    message: `Of ${settings} settings none learns in ${trial.steps} steps: labels or targets may have nothing to do with the inputs, or the network is too deep, too narrow or drops too much to begin soon.`,
  };
}

/** The verdicts on a network's statistics, and on a trial if there was one: errors first. */
export function verdictsOn(probe: Measured, model?: Model, x?: Float32Array, trial?: Found): Verdict[] {
  const found = trial ? withTrial(findings(probe), probe, trial) : findings(probe);
  const ordered = [
    ...found.filter(({ level }) => level === 'error'),
    ...found.filter(({ level }) => level !== 'error'),
  ];
  return ordered.map((finding) => ({ ...finding, fix: fixOf(finding, { probe, model, x, found: trial }) }));
}

/**
 * The faults of a network's hidden layers, errors first; an empty array is a good sign. The statistics are those of a probe,
 * of a training or of diagnose.network, or what JSON made of them. With the model that they are of, a fix can be applied;
 * x, a batch, lets a fix by nn.lsuv be applied too. TypeError for statistics, a model or x that are something else;
 * RangeError for statistics of another model, of no layers, or of an activation that is unknown.
 */
export function verdicts(probe: Measured, model?: Model, x?: Float32Array): Verdict[] {
  const where = 'diagnose.verdicts';
  if (model !== undefined) requireModel(where, model);
  requireMeasured(where, probe, model);
  if (x !== undefined) float32(where, 'x', x);
  return verdictsOn(probe, model, x);
}
