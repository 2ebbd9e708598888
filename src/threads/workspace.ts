// The workspace of fanwise/threads: memory that threads share, and asynchronous versions of the functions whose values depend on
// their index alone. Threads split the indices, so that the bits do not depend on the number of threads.

import { type Activation, activations, type Functions } from '../activation/table.js';
import { choice, options, sameLength, what, whole } from '../check.js';
import { readings } from '../init/fan.js';
import { init } from '../init/index.js';
import { type Initialising, initialisers } from '../init/table.js';
import type { Fit } from '../nn/fit-options.js';
import type { Fitting } from '../nn/fitting.js';
import { specOf } from '../nn/layer.js';
import type { Data } from '../nn/loss.js';
import { type Model, productsOf, requireIdle, requireModel } from '../nn/model.js';
import type { ThreadTeam } from '../nn/step.js';
import { train } from '../nn/training.js';
import { type DistributionName, distributions } from '../random/distributions.js';
import type { Generator } from '../random/generator.js';
import { checkedShape } from '../tensor.js';
import { memoryOf, sharedWorkspace, type Workspace } from '../wasm/memory.js';
import { type DrawOptions, drawRequest, requireApart, sharedArray } from './arguments.js';
import { Pool } from './pool.js';
import { perform, type Task } from './task.js';
import type { MakeWorker } from './thread.js';

/** The asynchronous version of a function. */
type Async<F> = F extends (...args: infer A) => Float32Array ? (...args: A) => Promise<Float32Array> : never;
type AsyncFunctions<T> = { [K in keyof T]: Async<T[K]> };
type Options = Record<string, unknown>;

/**
 * Memory that threads share, and functions that they run on it. All other functions can use its arrays too, while no thread works
 * on them.
 */
export interface Threads extends Workspace {
  readonly threads: number;
  /** The functions of `activation`. `out` is required; all arrays have to be of this memory. */
  readonly activation: { [A in Activation]: AsyncFunctions<Functions<A>> };
  /** A generator's draw, into out: ws.draw('normal', { rng, out, std: 2 }). Not for random.torch, whose draws are sequential. */
  draw(law: DistributionName, given: DrawOptions): Promise<Float32Array>;
  /** An initialiser whose values are independent of each other, into out. */
  init(name: Initialising, shape: readonly number[], given: DrawOptions): Promise<Float32Array>;
  /** model.forward of the rows in x, into out. */
  forward(model: Model, x: Float32Array, given: { out: Float32Array }): Promise<Float32Array>;
  /**
   * nn.fit with steps by all threads, and the same bits. The model's tensors are on shared memory during the training. Layers and
   * optimizers have to be those of nn. Small steps are made by the calling thread.
   */
  fit(model: Model, data: Data, given: Fit): Fitting;
  /** Ends the threads. Calls that are pending, or come later, are rejected. */
  close(): Promise<void>;
}

/**
 * The least work for which two threads are faster than one, as measured in docs/threads.md: values, values of functions without a
 * polynomial (whose limit is memory), and products of a model's rows and parameters.
 */
const MIN_VALUES = 1 << 19;
const MIN_CHEAP_VALUES = 1 << 21;
const MIN_PRODUCTS = 1 << 22;
/** A thread's range is a multiple of this many values. */
const UNIT = 1024;
const where = 'workspace';

/** Runs a task on values 0 to n: by all threads if there are at least `minimum` values, else by the calling thread. */
type RunTask = (task: Task, n: number, minimum?: number) => Promise<void>;

/** The asynchronous functions of an activation. */
function activationFunctions(
  name: Activation,
  buffer: ArrayBufferLike,
  runTask: RunTask,
): AsyncFunctions<Functions<Activation>> {
  const { keeps, ulp, parameters } = activations[name];
  const known = Object.keys(parameters);
  const minimum = (direction: 'forward' | 'backward') => (ulp[direction] <= 0.5 ? MIN_CHEAP_VALUES : MIN_VALUES);
  const arrayOf = (at: string, argument: string, x: unknown) => sharedArray(at, argument, x, buffer);
  /** Checks an activation's options, by calling its function on no values. */
  const checkedOptions = (rest: Options): Options => {
    perform(buffer, { kind: 'forward', name, options: rest, x: [0, 0], out: [0, 0] }, 0, 0);
    return rest;
  };
  return {
    async forward(x: Float32Array, given: Options = {}) {
      const at = `activation.${name}.forward`;
      const { out: target, ...rest } = options<Options>(at, given, [...known, 'out']);
      const [input, out] = [arrayOf(at, 'x', x), arrayOf(at, 'out', target)];
      sameLength(at, 'out', out[1], 'x', input[1]);
      requireApart(at, out, input, 'x');
      await runTask(
        { kind: 'forward', name, options: checkedOptions(rest), x: input, out },
        out[1],
        minimum('forward'),
      );
      return target as Float32Array;
    },
    async backward(given: Options) {
      const at = `activation.${name}.backward`;
      const o = options<Options>(at, given ?? {}, [keeps, 'dy', ...known, 'out']);
      const { dy: gradient, out: target, [keeps]: saved, ...rest } = o;
      const [input, dy, out] = [arrayOf(at, keeps, saved), arrayOf(at, 'dy', gradient), arrayOf(at, 'out', target)];
      sameLength(at, 'dy', dy[1], keeps, input[1]);
      sameLength(at, 'out', out[1], keeps, input[1]);
      requireApart(at, out, input, keeps);
      requireApart(at, out, dy, 'dy');
      const task: Task = { kind: 'backward', name, keeps, options: checkedOptions(rest), saved: input, dy, out };
      await runTask(task, out[1], minimum('backward'));
      return target as Float32Array;
    },
  };
}

/** The asynchronous model.forward. */
function forwardFunction(pool: Pool, buffer: ArrayBufferLike, threads: number): Threads['forward'] {
  const numbers = new WeakMap<Model, number>();
  let models = 0;
  return async (model, x, given) => {
    const at = 'workspace.forward';
    requireModel(at, model);
    const target = options(at, given, ['out']).out as Float32Array;
    const [input, out] = [sharedArray(at, 'x', x, buffer), sharedArray(at, 'out', target, buffer)];
    const rows = input[1] / model.inputs;
    if (!Number.isInteger(rows))
      throw new RangeError(
        `${at}: x has ${input[1]} values, no whole number of rows of ${model.inputs}; pass whole rows`,
      );
    requireIdle(model);
    sameLength(at, 'out', out[1], 'the outputs for x', rows * model.outputs);
    requireApart(at, out, input, 'x');
    const layers = model.layers.map((layer) => specOf(at, `a layer of kind ${layer.kind}`, layer));
    pool.requireOpen();
    if (threads === 1 || productsOf(model, rows) < MIN_PRODUCTS) {
      target.set(model.forward(x));
      return target;
    }
    const number = numbers.get(model) ?? models++;
    numbers.set(model, number);
    // Copies for this call alone: the next call may come before this one is done, with other values.
    const parameters = Object.fromEntries(
      Object.entries(model.parameters).map(([name, { data }]) => {
        const copy = new Float32Array(new SharedArrayBuffer(data.byteLength));
        copy.set(data);
        return [name, copy];
      }),
    );
    await pool.split({ kind: 'model', model: number, layers, parameters, x: input, out }, rows, 1);
    return target;
  };
}

function threadsOn(memory: Workspace, threads: number, worker: MakeWorker | undefined): Threads {
  const shared = memoryOf(memory);
  const { buffer } = shared;
  const pool = new Pool(where, shared, threads, worker);
  const team: ThreadTeam = {
    threads,
    isWorth: (products) => threads > 1 && products >= MIN_PRODUCTS,
    begin: pool.begin,
  };
  const runTask: RunTask = async (task, n, minimum = MIN_VALUES) => {
    pool.requireOpen();
    if (n < minimum || threads === 1) perform(buffer, task, 0, n);
    else await pool.split(task, n, UNIT);
  };
  return {
    ...memory,
    threads,
    activation: Object.fromEntries(
      (Object.keys(activations) as Activation[]).map((name) => [name, activationFunctions(name, buffer, runTask)]),
    ) as unknown as Threads['activation'],
    async draw(law, given) {
      const distribution = choice('workspace.draw', 'law', law, Object.keys(distributions) as DistributionName[]);
      const at = `workspace.draw: ${distribution}`;
      const n = (given?.out as Float32Array | undefined)?.length ?? 0;
      const request = drawRequest(at, given, n, Object.keys(distributions[distribution].options), buffer);
      const { source, state, rest, out } = request;
      // A draw of an empty slice checks the options and advances the generator by the whole draw.
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
      const known = [...readings, ...Object.keys(initialisers[name].options)];
      const { source, state, rest, out } = drawRequest(at, given, size, known, buffer);
      (init[name] as typeof init.xavierNormal)(shape, { ...rest, rng: source, slice: [0, 0] });
      await runTask({ kind: 'init', name, shape: [...shape], options: rest, state, out }, size);
      return given.out;
    },
    forward: forwardFunction(pool, buffer, threads),
    fit(model, data, given) {
      pool.requireOpen();
      return train('workspace.fit', model, data, given, team);
    },
    close: () => pool.close(),
  };
}

/**
 * Memory of `bytes` bytes (at most 4 GiB - 128 KiB - 64 KiB for each thread) that `threads` threads (1 to 64) share, and functions
 * that run on them. Its arrays are ordinary typed arrays, on which kernels run in place. A page has to be cross-origin isolated:
 * the error names the two headers. A thread runs a program that is part of this package; where a content security policy allows no
 * worker from a blob:, pass `worker`, a function that gives a new Worker of the file fanwise/threads/worker.js.
 */
export async function workspace(given: {
  bytes: number;
  threads: number;
  worker?: MakeWorker | undefined;
}): Promise<Threads> {
  const o = options(where, given, ['bytes', 'threads', 'worker']);
  const bytes = whole(where, 'bytes', o.bytes);
  const threads = whole(where, 'threads', o.threads, { least: 1, most: 64 });
  if (o.worker !== undefined && typeof o.worker !== 'function')
    throw new TypeError(`${where}: worker is ${what(o.worker)}; pass a function that gives a new Worker`);
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (isolated === false || typeof SharedArrayBuffer === 'undefined')
    throw new Error(
      `${where}: threads need shared memory, which ${isolated ? 'this engine does not give to pages, isolated as this one is' : 'a page has that is served with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp'}`,
    );
  return threadsOn(sharedWorkspace(where, bytes, threads), threads, o.worker as MakeWorker | undefined);
}
