// One forward and one backward pass over a batch, with statistics.

import { beginPass, type Model, planFor } from '../nn/model.js';
import { type Probe, probePass, type Statistics, statisticsOf } from '../nn/statistics.js';
import { view } from '../wasm/kernels.js';
import type { Examples } from './trial.js';

/** The statistics of the examples' pass. With a learning rate weights have `update`, and with targets these have statistics. */
export function measuredPass(
  where: string,
  model: Model,
  { x, rows, criterion }: Examples,
  lr?: number,
): Probe & { targets?: Statistics } {
  const plan = planFor(where, model, rows);
  const loss = criterion.bind(plan.kernel, plan.lossMemory, plan.outputs, plan.outputGradient, plan.batchSize);
  plan.x.set(view(x, 0, x.length));
  for (let i = 0; i < rows; i++) loss.load(i, i);
  const pass = probePass(model, plan, rows, false);
  const end = beginPass(model, plan);
  try {
    pass.forward();
    const mean = loss.backward(rows);
    pass.backward(lr);
    const report = pass.report(mean);
    if (!criterion.targets || !criterion.isRegression) return report;
    // The outputs' gradients are not in use any longer.
    plan.outputGradient.set(criterion.targets);
    return { ...report, targets: statisticsOf(plan, plan.outputGradient, criterion.targets.length) };
  } finally {
    end();
  }
}
