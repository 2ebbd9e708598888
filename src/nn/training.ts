// Training: nn.fit, and the same with several threads.

import { attached, what } from '../check.js';
import { eventLoopTurn, milliseconds, warn } from '../host.js';
import { type GeneratorState, sourceFrom } from '../random/generator.js';
import { restore, setState } from '../random/generators.js';
import type { Source } from '../random/source.js';
import { view } from '../wasm/kernels.js';
import { memoryOf } from '../wasm/memory.js';
import { readCheckpoint } from './checkpoint.js';
import type { BoundLoss } from './criterion.js';
import { type Fit, type FitOptions, fitOptions } from './fit-options.js';
import { type Fitting, fitting, type History, type Step } from './fitting.js';
import { specOf } from './layer.js';
import type { Data } from './loss.js';
import {
  beginPass,
  drawingLayers,
  type Model,
  type Progress,
  planFor,
  productsOf,
  setModelBusy,
  sharedSources,
  type Training,
  trainings,
  valuesOf,
} from './model.js';
import { nonFiniteParameter, originOf } from './non-finite.js';
import type { Plan } from './plan.js';
import { type LongestStep, longestStep, probePass } from './statistics.js';
import { clipping, generatorStates, gradients, type ThreadTeam, type TrainingSpec } from './step.js';

/** nn.fit, or the same with steps by a team of threads if that is faster. `where` begins its errors. */
export function train(where: string, model: Model, data: Data, given: Fit, available?: ThreadTeam): Fitting {
  const o = fitOptions(where, model, data, given);
  const checkpoint = checkpointOf(where, model, o);
  const order = checkpoint ? resumedOrder(where, model, o, checkpoint) : sourceFrom(where, o);
  // An error for layers without a spec, which threads cannot make again, even if this training is too small for threads.
  const spec = available && specFor(where, model, o);
  const rows = Math.min(o.batchSize, Math.max(1, o.rows));
  const team = available?.isWorth(productsOf(model, rows)) ? available : undefined;
  const run = new Run(where, model, o, order, checkpoint, spec, team);
  return fitting(where, run.steps(), run.history);
}

type Checkpoint = ReturnType<typeof readCheckpoint>;

/** The checkpoint of the option `resume`, checked against model and options; undefined without it. */
function checkpointOf(where: string, model: Model, o: FitOptions): Checkpoint | undefined {
  if (o.resume === undefined) return undefined;
  const checkpoint = readCheckpoint(where, o.resume, model, o.optimizer.slots);
  const { epoch, rows, batchSize, layers } = checkpoint.progress;
  if (epoch >= o.epochs)
    throw new RangeError(`${where}: resume is of epoch ${epoch} (from 0), and epochs is ${o.epochs}; pass more`);
  if (rows !== o.rows || batchSize !== o.batchSize)
    throw new RangeError(`${where}: resume is of ${rows} rows, ${batchSize} a step; pass the same data and batchSize`);
  if (drawingLayers(model).some(([i]) => !Object.hasOwn(layers, i)))
    throw new RangeError(`${where}: resume is of another model; make one of the same layers`);
  return checkpoint;
}

/**
 * The source of the rows' order in a training that is resumed: that of rng or seed, else the one of the layers that shared it, else
 * a new one from the file. RangeError where generators are shared otherwise than they were: the bits would differ.
 */
function resumedOrder(where: string, model: Model, o: FitOptions, { progress }: NonNullable<Checkpoint>): Source {
  const { sources, generator } = progress;
  const shared = drawingLayers(model).find(([i]) => sources?.[i] === 'order');
  const order =
    o.rng !== undefined || o.seed !== undefined
      ? sourceFrom(where, o)
      : (shared?.[1] ?? sourceFrom(where, { rng: restore(generator as GeneratorState) }));
  const owner = (at: string, i: string) =>
    at === i ? 'its own' : `that of ${at === 'order' ? 'the order of rows (rng)' : `layers[${at}]`}`;
  for (const [i, at] of Object.entries(sharedSources(model, order)))
    if (sources && sources[i] !== at)
      throw new RangeError(
        `${where}: the generator of layers[${i}] is ${owner(at, i)}, and in resume it was ${owner(sources[i], i)}; share generators as then`,
      );
  return order;
}

/** The part of a TrainingSpec that does not depend on the plan. */
const specFor = (where: string, model: Model, { optimizer, loss, clipNorm }: FitOptions) => ({
  layers: model.layers.map((layer) => specOf(where, `a layer of kind ${layer.kind}`, layer)),
  optimizer: specOf(where, 'the optimizer', optimizer),
  loss: structuredClone(loss),
  clipNorm,
});

/** The slices of an array that has the parameters' layout, by the parameters' names. */
const byName = (model: Model, { tensors }: Plan, values: Float32Array): Record<string, Float32Array> =>
  Object.fromEntries(
    Object.entries(model.parameters).map(([name, tensor]) => {
      const { from, values: own } = tensors.get(tensor)!;
      return [name, values.subarray(from, from + own.length)];
    }),
  );

/** A team's training that has begun. */
type TeamSteps = Awaited<ReturnType<ThreadTeam['begin']>>;

/** One training of a model, from its first step to its last. */
class Run implements Training {
  readonly history: History = { loss: [], epochs: 0, steps: 0 };
  /** The sum of the epoch's losses, each as often as its step has rows, and how many rows these are. */
  private losses = { sum: 0, rows: 0 };
  private readonly drawing;
  private plan!: Plan;
  private slots: Float32Array[] = [];
  private loss!: BoundLoss;
  private update!: (lr: number) => void;
  private clip: (() => number) | undefined;
  private team: TeamSteps | undefined;
  /** The parameters before a step, for a probe. Allocated once: 320 kB take 180 us to allocate, 20 to fill. */
  private before: Float32Array | undefined;
  private longest: LongestStep | undefined;
  /** Whether it was said that numbers are not finite, or is not to be said. */
  private told: boolean;
  private lr = 0;
  private epoch = 0;
  private row = 0;
  private step = 0;
  /** The state of the order's generator at the beginning of the epoch. */
  private epochOrder: Record<string, unknown>;

  constructor(
    private readonly where: string,
    private readonly model: Model,
    private readonly o: FitOptions,
    private readonly order: Source,
    private readonly checkpoint: Checkpoint | undefined,
    private readonly spec: ReturnType<typeof specFor> | undefined,
    private readonly threads: ThreadTeam | undefined,
  ) {
    this.drawing = drawingLayers(model);
    this.epochOrder = order.state();
    this.told = o.onNonFinite === 'ignore';
  }

  progress(): Progress {
    const { epoch, row, epochOrder, order, model } = this;
    const { rows, batchSize } = this.o;
    return {
      epoch,
      row,
      rows,
      batchSize,
      order: epochOrder,
      generator: order.state(),
      layers: generatorStates(model),
      sources: sharedSources(model, order),
    };
  }

  state(): Record<string, Float32Array>[] {
    return this.slots.map((values) => byName(this.model, this.plan, values));
  }

  async *steps(): AsyncGenerator<Step, void, void> {
    const { model, o } = this;
    o.signal?.throwIfAborted();
    try {
      const firstOrder = this.begin();
      await this.beginTeam();
      let since = milliseconds();
      // Without rows there is nothing to wait for between two epochs, however many there are.
      const epochs = o.rows === 0 ? 0 : o.epochs;
      for (let resumed = this.checkpoint !== undefined; this.epoch < epochs; this.epoch++, this.row = 0) {
        if (!resumed) this.epochOrder = this.order.state();
        const order = resumed ? firstOrder : o.shuffle ? this.order.order(o.rows) : undefined;
        resumed = false;
        let lr: number | undefined;
        while (this.row < o.rows) {
          o.signal?.throwIfAborted();
          if (trainings.get(model) !== this)
            throw new Error(`${this.where}: another fit of this model has begun; train one after the other`);
          if (lr === undefined || o.rateEach === 'step') lr = o.rate(o.rateEach === 'step' ? this.step : this.epoch);
          yield this.makeStep(order, lr);
          // While threads make a step, the event loop has its turn anyway.
          if (!this.team && milliseconds() - since > 12) {
            await eventLoopTurn();
            since = milliseconds();
          }
        }
        this.endEpoch();
      }
      this.checkParameters();
    } finally {
      this.end();
      await this.team?.end();
    }
  }

  /** Makes the plan and restores the checkpoint. Returns the order of rows in the epoch that is resumed. */
  private begin(): Uint32Array | undefined {
    const { model, o, threads } = this;
    const { optimizer } = o;
    const batchSize = Math.min(o.batchSize, Math.max(1, o.rows));
    this.plan = planFor(this.where, model, batchSize, optimizer.slots, threads?.threads);
    trainings.set(model, this);
    const { plan } = this;
    this.slots = plan.state.slice(0, optimizer.slots);
    for (const values of this.slots) values.fill(0);
    const order = this.restore();
    this.update = optimizer.bind(plan.kernel, plan.parameters, plan.gradients, this.slots, this.step);
    if (typeof this.update !== 'function')
      throw new TypeError(`${this.where}: bind of optimizer returns ${what(this.update)}; return a function of lr`);
    this.loss = o.criterion.bind(plan.kernel, plan.lossMemory, plan.outputs, plan.outputGradient, plan.batchSize);
    this.clip = o.clipNorm === undefined ? undefined : clipping(plan, o.clipNorm);
    this.before = o.probeEvery === undefined ? undefined : new Float32Array(plan.parameters.length);
    return order;
  }

  /** Restores the checkpoint, if there is one. Returns the order of rows in its epoch. */
  private restore(): Uint32Array | undefined {
    const { where, model, o, checkpoint } = this;
    if (!checkpoint) return undefined;
    const { progress, parameters, state } = checkpoint;
    const order = o.shuffle ? restore(progress.order as GeneratorState).order(o.rows) : undefined;
    setState(where, this.order, progress.generator as GeneratorState);
    for (const [i, source] of this.drawing) setState(where, source, progress.layers[i] as GeneratorState);
    for (const [name, values] of valuesOf(model)) values.set(parameters[name].data);
    const slots = this.state();
    state.forEach((tensors, i) => {
      for (const [name, values] of Object.entries(slots[i])) values.set(tensors[name].data);
    });
    ({ epoch: this.epoch, row: this.row, order: this.epochOrder } = progress);
    this.step = this.epoch * Math.ceil(o.rows / o.batchSize) + Math.ceil(this.row / o.batchSize);
    return order;
  }

  /** Sends the training to the threads, if there are any. */
  private async beginTeam(): Promise<void> {
    const { model, plan, spec } = this;
    if (!this.threads || !spec) return;
    const training: TrainingSpec = {
      ...spec,
      sources: sharedSources(model),
      memory: memoryOf(plan.ws),
      threads: plan.threads,
      generators: generatorStates(model),
      batchSize: plan.batchSize,
      slots: plan.slots,
      steps: this.step,
    };
    this.team = await this.threads.begin(training, plan);
  }

  /** Makes the next step of the epoch. Without an order, rows are in the data's. */
  private makeStep(order: Uint32Array | undefined, lr: number): Step | Promise<Step> {
    const { model, plan, o, team } = this;
    const count = this.loadRows(order);
    const probed = o.probeEvery !== undefined && this.step % o.probeEvery === 0;
    this.row += count;
    this.lr = lr;
    const step: Step = { epoch: this.epoch, step: this.step++, loss: 0, lr };
    const end = beginPass(model, plan);
    if (team)
      return this.stepOfTeam(team, count, step, probed)
        .finally(end)
        .then(() => {
          this.checkLoss(step, count, order, false);
          return this.counted(step, count);
        });
    try {
      const finish = this.probed(count, step, probed);
      if (!probed) step.loss = gradients(plan, this.loss, count);
      this.checkLoss(step, count, order, true);
      if (this.clip) step.gradientNorm = this.clip();
      this.update(lr);
      finish?.();
    } finally {
      end();
    }
    return this.counted(step, count);
  }

  /** Adds a step to the history. */
  private counted(step: Step, count: number): Step {
    this.losses.sum += count * step.loss;
    this.losses.rows += count;
    this.history.steps++;
    return step;
  }

  /** Computes the gradients of a step that is probed. The function that is returned completes the probe after the step. */
  private probed(count: number, step: Step, isProbed: boolean): (() => void) | undefined {
    if (!isProbed) return undefined;
    const { model, plan, loss } = this;
    const probe = probePass(model, plan, count, true);
    probe.forward();
    step.loss = loss.backward(count);
    probe.backward();
    this.before?.set(plan.parameters);
    return () => {
      probe.after(this.before!);
      const { longest } = this;
      const report = probe.report(step.loss);
      // What was too long is told where values are not finite for its sake.
      step.probe = { ...report, step: step.step, ...(longest && report.loss === null && { longest }) };
      this.longest = longestStep(longest, step.probe);
    };
  }

  /** Writes the epoch's mean loss to the history. Of an epoch that is resumed at its end there is none. */
  private endEpoch(): void {
    const { history, losses } = this;
    if (losses.rows === 0) return;
    history.loss.push(losses.sum / losses.rows);
    history.epochs++;
    this.losses = { sum: 0, rows: 0 };
  }

  /** Says where a loss comes from that is not finite. `unchanged`: whether the parameters are those before the step. */
  private checkLoss({ loss, step, lr }: Step, count: number, order: Uint32Array | undefined, unchanged: boolean): void {
    if (Number.isFinite(loss) || this.told) return;
    const rows = Array.from({ length: count }, (_, i) => this.row - count + i).map((i) => order?.[i] ?? i);
    this.tell(`the loss of step ${step} is ${loss}`, lr, rows, unchanged);
  }

  /** The same of the parameters after the last step, of whose update no loss tells. */
  private checkParameters(): void {
    if (this.told || this.history.steps === 0 || nonFiniteParameter(this.model) === undefined) return;
    this.tell('the last step made parameters that are not finite', this.lr, [], true);
  }

  private tell(what: string, lr: number, rows: number[], unchanged: boolean): void {
    this.told = true;
    const { model, plan, where } = this;
    const { x, criterion, onNonFinite } = this.o;
    const { steps } = this.history;
    const origin = originOf({ model, plan, x, targets: criterion.targets, lr, steps, rows, unchanged });
    const text = `${where}: ${what}: ${origin}`;
    if (onNonFinite === 'throw') throw new RangeError(text);
    warn(text);
  }

  /** Copies the next rows of the epoch into the plan. Returns how many there are. */
  private loadRows(order: Uint32Array | undefined): number {
    const { plan, loss, row, o } = this;
    const { inputs } = this.model;
    const count = Math.min(o.batchSize, o.rows - row);
    attached(this.where, 'x', o.x);
    if (loss.source) attached(this.where, 'targets', loss.source);
    for (let i = 0; i < count; i++) {
      const from = order ? order[row + i] : row + i;
      plan.x.set(view(o.x, from * inputs, (from + 1) * inputs), i * inputs);
      loss.load(i, from);
    }
    return count;
  }

  private async stepOfTeam(team: TeamSteps, count: number, step: Step, isProbed: boolean): Promise<Step> {
    const { model } = this;
    const finish = this.probed(count, step, isProbed);
    setModelBusy(model, true);
    try {
      const request = { count, lr: step.lr, hasGradients: isProbed, generators: generatorStates(model) };
      const result = await team.step(request);
      if (!isProbed) step.loss = result.loss;
      if (this.clip) step.gradientNorm = result.gradientNorm;
      for (const [i, source] of this.drawing) setState(this.where, source, result.generators[i]);
    } finally {
      setModelBusy(model, false);
    }
    finish?.();
    return step;
  }

  /** Ends the training. The parameters get the newest values, after which its plan can be dropped. */
  private end(): void {
    if (trainings.get(this.model) !== this) return;
    trainings.delete(this.model);
    valuesOf(this.model);
  }
}

/**
 * A training of a model, which `await` makes as a whole and `for await` step by step. After every 12 milliseconds of work the event
 * loop runs, so that a page or a server can do other work. TypeError or RangeError for wrong data or options, at once.
 */
export const fit = (model: Model, data: Data, given: Fit): Fitting => train('nn.fit', model, data, given);
