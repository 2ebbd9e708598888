// What a thread does of a job: the same functions as everywhere, on its part of arrays in the memory that threads share.

import { type Activation, activation } from '../activation/table.js';
import { init } from '../init/index.js';
import type { Initialising } from '../init/table.js';
import type { Spec } from '../nn/layer.js';
import type { Model } from '../nn/model.js';
import type { DistributionName } from '../random/distributions.js';
import type { Generator, GeneratorState } from '../random/generator.js';
import { random } from '../random/index.js';

import { modelOf } from './barrier.js';

/** An array on the shared memory: its first value and how many there are. */
export type Place = readonly [first: number, length: number];

/** What is done to arrays, to values (or rows) `from` to `to` of them. */
export type Task =
  | { kind: 'forward'; name: Activation; options: object; x: Place; out: Place }
  | { kind: 'backward'; name: Activation; keeps: 'x' | 'y'; options: object; kept: Place; dy: Place; out: Place }
  | { kind: 'draw'; law: DistributionName; options: object; state: GeneratorState; out: Place }
  | { kind: 'init'; name: Initialising; shape: readonly number[]; options: object; state: GeneratorState; out: Place }
  | {
      kind: 'model';
      model: number;
      layers: readonly Spec[];
      parameters: Record<string, Float32Array>;
      x: Place;
      out: Place;
    };

/** The latest models of a thread by their numbers; what makes one again comes with each task. */
const models = new Map<number, Model>();
const KEPT = 8;

/** Does values (of a model: rows) from `from` on, up to `to`, of arrays in a memory. */
export function perform(buffer: ArrayBufferLike, task: Task, from: number, to: number): void {
  const part = ([first]: Place, a = from, b = to) => new Float32Array(buffer, 4 * (first + a), b - a);
  switch (task.kind) {
    case 'forward':
      activation[task.name].forward(part(task.x), { ...task.options, out: part(task.out) });
      break;
    case 'backward': {
      const given = { ...task.options, [task.keeps]: part(task.kept), dy: part(task.dy), out: part(task.out) };
      activation[task.name].backward(given as never);
      break;
    }
    case 'draw': {
      const given = { ...task.options, out: part(task.out), slice: [from, to] as const };
      (random.restore(task.state)[task.law] as Generator['normal'])(task.out[1], given);
      break;
    }
    case 'init': {
      const rng = random.restore(task.state);
      const given = { ...task.options, rng, out: part(task.out), slice: [from, to] as const };
      (init[task.name] as typeof init.xavierNormal)(task.shape, given);
      break;
    }
    case 'model': {
      const model = models.get(task.model) ?? modelOf(task.layers);
      models.delete(task.model);
      models.set(task.model, model);
      for (const [oldest] of models) if (models.size > KEPT) models.delete(oldest);
      for (const [name, values] of Object.entries(task.parameters)) model.parameters[name].data.set(values);
      const made = model.forward(part(task.x, from * model.inputs, to * model.inputs));
      part(task.out, from * model.outputs, to * model.outputs).set(made);
    }
  }
}
