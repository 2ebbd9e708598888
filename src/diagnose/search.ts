// The search for what a model learns best by: its own weights and those of schemes, the data as they are and standardised, and
// learning rates, in a trial.

import { criterion } from '../nn/criterion.js';
import type { Data } from '../nn/loss.js';
import type { Model } from '../nn/model.js';
import type { Optimizer } from '../nn/optimizer.js';
import type { Measured } from '../nn/statistics.js';
import { linearLayers } from './findings.js';
import { type Scheme, schemesOf } from './scheme.js';
import { needsStandardising, type Standardisation, standardisationOf, standardised } from './standardise.js';
import { upperLimit } from './thresholds.js';
import { byQuality, type Examples, type Outcome, roundsFor, type Setting, Trial } from './trial.js';

/** What a trial is to be made of. */
export interface TrialRequest {
  where: string;
  model: Model;
  /** The batch, and the same as the user gave it, with its loss. */
  examples: Examples;
  data: Data;
  loss: unknown;
  probe: Measured;
  optimizer: Optimizer;
  batchSize: number;
  /** Whether the learning rate is the user's. */
  isRateGiven: boolean;
}

/** What a trial found. */
export interface Found {
  trial: Trial;
  /** How many settings were tried. */
  settings: number;
  /** Whether anything was learnt, and whether the model had learnt something before. */
  isLearnt: boolean;
  isTrained: boolean;
  /** The quality of no learning: the share of the most frequent label, or 0. */
  chance: number;
  /** The model as it is, at its own learning rate; at the best one if none is given. */
  own: Outcome;
  /** Its own weights at the best learning rate, on the data as they are, and on standardised ones if these were tried. */
  ownBest: Outcome;
  ownStandardised?: Outcome | undefined;
  best: Outcome;
  /** What was made of the data, if anything. */
  inputs?: Standardisation | undefined;
  targets?: Standardisation | undefined;
}

/** Learning rates that are tried: 13 around the model's own, three times apart, of which the better of two is near the best. */
const ratesAround = (lr: number) => [
  ...[729, 243, 81, 27, 9, 3].map((factor) => (1 / factor) * lr),
  ...[1, 3, 9, 27, 81, 243, 729].map((factor) => factor * lr),
];

/** The same of other schemes: five around the best one of the first. */
const ratesNear = (lr: number) => [1 / 9, 1 / 3, 1, 3, 9].map((factor) => factor * lr);

/** The share of the loss by which the best setting is to be better than nothing, for something to be learnt. */
export const LEARNT = 0.05;

/**
 * Of outcomes whose quality is within one standard error of the best, which comes first, the one with the least loss: it is the
 * surest of what it says, and rates near the longest that works are not.
 */
function surest(outcomes: readonly Outcome[], rows: number): Outcome {
  const [{ quality }] = outcomes;
  const limit = quality - Math.sqrt((quality * (1 - quality)) / rows);
  return outcomes.filter((outcome) => outcome.quality >= limit).reduce((a, b) => (b.loss < a.loss ? b : a));
}

const sorted = (outcomes: readonly Outcome[]) => [...outcomes].sort(byQuality);

/**
 * Of the best few settings more draws are tried: deep or narrow networks differ much from draw to draw, and a rate near the longest
 * that works does so for one draw and not for another.
 */
const FINALISTS = 6;

/** How many settings are tried longer where nothing is learnt. */
const LATE = 4;

/** Examples of which inputs, targets or both are standardised, if they need it. */
function standardisedExamples({ where, model, examples, data, loss, probe }: TrialRequest) {
  const { input, targets: statistics } = probe;
  const inputs = input && needsStandardising(input) ? standardisationOf(input) : undefined;
  const targets = statistics && needsStandardising(statistics) ? standardisationOf(statistics) : undefined;
  if (!inputs && !targets) return undefined;
  const x = inputs ? standardised(examples.x, inputs) : examples.x;
  const scaled = targets && { ...data, x, targets: standardised(examples.criterion.targets!, targets) };
  const { rows } = examples;
  const mended = scaled ? criterion(where, loss, scaled, rows, model.outputs) : examples.criterion;
  return { inputs, targets, examples: { x, rows, criterion: mended } };
}

/** Which learning rates and schemes are tried, in how many steps; undefined if the model is too large. */
function planned({ probe, optimizer, model, batchSize }: TrialRequest) {
  const all: readonly Scheme[] = schemesOf(probe, linearLayers(probe).length - 1);
  const few = all.filter((scheme, i) => i === 0 || scheme.initialiser === 'orthogonal').slice(0, 2);
  // For a large model, of which there are few steps, fewer are tried.
  for (const [schemes, apart] of [
    [all, 1],
    [few, 2],
  ] as const) {
    const some = (all: number[]) => all.filter((_, i) => i % apart === 0);
    const rates = some(ratesAround(optimizer.lr));
    const near = (lr: number) => some(ratesNear(lr));
    // All schemes but the first, and the model's own weights.
    const others = Math.max(1, schemes.length);
    const settings = rates.length * Math.min(2, schemes.length + 1) + near(1).length * others;
    const rounds = roundsFor(model, batchSize, settings);
    if (rounds.length > 0) return { schemes, rates, near, settings, rounds };
  }
  return undefined;
}

/** Tries a model as it is, and by schemes. A text says why there is no trial. */
export function search(request: TrialRequest): Found | string {
  const { where, model, examples, optimizer, batchSize, isRateGiven } = request;
  const mended = standardisedExamples(request);
  const plan = planned(request);
  if (plan === undefined) return 'the model is too large for it';
  const { schemes, rates, near, settings, rounds } = plan;
  const at = (some: readonly number[], of: Examples, scheme?: Scheme) =>
    some.map((lr): Setting => ({ scheme, examples: of, lr }));
  const trial = new Trial(where, model, examples.rows, batchSize, optimizer, rounds);
  const found = trial.bounded((): Found => {
    const of = mended?.examples ?? examples;
    const [without, before] = [trial.lossOfNothing(of), trial.lossNow(of)];
    const base = Math.min(without, before);
    const chance = trial.chance(of);
    const limit = upperLimit(chance, chance, trial.rows);
    const isLearnt = ({ loss, quality }: Outcome) => loss < (1 - LEARNT) * base || (limit > 0 && quality > limit);
    const given = isRateGiven ? [trial.runOne({ examples, lr: optimizer.lr })] : [];
    const first = trial.run(schemes.slice(0, 1).flatMap((scheme) => at(rates, of, scheme)));
    // Weights that keep the signal's size learn best by about the same learning rate.
    const lr = first[0]?.lr ?? optimizer.lr;
    const close = first[0] && isLearnt(first[0]) ? near(lr) : rates;
    const others = trial.run(schemes.slice(1).flatMap((scheme) => at(close, of, scheme)));
    const ownMended = mended ? trial.run(at(close, of)) : [];
    const ownRates = mended ? rates : [...new Set([...rates, ...close])];
    const ownOutcomes = sorted([...given, ...trial.run(at(ownRates, examples))]);
    const candidates = sorted([...(mended ? ownMended : ownOutcomes), ...first, ...others]);
    // Deep networks, and those with much dropout, begin to learn late.
    const finalists = isLearnt(candidates[0]) ? candidates : trial.runLonger(candidates.slice(0, LATE));
    const best = surest(trial.redrawn(finalists.slice(0, FINALISTS)), trial.rows);
    return {
      trial,
      settings,
      isLearnt: isLearnt(best),
      isTrained: before < (1 - LEARNT) * without,
      chance,
      own: [...given, ...ownOutcomes][0],
      ownBest: ownOutcomes[0],
      ownStandardised: ownMended[0],
      best,
      ...(mended && { inputs: mended.inputs, targets: mended.targets }),
    };
  });
  return found ?? 'it took too long';
}
