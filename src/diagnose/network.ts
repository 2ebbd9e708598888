// Why a network learns or fails: what its layers make of a batch, what theory expects of them, and what is wrong.

import { number, options } from '../check.js';
import { examplesOf } from '../nn/evaluate.js';
import type { Data, NamedLoss } from '../nn/loss.js';
import { type Model, planFor, trainings } from '../nn/model.js';
import { type Probe, probePass } from '../nn/statistics.js';
import { view } from '../wasm/kernels.js';
import { theory } from './theory.js';
import { type Verdict, verdicts } from './verdict.js';

/** A probe, and what is wrong. */
export interface Diagnosis extends Probe {
  verdicts: Verdict[];
}

/**
 * One forward and one backward pass over a batch, some hundred rows: of every layer the figures of what it makes, of the
 * gradients and weights, and what is wrong with them. The model stays as it is (with more rows than before its
 * tensors move, as by a training step of so many); dropout leaves nothing out. With lr the
 * weights' `update` is told: the length of a step of plain gradient descent by the length of the weights (1e-3 is usual).
 * Plain data. RangeError for no rows, and for more rows than a step has while the model is being trained.
 */
function probe(model: Model, data: Data, given?: { lr?: number; loss?: NamedLoss }): Diagnosis {
  const where = 'diagnose.probe';
  const o = options(where, given, ['lr', 'loss']);
  const { x, rows, criterion } = examplesOf(where, model, data, o.loss);
  if (o.lr !== undefined) number(where, 'lr', o.lr, { least: 0 });
  if (rows === 0) throw new RangeError(`${where}: x has no rows; pass a batch, some hundred rows`);
  const room = planFor(model, 1).batchSize;
  if (rows > room && trainings.has(model))
    throw new RangeError(
      `${where}: x has ${rows} rows, and the model is being trained; pass at most ${room}, or end that training (its iterator's return())`,
    );
  const p = planFor(model, rows);
  const loss = criterion.bind(p.kernel, p.lossMemory, p.outputs, p.outputGradient, p.batchSize);
  p.x.set(view(x, 0, x.length));
  for (let i = 0; i < rows; i++) loss.load(i, i);
  const looking = probePass(model, p, rows, false);
  looking.forward();
  const mean = loss.backward(rows);
  looking.backward(o.lr);
  const made = looking.report(mean);
  return { ...made, verdicts: verdicts(made, model, x) };
}

/** Why a network learns or fails. */
export const diagnose = { probe, verdicts, theory };
