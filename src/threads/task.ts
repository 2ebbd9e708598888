// What a thread does of a task: the same functions as everywhere, on its range of arrays in the memory that threads share.

import { type Activation, activation } from '../activation/table.js';
import { init } from '../init/index.js';
import type { Initialising } from '../init/table.js';
import type { Spec } from '../nn/layer.js';
import type { Model } from '../nn/model.js';
import type { DistributionName } from '../random/distributions.js';
import type { Generator, GeneratorState } from '../random/generator.js';
import { random } from '../random/index.js';
import { modelFrom } from './training.js';

/** An array on the shared memory: the index of its first value and how many there are. */
export type SharedArray = readonly [first: number, length: number];

/** What is done to arrays, to values (or rows) `from` to `to` of them. */
export type Task =
  | { kind: 'forward'; name: Activation; options: object; x: SharedArray; out: SharedArray }
  | {
      kind: 'backward';
      name: Activation;
      keeps: 'x' | 'y';
      options: object;
      kept: SharedArray;
      dy: SharedArray;
      out: SharedArray;
    }
  | { kind: 'draw'; distribution: DistributionName; options: object; state: GeneratorState; out: SharedArray }
  | {
      kind: 'init';
      name: Initialising;
      shape: readonly number[];
      options: object;
      state: GeneratorState;
      out: SharedArray;
    }
  | {
      kind: 'model';
      model: number;
      layers: readonly Spec[];
      parameters: Record<string, Float32Array>;
      x: SharedArray;
      out: SharedArray;
    };

/** The latest models of a thread by their numbers; a task says what makes one again. */
const models = new Map<number, Model>();
const MODELS = 8;

function modelOf({ model: number, layers }: Extract<Task, { kind: 'model' }>): Model {
  const model = models.get(number) ?? modelFrom(layers);
  models.delete(number);
  models.set(number, model);
  for (const [oldest] of models) if (models.size > MODELS) models.delete(oldest);
  return model;
}

/** Does values (of a model: rows) from `from` on, up to `to`, of arrays in a memory. */
export function perform(buffer: ArrayBufferLike, task: Task, from: number, to: number): void {
  const slice = ([first]: SharedArray, a = from, b = to) => new Float32Array(buffer, 4 * (first + a), b - a);
  switch (task.kind) {
    case 'forward':
      activation[task.name].forward(slice(task.x), { ...task.options, out: slice(task.out) });
      break;
    case 'backward': {
      const arrays = { [task.keeps]: slice(task.kept), dy: slice(task.dy), out: slice(task.out) };
      activation[task.name].backward({ ...task.options, ...arrays } as never);
      break;
    }
    case 'draw': {
      const options = { ...task.options, out: slice(task.out), slice: [from, to] as const };
      (random.restore(task.state)[task.distribution] as Generator['normal'])(task.out[1], options);
      break;
    }
    case 'init': {
      const rng = random.restore(task.state);
      const options = { ...task.options, rng, out: slice(task.out), slice: [from, to] as const };
      (init[task.name] as typeof init.xavierNormal)(task.shape, options);
      break;
    }
    case 'model': {
      const model = modelOf(task);
      for (const [name, values] of Object.entries(task.parameters)) model.parameters[name].data.set(values);
      const outputs = model.forward(slice(task.x, from * model.inputs, to * model.inputs));
      slice(task.out, from * model.outputs, to * model.outputs).set(outputs);
    }
  }
}
