// What a thread does of a job: the same functions as everywhere, a tile at a time, between memory that threads share and
// memory of its own. Kernels stay as they are, and so do the bits; what copying costs is in docs/threads.md.

import { type Activation, activation } from './activation.js';
import { init, type initialisers } from './init.js';
import type { Model } from './model.js';
import * as nn from './nn.js';
import { type Generator, type GeneratorState, random } from './random.js';
import { workspace } from './wasm.js';

/** An array on the shared memory: its first value and how many there are. */
export type Place = readonly [first: number, length: number];

/** What is done to arrays, to values (or rows) `from` to `to` of them. */
export type Task =
  | { kind: 'forward'; name: Activation; options: object; x: Place; out: Place }
  | { kind: 'backward'; name: Activation; keeps: 'x' | 'y'; options: object; kept: Place; dy: Place; out: Place }
  | { kind: 'draw'; law: Drawing; options: object; state: GeneratorState; out: Place }
  | { kind: 'init'; name: Initialising; shape: readonly number[]; options: object; state: GeneratorState; out: Place }
  | {
      kind: 'model';
      model: number;
      layers: readonly Spec[];
      parameters: Record<string, Float32Array>;
      x: Place;
      out: Place;
    };

export type Drawing = 'uniform' | 'normal' | 'truncatedNormal' | 'bernoulli';
export type Initialising = keyof typeof initialisers;
/** A layer by its maker's name and arguments. */
export type Spec = readonly [string, ...unknown[]];

/** Values a tile: two of them are 128 KiB, and stay in a level-2 cache. A draw takes 15 us to begin, as long as 8,000 values. */
const TILE = 16384;
const DRAWN = 8 * TILE;
let tiles: Float32Array[] | undefined;
const tile = (i: number) =>
  (tiles ??= (() => {
    const ws = workspace({ bytes: 4 * (2 * TILE + DRAWN) });
    return [TILE, TILE, DRAWN].map((n) => ws.float32(n));
  })())[i];

/** The models of a thread's one workspace by their numbers; the parameters come with each task. */
const models = new Map<number, Model>();

/** Does values (of a model: rows) from `from` on, up to `to`. */
export function perform(memory: Float32Array, task: Task, from: number, to: number): void {
  const part = ([first]: Place, a: number, b: number) => memory.subarray(first + a, first + b);
  if (task.kind === 'model') {
    forward(part, task, from, to);
    return;
  }
  const drawn = task.kind === 'draw' || task.kind === 'init';
  const [one, two] = [tile(drawn ? 2 : 0), tile(1)];
  const step = one.length;
  for (let at = from; at < to; at += step) {
    const end = Math.min(to, at + step);
    const n = end - at;
    // A tile of the workspace itself, or its beginning.
    const [a, b] = n === step ? [one, two] : [one.subarray(0, n), two.subarray(0, n)];
    switch (task.kind) {
      case 'forward':
        a.set(part(task.x, at, end));
        activation[task.name].forward(a, { ...task.options, out: a });
        break;
      case 'backward':
        b.set(part(task.kept, at, end));
        a.set(part(task.dy, at, end));
        activation[task.name].backward({ ...task.options, [task.keeps]: b, dy: a, out: a } as never);
        break;
      case 'draw': {
        const given = { ...task.options, out: a, slice: [at, end] as const };
        (random.restore(task.state)[task.law] as Generator['normal'])(task.out[1], given);
        break;
      }
      case 'init': {
        const given = { ...task.options, rng: random.restore(task.state), out: a, slice: [at, end] as const };
        (init[task.name] as typeof init.xavierNormal)(task.shape, given);
      }
    }
    part(task.out, at, end).set(a);
  }
}

function forward(
  part: (place: Place, from: number, to: number) => Float32Array,
  { model: number, layers, parameters, x, out }: Extract<Task, { kind: 'model' }>,
  from: number,
  to: number,
): void {
  let model = models.get(number);
  if (model === undefined) {
    const make = nn as unknown as Record<string, (...given: unknown[]) => never>;
    model = nn.sequential(layers.map(([name, ...given]) => make[name](...given)));
    models.set(number, model);
  }
  for (const [name, values] of Object.entries(parameters)) model.parameters[name].data.set(values);
  const made = model.forward(part(x, from * model.inputs, to * model.inputs).slice());
  part(out, from * model.outputs, to * model.outputs).set(made);
}
