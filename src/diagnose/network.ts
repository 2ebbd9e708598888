// `diagnose` says why a network learns or fails. `probe` measures its layers on a batch, `network` those of a network of
// another library, `verdicts` names the faults and their fixes, and `theory` predicts how a network with random weights behaves.

import { flag, number, options, whole } from '../check.js';
import { examplesOf } from '../nn/evaluate.js';
import { optimizerOf } from '../nn/fit-options.js';
import type { Data, NamedLoss } from '../nn/loss.js';
import { type Model, trainings } from '../nn/model.js';
import type { Optimizer } from '../nn/optimizer.js';
import { sgd } from '../nn/optimizers.js';
import type { Probe } from '../nn/statistics.js';
import { findings } from './findings.js';
import { network } from './measure.js';
import { measuredPass } from './pass.js';
import { type Found, search, type TrialRequest } from './search.js';
import { theory } from './theory.js';
import { type Verdict, verdicts, verdictsOn } from './verdict.js';

/** The statistics of a forward and a backward pass, the verdicts on them, and what a trial found if there was one. */
export interface Diagnosis extends Probe {
  verdicts: Verdict[];
  trial?: TrialReport | undefined;
}

/** What was tried, in how many steps at most, and what was learnt; or why nothing was tried. */
export type TrialReport =
  | {
      settings: number;
      steps: number;
      /** How many rows were held back, to compare by. */
      rows: number;
      /** What is compared: the share of labels that are right, or the share of the loss that is gone. */
      quality: 'accuracy' | 'loss';
      /** That of the model as it is, and of the best setting. */
      own: number;
      best: number;
    }
  | { skipped: string };

export interface ProbeOptions {
  lr?: number | undefined;
  /** What the model is to be trained with; nn.sgd({ lr }) by default. */
  optimizer?: Optimizer | undefined;
  /** Rows in a step of that training; 32 by default, as in nn.fit. */
  batchSize?: number | undefined;
  loss?: NamedLoss | undefined;
  /** Whether settings may be tried; true by default. */
  trial?: boolean | undefined;
}

/**
 * Runs one forward and one backward pass over a batch of some hundred or thousand rows. Returns statistics of every layer's outputs,
 * gradients and weights, and verdicts, as plain data. The model's values do not change, and dropout leaves nothing out. `loss`
 * is crossEntropy by default. With a learning rate `lr`, at least 0, the statistics of weights have `update`: the length of
 * a step of plain gradient descent divided by the length of the weights (1e-3 is usual).
 *
 * With a learning rate or an optimizer, or where something is found, a trial follows: a copy of the model is trained on three
 * quarters of the batch for a few hundred steps, as it is and by other weights, learning rates and on standardised data, and is
 * judged by the rest. It takes some seconds, at most 30; models of more than some millions of parameters are not tried.
 * `trial: false` leaves it out. TypeError and RangeError for data that do not fit the model, and for a batch without rows.
 */
function probe(model: Model, data: Data, given?: ProbeOptions): Diagnosis {
  const where = 'diagnose.probe';
  const o = options(where, given, ['lr', 'optimizer', 'batchSize', 'loss', 'trial']);
  const examples = examplesOf(where, model, data, o.loss);
  const optimizer = o.optimizer === undefined ? undefined : optimizerOf(where, o.optimizer);
  if (optimizer && o.lr !== undefined) throw new TypeError(`${where}: both lr and optimizer; pass one of them`);
  const lr = o.lr === undefined ? optimizer?.lr : number(where, 'lr', o.lr, { least: 0 });
  const batchSize = whole(where, 'batchSize', o.batchSize ?? 32, { least: 1 });
  const isWanted = flag(where, 'trial', o.trial ?? true);
  if (examples.rows === 0) throw new RangeError(`${where}: x has no rows; pass a batch of a few hundred rows`);
  const report = measuredPass(where, model, examples, lr);
  const found = isWanted
    ? trialOf({
        where,
        model,
        examples,
        data,
        loss: o.loss ?? 'crossEntropy',
        probe: report,
        optimizer: optimizer ?? sgd({ lr: lr ?? 0.1 }),
        batchSize,
        isRateGiven: lr !== undefined,
      })
    : undefined;
  const trial = typeof found === 'string' ? undefined : found;
  return {
    ...report,
    verdicts: verdictsOn(report, model, examples.x, trial),
    ...(found && { trial: reportOf(found) }),
  };
}

/** What a trial finds; undefined where there is no need for one, or nothing to learn from. */
function trialOf(request: TrialRequest): Found | string | undefined {
  const { model, probe, optimizer, isRateGiven } = request;
  const { input } = probe;
  const isEmpty = input === undefined || input.nonFinite > 0 || input.variance === 0 || optimizer.lr === 0;
  if (isEmpty || (!isRateGiven && findings(probe).length === 0)) return undefined;
  return trainings.has(model) ? 'the model is being trained' : search(request);
}

function reportOf(found: Found | string): TrialReport {
  if (typeof found === 'string') return { skipped: found };
  const { trial, settings, own, best } = found;
  const quality = own.examples.criterion.labels ? 'accuracy' : 'loss';
  return { settings, steps: trial.steps, rows: trial.rows, quality, own: own.quality, best: best.quality };
}

/** Functions that say why a network learns or fails. */
export const diagnose = { probe, network, verdicts, theory };
