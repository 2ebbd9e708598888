// More than one thread: memory that all of them see, and twins of the functions that split their work by index. The bits
// are those of one thread, whatever the number: a value depends on its place alone.

import { type Activation, activations, type Functions } from '../activation/table.js';
import { choice, options, sameLength, what } from '../check.js';
import { init } from '../init/index.js';
import { type Initialising, initialisers } from '../init/table.js';
import { specOf } from '../nn/layer.js';
import type { Data } from '../nn/loss.js';
import { idle, type Model, productsOf, requireModel } from '../nn/model.js';
import type { Crew } from '../nn/step.js';
import { type Fit, type Step, train } from '../nn/training.js';
import { type DistributionName, distributions } from '../random/distributions.js';
import type { Generator } from '../random/generator.js';
import { random } from '../random/index.js';
import type { Seed } from '../random/source.js';

import { sized } from '../tensor.js';
import { memoryOf, sharedWorkspace, type Workspace } from '../wasm/memory.js';
import { workers } from './pool.js';
import { type Place, perform, type Task } from './task.js';

/** A function that answers later. */
type Later<F> = F extends (...given: infer G) => infer R ? (...given: G) => Promise<R> : never;
type Twins<T> = { [K in keyof T]: Later<T[K]> };
type Options = Record<string, unknown>;
/** rng or seed, and where the values go. */
type Drawn = { rng?: Generator; seed?: Seed; out: Float32Array } & Options;

/**
 * Memory that threads share, and what they do on it. Arrays of it are for all other functions too, while no thread works
 * on them.
 */
export interface Threads extends Workspace {
  readonly threads: number;
  /** activation's functions, with out; x, y and dy are arrays of this memory. */
  readonly activation: { [A in Activation]: Twins<Functions<A>> };
  /** Draws of a generator into out: ws.draw('normal', { rng, out, std: 2 }). Not of random.torch, whose values depend on all before. */
  draw(law: DistributionName, given: Drawn): Promise<Float32Array>;
  /** init's functions whose values are independent of each other, into out. */
  init(name: Initialising, shape: readonly number[], given: Drawn): Promise<Float32Array>;
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

/** Values below which two threads are no faster than one; of functions without a series, whose limit is memory, CHEAP. */
const FEW = 1 << 19;
const CHEAP = 1 << 21;
const EVEN = 1024;
/** Products of a model's rows and parameters below which they are not faster either. All as measured, in docs/threads.md. */
const PRODUCTS = 1 << 22;
const where = 'workspace';

/** Memory that so many threads share, on which arrays are made. RangeError where the system has none to give. */
export function shared(bytes: number, threads: number): Threads {
  const own = sharedWorkspace(where, bytes, threads);
  const memory = memoryOf(own);
  const { buffer } = memory;
  const { open, split, begin, close } = workers(where, memory, threads);
  const crew: Crew = { threads, worth: (products) => threads > 1 && products >= PRODUCTS, begin };

  /** A task on values 0 to n by all threads or, where there are few, by this one. */
  async function run(task: Task, n: number, few = FEW): Promise<void> {
    open();
    if (n < few || threads === 1) perform(buffer, task, 0, n);
    else await split(task, n, EVEN);
  }

  /** Where an array of this memory is. */
  function place(name: string, argument: string, x: unknown): Place {
    if (!(x instanceof Float32Array) || x.buffer !== buffer)
      throw new TypeError(
        `${name}: ${argument} is ${what(x)}${x instanceof Float32Array ? ' of other memory' : ''}; pass an array of this workspace, ws.float32(n)`,
      );
    return [x.byteOffset / 4, x.length];
  }
  function apart(name: string, out: Place, x: Place, argument: string): void {
    if (out[0] !== x[0] && out[0] < x[0] + x[1] && x[0] < out[0] + out[1])
      throw new RangeError(`${name}: out overlaps ${argument}; pass ${argument} itself, or an array apart from it`);
  }
  /** The generator, its state before a draw of n values, and what else was given. */
  function drawn(name: string, given: Drawn, n: number, known: readonly string[]) {
    const { rng, seed, out, ...rest } = options<Drawn>(name, given ?? {}, ['rng', 'seed', 'out', ...known]);
    if (rng !== undefined && seed !== undefined) throw new TypeError(`${name}: both rng and seed; pass one`);
    const source = rng ?? random.philox(seed);
    const to = place(name, 'out', out);
    sameLength(name, 'out', to[1], 'the draw', n);
    const state = source.state();
    if (state.generator === 'torch')
      throw new TypeError(`${name}: a value of random.torch depends on all before it; use random.philox or threefry`);
    return { source, state, rest, out: to };
  }

  const twin = (name: Activation) => {
    const { keeps, ulp } = activations[name];
    const few = (direction: 'forward' | 'backward') => (ulp[direction] <= 0.5 ? CHEAP : FEW);
    return {
      async forward(x: Float32Array, given: Options = {}) {
        const at = `activation.${name}.forward`;
        const { out: to, ...rest } = options<Options>(at, given, [...Object.keys(activations[name].parameters), 'out']);
        const [from, out] = [place(at, 'x', x), place(at, 'out', to)];
        sameLength(at, 'out', out[1], 'x', from[1]);
        apart(at, out, from, 'x');
        await run({ kind: 'forward', name, options: checked(rest), x: from, out }, out[1], few('forward'));
        return to;
      },
      async backward(given: Options) {
        const at = `activation.${name}.backward`;
        const known = [keeps, 'dy', ...Object.keys(activations[name].parameters), 'out'];
        const { dy: slope, out: to, [keeps]: k, ...rest } = options<Options>(at, given ?? {}, known);
        const [kept, dy, out] = [place(at, keeps, k), place(at, 'dy', slope), place(at, 'out', to)];
        sameLength(at, 'dy', dy[1], keeps, kept[1]);
        sameLength(at, 'out', out[1], keeps, kept[1]);
        apart(at, out, kept, keeps);
        apart(at, out, dy, 'dy');
        await run({ kind: 'backward', name, keeps, options: checked(rest), kept, dy, out }, out[1], few('backward'));
        return to;
      },
    };
    /** A row's numbers, looked at by what looks at them everywhere. */
    function checked(rest: Options): Options {
      perform(buffer, { kind: 'forward', name, options: rest, x: [0, 0], out: [0, 0] }, 0, 0);
      return rest;
    }
  };

  const numbers = new WeakMap<Model, number>();
  let models = 0;
  const ws: Threads = {
    ...own,
    threads,
    activation: Object.fromEntries(
      (Object.keys(activations) as Activation[]).map((name) => [name, twin(name)]),
    ) as unknown as Threads['activation'],
    async draw(law, given) {
      choice('workspace.draw', 'law', law, Object.keys(distributions) as DistributionName[]);
      const name = `workspace.draw: ${law}`;
      const n = given?.out instanceof Float32Array ? given.out.length : 0;
      const { source, state, rest, out } = drawn(name, given, n, Object.keys(distributions[law].options));
      // What is wrong is said by the generator itself, which moves on by the whole draw and makes nothing of it.
      (source[law] as Generator['normal'])(n, { ...rest, slice: [0, 0] });
      await run({ kind: 'draw', law, options: rest, state, out }, n);
      return given.out;
    },
    async init(name, shape, given) {
      const at = `workspace.init: ${name}`;
      const { size } = sized(at, shape);
      if (!Object.hasOwn(initialisers, name)) throw new RangeError(`${at} cannot be made in parts; use init.${name}`);
      const known = ['layout', 'fanIn', 'fanOut', ...Object.keys(initialisers[name].options)];
      const { source, state, rest, out } = drawn(at, given, size, known);
      (init[name] as typeof init.xavierNormal)(shape, { ...rest, rng: source, slice: [0, 0] });
      await run({ kind: 'init', name, shape: [...shape], options: rest, state, out }, size);
      return given.out;
    },
    async forward(model, x, given) {
      const at = 'workspace.forward';
      requireModel(at, model);
      const { out: to } = options(at, given, ['out']);
      const [from, out] = [place(at, 'x', x), place(at, 'out', to)];
      const rows = from[1] / model.inputs;
      if (!Number.isInteger(rows))
        throw new RangeError(
          `${at}: x has ${from[1]} values, no whole number of rows of ${model.inputs}; pass whole rows`,
        );
      idle(model);
      sameLength(at, 'out', out[1], 'the outputs for x', rows * model.outputs);
      apart(at, out, from, 'x');
      const layers = model.layers.map((layer) => specOf(at, `a layer of kind ${layer.kind}`, layer));
      open();
      if (threads === 1 || productsOf(model, rows) < PRODUCTS) {
        (to as Float32Array).set(model.forward(x));
        return to as Float32Array;
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
      await split({ kind: 'model', model: number, layers, parameters, x: from, out }, rows, 1);
      return to as Float32Array;
    },
    fit(model, data, given) {
      open();
      return train('workspace.fit', model, data, given, crew);
    },
    close,
  };
  return ws;
}
