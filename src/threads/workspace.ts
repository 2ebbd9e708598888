// The workspace of fanwise/threads: memory that threads share, and twins of the functions that split their work by index. The
// bits are those of one thread, whatever the number: a value depends on its index alone.

import { type Activation, activations, type Functions } from '../activation/table.js';
import { choice, options, sameLength, whole } from '../check.js';
import { init } from '../init/index.js';
import { type Initialising, initialisers } from '../init/table.js';
import type { Fit } from '../nn/fit-options.js';
import { specOf } from '../nn/layer.js';
import type { Data } from '../nn/loss.js';
import { type Model, productsOf, requireIdle, requireModel } from '../nn/model.js';
import type { ThreadTeam } from '../nn/step.js';
import { type Step, train } from '../nn/training.js';
import { type DistributionName, distributions } from '../random/distributions.js';
import type { Generator } from '../random/generator.js';
import { checkedShape } from '../tensor.js';
import { memoryOf, sharedWorkspace, type Workspace } from '../wasm/memory.js';
import { type DrawOptions, drawRequest, requireApart, sharedArray } from './arguments.js';
import { Pool } from './pool.js';
import { perform, type Task } from './task.js';

/** A function that answers later. */
type Later<F> = F extends (...given: infer G) => Float32Array ? (...given: G) => Promise<Float32Array> : never;
type Twins<T> = { [K in keyof T]: Later<T[K]> };
type Options = Record<string, unknown>;

/**
 * Memory that threads share, and what they do on it. Arrays of it are for all other functions too, while no thread works
 * on them.
 */
export interface Threads extends Workspace {
  readonly threads: number;
  /** activation's functions, with out; x, y and dy are arrays of this memory. */
  readonly activation: { [A in Activation]: Twins<Functions<A>> };
  /** Draws of a generator into out: ws.draw('normal', { rng, out, std: 2 }). Not of random.torch, whose values depend on all before. */
  draw(law: DistributionName, given: DrawOptions): Promise<Float32Array>;
  /** init's functions whose values are independent of each other, into out. */
  init(name: Initialising, shape: readonly number[], given: DrawOptions): Promise<Float32Array>;
  /** model.forward of rows in x, into out. */
  forward(model: Model, x: Float32Array, given: { out: Float32Array }): Promise<Float32Array>;
  /**
   * nn.fit, each step made by all threads: the same steps, the same bits. The model's tensors are on shared memory while it
   * trains. Layers and optimizers are those of nn; a step of little work is made by the calling thread.
   */
  fit(model: Model, data: Data, given: Fit): AsyncGenerator<Step, void, void>;
  /** Ends the threads. What is asked for afterwards, or under way, is an error. */
  close(): Promise<void>;
}

/**
 * Values below which two threads are no faster than one; of functions without a series, whose limit is memory, CHEAP. And
 * products of a model's rows and parameters below which they are not faster either. All as measured, in docs/threads.md.
 */
const FEW = 1 << 19;
const CHEAP = 1 << 21;
const PRODUCTS = 1 << 22;
/** Values that a thread's range is a multiple of. */
const UNIT = 1024;
const where = 'workspace';

/** A task on values 0 to n by all threads or, where there are few, by the calling one. */
type RunTask = (task: Task, n: number, few?: number) => Promise<void>;

/** The twins of an activation's functions. */
function activationTwins(name: Activation, buffer: ArrayBufferLike, runTask: RunTask): Twins<Functions<Activation>> {
  const { keeps, ulp, parameters } = activations[name];
  const known = Object.keys(parameters);
  const few = (direction: 'forward' | 'backward') => (ulp[direction] <= 0.5 ? CHEAP : FEW);
  const arrayOf = (at: string, argument: string, x: unknown) => sharedArray(at, argument, x, buffer);
  /** A row's options, checked by what checks them everywhere: the function itself, on no values. */
  const checked = (rest: Options): Options => {
    perform(buffer, { kind: 'forward', name, options: rest, x: [0, 0], out: [0, 0] }, 0, 0);
    return rest;
  };
  return {
    async forward(x: Float32Array, given: Options = {}) {
      const at = `activation.${name}.forward`;
      const { out: to, ...rest } = options<Options>(at, given, [...known, 'out']);
      const [from, out] = [arrayOf(at, 'x', x), arrayOf(at, 'out', to)];
      sameLength(at, 'out', out[1], 'x', from[1]);
      requireApart(at, out, from, 'x');
      await runTask({ kind: 'forward', name, options: checked(rest), x: from, out }, out[1], few('forward'));
      return to as Float32Array;
    },
    async backward(given: Options) {
      const at = `activation.${name}.backward`;
      const o = options<Options>(at, given ?? {}, [keeps, 'dy', ...known, 'out']);
      const { dy: gradient, out: to, [keeps]: saved, ...rest } = o;
      const [kept, dy, out] = [arrayOf(at, keeps, saved), arrayOf(at, 'dy', gradient), arrayOf(at, 'out', to)];
      sameLength(at, 'dy', dy[1], keeps, kept[1]);
      sameLength(at, 'out', out[1], keeps, kept[1]);
      requireApart(at, out, kept, keeps);
      requireApart(at, out, dy, 'dy');
      const task: Task = { kind: 'backward', name, keeps, options: checked(rest), kept, dy, out };
      await runTask(task, out[1], few('backward'));
      return to as Float32Array;
    },
  };
}

/** The twin of model.forward. */
function forwardTwin(pool: Pool, buffer: ArrayBufferLike, threads: number): Threads['forward'] {
  const numbers = new WeakMap<Model, number>();
  let models = 0;
  return async (model, x, given) => {
    const at = 'workspace.forward';
    requireModel(at, model);
    const to = options(at, given, ['out']).out as Float32Array;
    const [from, out] = [sharedArray(at, 'x', x, buffer), sharedArray(at, 'out', to, buffer)];
    const rows = from[1] / model.inputs;
    if (!Number.isInteger(rows))
      throw new RangeError(
        `${at}: x has ${from[1]} values, no whole number of rows of ${model.inputs}; pass whole rows`,
      );
    requireIdle(model);
    sameLength(at, 'out', out[1], 'the outputs for x', rows * model.outputs);
    requireApart(at, out, from, 'x');
    const layers = model.layers.map((layer) => specOf(at, `a layer of kind ${layer.kind}`, layer));
    pool.requireOpen();
    if (threads === 1 || productsOf(model, rows) < PRODUCTS) {
      to.set(model.forward(x));
      return to;
    }
    const number = numbers.get(model) ?? models++;
    numbers.set(model, number);
    // Memory of this call alone: the next may come before it is done, with other values.
    const parameters = Object.fromEntries(
      Object.entries(model.parameters).map(([name, { data }]) => {
        const copy = new Float32Array(new SharedArrayBuffer(data.byteLength));
        copy.set(data);
        return [name, copy];
      }),
    );
    await pool.split({ kind: 'model', model: number, layers, parameters, x: from, out }, rows, 1);
    return to;
  };
}

function threadsOn(memory: Workspace, threads: number): Threads {
  const shared = memoryOf(memory);
  const { buffer } = shared;
  const pool = new Pool(where, shared, threads);
  const team: ThreadTeam = {
    threads,
    isWorth: (products) => threads > 1 && products >= PRODUCTS,
    begin: pool.begin,
  };
  const runTask: RunTask = async (task, n, few = FEW) => {
    pool.requireOpen();
    if (n < few || threads === 1) perform(buffer, task, 0, n);
    else await pool.split(task, n, UNIT);
  };
  return {
    ...memory,
    threads,
    activation: Object.fromEntries(
      (Object.keys(activations) as Activation[]).map((name) => [name, activationTwins(name, buffer, runTask)]),
    ) as unknown as Threads['activation'],
    async draw(law, given) {
      const distribution = choice('workspace.draw', 'law', law, Object.keys(distributions) as DistributionName[]);
      const at = `workspace.draw: ${distribution}`;
      const n = (given?.out as Float32Array | undefined)?.length ?? 0;
      const request = drawRequest(at, given, n, Object.keys(distributions[distribution].options), buffer);
      const { source, state, rest, out } = request;
      // What is wrong is said by the generator itself, which moves on by the whole draw and makes nothing of it.
      (source[distribution] as Generator['normal'])(n, { ...rest, slice: [0, 0] });
      await runTask({ kind: 'draw', distribution, options: rest, state, out }, n);
      return given.out;
    },
    async init(name, shape, given) {
      const at = `workspace.init: ${name}`;
      const { size } = checkedShape(at, shape);
      if (!Object.hasOwn(initialisers, name) && Object.hasOwn(init, name))
        throw new RangeError(`${at} cannot be made in parts; use init.${name}`);
      choice('workspace.init', 'name', name, Object.keys(initialisers) as Initialising[]);
      const known = ['layout', 'fanIn', 'fanOut', ...Object.keys(initialisers[name].options)];
      const { source, state, rest, out } = drawRequest(at, given, size, known, buffer);
      (init[name] as typeof init.xavierNormal)(shape, { ...rest, rng: source, slice: [0, 0] });
      await runTask({ kind: 'init', name, shape: [...shape], options: rest, state, out }, size);
      return given.out;
    },
    forward: forwardTwin(pool, buffer, threads),
    fit(model, data, given) {
      pool.requireOpen();
      return train('workspace.fit', model, data, given, team);
    },
    close: () => pool.close(),
  };
}

/**
 * Memory of `bytes` bytes (at most 4 GiB less 128 KiB, and 64 KiB for each thread) that so many threads share, and twins of
 * the functions that run on them. Arrays made on it are ordinary typed arrays on which kernels run in place. A page has to be
 * isolated, by two headers that the error names.
 */
export async function workspace(given: { bytes: number; threads: number }): Promise<Threads> {
  const o = options(where, given, ['bytes', 'threads']);
  const bytes = whole(where, 'bytes', o.bytes);
  const threads = whole(where, 'threads', o.threads, { least: 1, most: 64 });
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (isolated === false || typeof SharedArrayBuffer === 'undefined')
    throw new Error(
      `${where}: threads need shared memory, which ${isolated ? 'this engine does not give to pages, isolated as this one is' : 'a page has that is served with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp'}`,
    );
  return threadsOn(sharedWorkspace(where, bytes, threads), threads);
}
