// A trial: a model is trained for some steps on a batch, once for each of several settings, and what they learn is compared.
// Thresholds are about the first step; whether a network learns is decided by the next hundred.

import type { Criterion } from '../nn/criterion.js';
import { indexOfLargest } from '../nn/evaluate.js';
import { beginPass, drawingLayers, forwardInBatches, type Model, planFor, productsOf } from '../nn/model.js';
import type { Optimizer } from '../nn/optimizer.js';
import type { Plan } from '../nn/plan.js';
import { gradients } from '../nn/step.js';
import type { GeneratorState } from '../random/generator.js';
import { philox, setState } from '../random/generators.js';
import { view } from '../wasm/kernels.js';
import { drawWeights, savedParameters } from './draw.js';
import type { Scheme } from './scheme.js';

/** Rows of inputs, and the loss on their labels or targets. */
export interface Examples {
  x: Float32Array;
  rows: number;
  criterion: Criterion;
}

/** How a model is trained in a trial. */
export interface Setting {
  /** How its weights are drawn, and which draw of several it is; without a scheme they stay as they are. */
  scheme?: Scheme | undefined;
  draw?: number | undefined;
  /** The batch as it is, or a standardised one. */
  examples: Examples;
  lr: number;
}

/** What a setting learns. */
export interface Outcome extends Setting {
  /** The mean loss of the rows that are held back; Infinity where a value is not finite. */
  loss: number;
  /** With labels, the share of these rows that are right; else the share of the loss of the best constant that is gone. */
  quality: number;
}

/** Steps of the rounds. After each the best third of the settings goes on, from the start again. */
const ROUNDS = [12, 36, 108, 432];

/**
 * Rounds that are ranked by the loss; later ones by what is learnt. Early the loss says more. Later it grows where a setting is too
 * sure of itself, on rows that it has seen ten times, and a smaller learning rate than the best one would win.
 */
const BY_LOSS = 2;

/**
 * The most products in a trial: rows times parameters, of which a step has three. At 2e10 a second they take 4 s. Models with which
 * a round would have fewer than LEAST_STEPS steps are not tried.
 */
const BUDGET = 8e10;
const LEAST_STEPS = 4;

/**
 * Milliseconds after which a trial is given up: with values below 1e-38 a product takes a hundred times as long. A machine that
 * is slow enough gets no trial where another one gets one.
 */
const LONGEST = 30000;

/** Rows of a batch that are trained on: of very few all, since then there is nothing to compare by. */
const keptRows = (rows: number) => (rows >= 64 ? Math.ceil(0.75 * rows) : rows);

/** Steps of each round for a number of settings, on batches of `rows` rows; none if the model is too large. */
export function roundsFor(model: Model, rows: number, settings: number): number[] {
  let [steps, left] = [0, settings];
  for (const n of ROUNDS) {
    steps += n * left;
    left /= 3;
  }
  const share = Math.min(1, BUDGET / (3 * productsOf(model, rows) * steps));
  return share * ROUNDS[0] < LEAST_STEPS ? [] : ROUNDS.map((n) => Math.round(n * share));
}

/** Draws of weights beside the first, for the settings that are best. */
const REDRAWS = [1, 2];

/** Rows to which lsuv is fitted. */
const LSUV_ROWS = 256;

/** Below this, a gradient in the first layer learns nothing, and its products may take long. */
const NOTHING = 1e-25;

/** The order of outcomes: what has learnt most comes first. */
export const byQuality = (a: Outcome, b: Outcome) => b.quality - a.quality || a.loss - b.loss;

/** Rows [from, to) of examples. */
interface Slice {
  from: number;
  to: number;
}

/** What is thrown where a trial takes too long. */
const tooLong = {};

/** A trial of a model, whose parameters and generators are put back after each run. */
export class Trial {
  /** How many rows are held back, to compare by. */
  readonly rows: number;
  /** Steps of the longest training. */
  steps: number;
  private readonly plan: Plan;
  private readonly batchSize: number;
  private readonly train: Slice;
  private readonly held: Slice;
  private deadline = Infinity;
  /** Puts the weights of a scheme into the model; null if there are none. To draw those of lsuv takes as long as a hundred steps. */
  private readonly drawn = new Map<Scheme, ((() => void) | null)[]>();

  constructor(
    private readonly where: string,
    private readonly model: Model,
    /** Rows of the examples, and of a step. */
    rows: number,
    batchSize: number,
    private readonly optimizer: Optimizer,
    /** Steps of each round. */
    readonly rounds: readonly number[],
  ) {
    // A quarter is held back, since on a few hundred rows alone the best is what overfits.
    const kept = keptRows(rows);
    this.train = { from: 0, to: kept };
    this.held = kept < rows ? { from: kept, to: rows } : this.train;
    this.rows = this.held.to - this.held.from;
    this.steps = rounds[rounds.length - 1];
    this.batchSize = Math.min(batchSize, kept);
    this.plan = planFor(where, model, this.batchSize, optimizer.slots);
  }

  /** Calls f, during which the trial is given up after some seconds: then it returns undefined. */
  bounded<T>(f: () => T): T | undefined {
    this.deadline = Date.now() + LONGEST;
    try {
      return f();
    } catch (error) {
      if (error === tooLong) return undefined;
      throw error;
    } finally {
      this.deadline = Infinity;
      this.drawn.clear();
    }
  }

  /** The outcomes of the settings that are left in the last round, the best first. */
  run(settings: readonly Setting[]): Outcome[] {
    if (settings.length === 0) return [];
    return this.restoring((restore) => {
      let outcomes = settings.map((setting): Outcome => ({ ...setting, loss: Infinity, quality: 0 }));
      this.rounds.forEach((steps, round) => {
        const left = round === 0 ? outcomes.length : Math.max(3, Math.ceil(outcomes.length / 3));
        outcomes = outcomes.slice(0, left).map((setting) => {
          restore();
          return this.outcomeOf(setting, steps);
        });
        outcomes.sort(round < BY_LOSS ? (a, b) => a.loss - b.loss || a.lr - b.lr : byQuality);
      });
      return outcomes;
    });
  }

  /** What one setting learns in as many steps as the longest training has. */
  runOne(setting: Setting): Outcome {
    return this.restoring(() => this.outcomeOf(setting, this.steps));
  }

  /** Outcomes with the means over more draws of their weights. Those of a model's own weights, of which there is one, stay. */
  redrawn(outcomes: readonly Outcome[]): Outcome[] {
    const means = outcomes.map((outcome) => {
      if (!outcome.scheme) return outcome;
      const all = [outcome, ...REDRAWS.map((draw) => this.runOne({ ...outcome, draw }))];
      const mean = (of: 'loss' | 'quality') => all.reduce((sum, one) => sum + one[of], 0) / all.length;
      return { ...outcome, loss: mean('loss'), quality: mean('quality') };
    });
    return means.sort(byQuality);
  }

  /** What settings learn in three times as many steps: the best come first. */
  runLonger(settings: readonly Setting[]): Outcome[] {
    this.steps *= 3;
    return settings.map((setting) => this.runOne(setting)).sort(byQuality);
  }

  /** The share of the most frequent label, which outputs that are always the same get right; 0 without labels. */
  chance({ criterion: { labels } }: Examples): number {
    if (!labels) return 0;
    const counts = new Map<number, number>();
    for (const label of labels.subarray(this.held.from, this.held.to)) counts.set(label, (counts.get(label) ?? 0) + 1);
    return Math.max(...counts.values()) / this.rows;
  }

  /** The mean loss of the rows that are held back: of the model as it is now. */
  lossNow = (examples: Examples): number => this.heldLoss(examples).loss;

  /** The same of outputs that are always the same: the mean of the targets, or 0 where outputs are logits or shares. */
  lossOfNothing(examples: Examples): number {
    const { outputs } = planFor(this.where, this.model);
    const columns = this.model.outputs;
    const means = new Float64Array(columns);
    const { targets, isRegression } = examples.criterion;
    const values = isRegression && targets ? targets.subarray(this.held.from * columns, this.held.to * columns) : [];
    values.forEach((target, i) => {
      means[i % columns] += target / this.rows;
    });
    return this.heldLoss(examples, (count) => {
      for (let i = 0; i < count * columns; i++) outputs[i] = means[i % columns];
    }).loss;
  }

  /** What the model has learnt now, without any step. */
  qualityNow = (examples: Examples): number => this.measured(examples).quality;

  /** Calls f with a function that puts parameters and generators back, as is done at the end, too. */
  private restoring<T>(f: (restore: () => void) => T): T {
    const { model, where } = this;
    const restoreParameters = savedParameters(model);
    const sources = drawingLayers(model).map(([, source]) => ({ source, state: source.state() as GeneratorState }));
    const restore = () => {
      restoreParameters();
      for (const { source, state } of sources) setState(where, source, state);
    };
    try {
      return f(restore);
    } finally {
      restore();
    }
  }

  private outcomeOf(setting: Setting, steps: number): Outcome {
    if (Date.now() > this.deadline) throw tooLong;
    const { model, plan } = this;
    const { scheme, draw = 0, examples, lr } = setting;
    const failed = { ...setting, loss: Infinity, quality: 0 };
    if (scheme !== undefined && !this.draw(scheme, draw, examples)) return failed;
    const end = beginPass(model, plan);
    let stayedFinite: boolean;
    try {
      stayedFinite = this.makeSteps(examples, lr, steps);
    } finally {
      end();
    }
    if (!stayedFinite) return failed;
    return { ...setting, ...this.measured(examples) };
  }

  /** The loss of the rows that are held back, and what is learnt of them. */
  private measured(examples: Examples): Pick<Outcome, 'loss' | 'quality'> {
    const { loss, right } = this.heldLoss(examples);
    if (right !== undefined) return { loss, quality: right };
    const nothing = this.lossOfNothing(examples);
    return { loss, quality: nothing > 0 ? Math.max(0, (nothing - loss) / nothing) : 0 };
  }

  /** Gives the model the weights of a draw of a scheme, the same each time. Returns false if there are none. */
  private draw(scheme: Scheme, draw: number, { x }: Examples): boolean {
    const { model } = this;
    const draws = this.drawn.get(scheme) ?? [];
    this.drawn.set(scheme, draws);
    if (draws[draw] === undefined) {
      const some = view(x, 0, Math.min(x.length, LSUV_ROWS * model.inputs)) as Float32Array;
      try {
        drawWeights(model, scheme, philox(`trial ${draw}`), { meanSquare: 1, x: some });
        draws[draw] = savedParameters(model);
      } catch {
        draws[draw] = null; // lsuv, of values without a variance
      }
    }
    draws[draw]?.();
    return draws[draw] !== null;
  }

  /** Makes steps. Returns false where the loss is not finite. */
  private makeSteps({ x, criterion }: Examples, lr: number, steps: number): boolean {
    const { model, plan, optimizer, train, batchSize } = this;
    const loss = criterion.bind(plan.kernel, plan.lossMemory, plan.outputs, plan.outputGradient, plan.batchSize);
    const state = plan.state.slice(0, optimizer.slots);
    for (const values of state) values.fill(0);
    const update = optimizer.bind(plan.kernel, plan.parameters, plan.gradients, state, 0);
    const [first] = plan.tensors.values();
    for (let step = 0, at = 0; step < steps; step++, at = at + batchSize < train.to ? at + batchSize : 0) {
      const count = Math.min(batchSize, train.to - at);
      plan.x.set(view(x, at * model.inputs, (at + count) * model.inputs));
      for (let i = 0; i < count; i++) loss.load(i, at + i);
      if (!Number.isFinite(gradients(plan, loss, count))) return false;
      if (step === 0 && first.gradient.every((g) => Math.abs(g) < NOTHING)) return true;
      update(lr);
    }
    return true;
  }

  /** The mean loss of the rows that are held back, with outputs as `change` leaves them, and the share of labels that are right. */
  private heldLoss({ x, criterion }: Examples, change?: (count: number) => void): { loss: number; right?: number } {
    const { where, model, held, rows } = this;
    const { labels } = criterion;
    const plan = planFor(where, model);
    const loss = criterion.bind(plan.kernel, plan.lossMemory, plan.outputs, plan.outputGradient, plan.batchSize);
    let [total, count, right] = [0, 0, 0];
    const values = view(x, held.from * model.inputs, held.to * model.inputs) as Float32Array;
    forwardInBatches(where, model, values, rows, (outputs, from, batch) => {
      for (let i = 0; i < batch; i++) loss.load(i, held.from + from + i);
      change?.(batch);
      total = loss.forward(batch, total);
      count = loss.count(batch, count);
      for (let i = 0; labels && i < batch; i++)
        if (indexOfLargest(outputs, i * model.outputs, model.outputs) === labels[held.from + from + i]) right++;
    });
    const mean = total / count;
    return { loss: Number.isFinite(mean) ? mean : Infinity, ...(labels && { right: right / rows }) };
  }
}
