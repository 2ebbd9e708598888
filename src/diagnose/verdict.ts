// `diagnose.verdicts`: the faults of a network that a probe shows, and their fixes.

import { float32, what } from '../check.js';
import { type Model, planFor, requireModel } from '../nn/model.js';
import type { Probe } from '../nn/statistics.js';
import { type Code, findings, linearLayers } from './findings.js';
import { type Fix, fixOf } from './fix.js';

export type { Code } from './findings.js';
export type { Fix } from './fix.js';

export interface Verdict {
  code: Code;
  level: 'warning' | 'error';
  /** Its index in model.layers: where it begins, or where it is worst. */
  layer: number;
  /** The measured figures, and the limit. */
  figures: Record<string, number>;
  /** A sentence. */
  message: string;
  fix: Fix;
}

/** TypeError for a value that is not a probe, RangeError for a probe of another model. */
function requireProbe(where: string, probe: Probe, model: Model): void {
  const advice = 'pass what diagnose.probe gave, or step.probe';
  if (typeof probe !== 'object' || !Array.isArray(probe?.layers))
    throw new TypeError(`${where}: probe is ${what(probe)}; ${advice}`);
  if (typeof probe.input !== 'object' || probe.input === null)
    throw new TypeError(`${where}: the input of probe is ${what(probe.input)}; ${advice}`);
  const { operations } = planFor(where, model);
  const matches =
    operations.length === probe.layers.length && operations.every(({ kind }, i) => kind === probe.layers[i]?.kind);
  if (!matches) throw new RangeError(`${where}: probe is of another model than this one; pass the one it was made of`);
}

/**
 * The faults of a model's hidden layers, errors first; an empty array is a good sign. x, a batch, lets a fix
 * by nn.lsuv be applied. TypeError for a probe, model or x that is something else; RangeError for a probe of another model.
 */
export function verdicts(probe: Probe, model: Model, x?: Float32Array): Verdict[] {
  const where = 'diagnose.verdicts';
  requireModel(where, model);
  requireProbe(where, probe, model);
  if (x !== undefined) float32(where, 'x', x);
  const depth = linearLayers(probe).slice(0, -1).length;
  const found = findings(probe, model);
  const ordered = [
    ...found.filter(({ level }) => level === 'error'),
    ...found.filter(({ level }) => level !== 'error'),
  ];
  return ordered.map((finding) => ({ ...finding, fix: fixOf(finding, { probe, model, depth, x }) }));
}
