// `diagnose` says why a network learns or fails. `probe` measures its layers on a batch, `network` those of a network of
// another library, `verdicts` names the faults and their fixes, and `theory` predicts how a network with random weights behaves.

import { number, options } from '../check.js';
import { examplesOf } from '../nn/evaluate.js';
import type { Data, NamedLoss } from '../nn/loss.js';
import { beginPass, type Model, planFor } from '../nn/model.js';
import { type Probe, probePass } from '../nn/statistics.js';
import { view } from '../wasm/kernels.js';
import { network } from './measure.js';
import { theory } from './theory.js';
import { type Verdict, verdicts, verdictsOn } from './verdict.js';

/** The statistics of a forward and a backward pass, and the verdicts on them. */
export interface Diagnosis extends Probe {
  verdicts: Verdict[];
}

/**
 * Runs one forward and one backward pass over a batch of a few hundred rows. Returns statistics of every layer's outputs,
 * gradients and weights, and verdicts, as plain data. The model's values do not change, and dropout leaves nothing out. `loss`
 * is crossEntropy by default. With a learning rate `lr`, at least 0, the statistics of weights have `update`: the length of
 * a step of plain gradient descent divided by the length of the weights (1e-3 is usual). TypeError and RangeError for data
 * that do not fit the model, and for a batch without rows.
 */
function probe(model: Model, data: Data, given?: { lr?: number | undefined; loss?: NamedLoss | undefined }): Diagnosis {
  const where = 'diagnose.probe';
  const o = options(where, given, ['lr', 'loss']);
  const { x, rows, criterion } = examplesOf(where, model, data, o.loss);
  const lr = o.lr === undefined ? undefined : number(where, 'lr', o.lr, { least: 0 });
  if (rows === 0) throw new RangeError(`${where}: x has no rows; pass a batch of a few hundred rows`);
  const plan = planFor(where, model, rows);
  const loss = criterion.bind(plan.kernel, plan.lossMemory, plan.outputs, plan.outputGradient, plan.batchSize);
  plan.x.set(view(x, 0, x.length));
  for (let i = 0; i < rows; i++) loss.load(i, i);
  const pass = probePass(model, plan, rows, false);
  const end = beginPass(model, plan);
  let mean: number;
  try {
    pass.forward();
    mean = loss.backward(rows);
    pass.backward(lr);
  } finally {
    end();
  }
  const report = pass.report(mean);
  return { ...report, verdicts: verdictsOn(report, model, x) };
}

/** Functions that say why a network learns or fails. */
export const diagnose = { probe, network, verdicts, theory };
