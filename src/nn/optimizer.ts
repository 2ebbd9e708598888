// The interface of optimizers, and the function that makes one from its row in optimizers.ts.

import { type Given, type NumberOption, type Options, readOptions, type Values } from '../options.js';
import type { Kernel } from '../wasm/memory.js';
import { type LayerMemory, withSpec } from './layer.js';

/** An optimizer. Its state (velocities, running means) is in the model's workspace, and is 0 at the start of a training. */
export interface Optimizer {
  /** The learning rate of the first epoch. */
  readonly lr: number;
  /** Numbers of state for each parameter. */
  readonly slots: number;
  /** Binds the optimizer to arrays of all parameters. The function that is returned makes a step at a learning rate. */
  bind(
    kernel: LayerMemory['kernel'],
    parameters: Float32Array,
    gradients: Float32Array,
    state: readonly Float32Array[],
    /** How many steps were made before. */
    steps?: number,
  ): (lr: number) => void;
}

/** What a step's numbers depend on: the learning rate, and the number of the step, from 1 on. */
type Step = [lr: number, t: number];

export interface OptimizerRow<O extends Options = Options> {
  options: O;
  /** Throws if options contradict each other. */
  check?(where: string, o: Values<O>): void;
  /** The arrays of state that the kernel takes, each as long as the parameters; for false it is passed 0 instead of a pointer. */
  slots(o: Values<O>): readonly boolean[];
  /** The kernel. Its arguments are parameters, gradients, state, their length, and `numbers`. */
  kernel(o: Values<O>): Kernel;
  /** The last arguments of the kernel at each step of a training that begins. */
  numbers(o: Values<O>): (...step: Step) => number[];
  /** The step in double precision: from a weight w and its gradient g it returns the new w, and updates the state. */
  formula(o: Values<O>, w: number, g: number, state: number[], ...step: Step): number;
}
type WithRate = Options & { lr: NumberOption };
/** The function nn.<name>. Its options can be left out if each of them can. */
export type Maker<O extends Options> =
  Record<never, never> extends Given<O> ? (options?: Given<O>) => Optimizer : (options: Given<O>) => Optimizer;

const rows = new WeakMap<object, OptimizerRow>();
/** The row of a function nn.<name>. */
export const optimizerRow = (maker: object): OptimizerRow => rows.get(maker)!;

/** Makes the function nn.<name> of a row. */
export function optimizer<const O extends WithRate>(name: string, row: OptimizerRow<O>): Maker<O> {
  const where = `nn.${name}`;
  const maker = (given?: object): Optimizer => {
    const o = readOptions(where, row.options, given);
    row.check?.(where, o);
    const used = row.slots(o);
    const slots = used.filter(Boolean).length;
    return withSpec([name, o], {
      lr: (o as Values<WithRate>).lr,
      slots,
      bind(kernel, parameters, gradients, state, steps = 0) {
        if (state.length < slots)
          throw new RangeError(`${where}: state has ${state.length} arrays; pass as many as slots says, ${slots}`);
        let next = 0;
        const arrays = used.map((isUsed) => (isUsed ? state[next++] : null));
        const step = kernel(row.kernel(o), parameters, gradients, ...arrays);
        const numbers = row.numbers(o);
        let t = steps;
        return (lr) => void step(parameters.length, ...numbers(lr, ++t));
      },
    });
  };
  rows.set(maker, row as unknown as OptimizerRow);
  return maker as Maker<O>;
}
