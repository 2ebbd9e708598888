// Tasks of threads. Each thread runs the package's functions on its range of arrays in the shared memory.

import { type Activation, activation } from '../activation/table.js';
import { init } from '../init/index.js';
import type { Initialising } from '../init/table.js';
import type { Spec } from '../nn/layer.js';
import { type Model, valuesOf } from '../nn/model.js';
import type { DistributionName } from '../random/distributions.js';
import type { Generator, GeneratorState } from '../random/generator.js';
import { restore } from '../random/generators.js';
import { modelFrom } from './training.js';

/** An array in the shared memory: the index of its first value, and its length. */
export type SharedArray = readonly [first: number, length: number];

/** A function to run on arrays, on the values (for a model: rows) of a range. */
export type Task =
  | { kind: 'forward'; name: Activation; options: object; x: SharedArray; out: SharedArray }
  | {
      kind: 'backward';
      name: Activation;
      keeps: 'x' | 'y';
      options: object;
      saved: SharedArray;
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

/** The models that a thread used last, by their numbers. Others are made again from their tasks. */
const models = new Map<number, Model>();
const MAX_MODELS = 8;

/** The model of a task. */
function modelOf({ model: number, layers }: Extract<Task, { kind: 'model' }>): Model {
  const model = models.get(number) ?? modelFrom(layers);
  models.delete(number);
  models.set(number, model);
  for (const [oldest] of models) if (models.size > MAX_MODELS) models.delete(oldest);
  return model;
}

/** Runs a task on values (for a model: rows) [from, to) of its arrays. */
export function perform(buffer: ArrayBufferLike, task: Task, from: number, to: number): void {
  const slice = ([first]: SharedArray, begin = from, end = to) =>
    new Float32Array(buffer, 4 * (first + begin), end - begin);
  switch (task.kind) {
    case 'forward':
      activation[task.name].forward(slice(task.x), { ...task.options, out: slice(task.out) });
      break;
    case 'backward': {
      const arrays = { [task.keeps]: slice(task.saved), dy: slice(task.dy), out: slice(task.out) };
      activation[task.name].backward({ ...task.options, ...arrays } as never);
      break;
    }
    case 'draw': {
      const options = { ...task.options, out: slice(task.out), slice: [from, to] as const };
      (restore(task.state)[task.distribution] as Generator['normal'])(task.out[1], options);
      break;
    }
    case 'init': {
      const rng = restore(task.state);
      const options = { ...task.options, rng, out: slice(task.out), slice: [from, to] as const };
      (init[task.name] as typeof init.xavierNormal)(task.shape, options);
      break;
    }
    case 'model': {
      const model = modelOf(task);
      for (const [name, values] of valuesOf(model)) values.set(task.parameters[name]);
      const outputs = model.forward(slice(task.x, from * model.inputs, to * model.inputs));
      slice(task.out, from * model.outputs, to * model.outputs).set(outputs);
    }
  }
}
