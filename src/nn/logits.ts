// Advice where a model's last activation bounds what its loss takes as logits.

import { type Activation, activations } from '../activation/table.js';
import { warn } from '../host.js';
import type { SavedActivation } from './layer.js';
import { lastOperation, type Model } from './model.js';

/** Logits that every last layer should be able to give, of both signs: probabilities of two classes beyond 5 and 95 %. */
const NEEDED = 3;

/** Whether, by the formula of its row, an activation gives nothing below -NEEDED, or nothing above NEEDED. */
function bounds({ name, numbers: [a, b] }: SavedActivation): boolean {
  const { formula } = activations[name as Activation] ?? {};
  if (!formula) return false;
  const values: number[] = [];
  for (let x = 1; x < 1e30; x *= 2) values.push(formula(x, a, b), formula(-x, a, b));
  return !values.some((y) => y <= -NEEDED) || !values.some((y) => y >= NEEDED);
}

const advised = new WeakSet<Model>();

/** Warns, once for a model, where its last activation bounds the logits of a loss. */
export function adviseLogits(where: string, model: Model, loss: string): void {
  const { kind, activation } = lastOperation(model) ?? {};
  if (advised.has(model) || !(kind === 'softmax' || (activation && bounds(activation)))) return;
  advised.add(model);
  warn(
    `${where}: ${loss} takes logits, of any sign and size, which the last ${kind} bounds; leave it out, the loss needs none`,
  );
}
