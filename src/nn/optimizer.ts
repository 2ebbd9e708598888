// What an optimizer is, and how one grows from its row in optimizers.ts.

import { type Given, type NumberOption, type Options, readOptions, type Values } from '../options.js';
import type { Kernel } from '../wasm/memory.js';
import { type LayerMemory, specified } from './layer.js';

/** A rule of learning. Its state (velocities) lives in the model's workspace and begins at zero with each fit. */
export interface Optimizer {
  /** The learning rate of the first epoch. */
  readonly lr: number;
  /** Values of state for each parameter. */
  readonly slots: number;
  /** One step over all parameters at once, at a learning rate. */
  bind(
    kernel: LayerMemory['kernel'],
    parameters: Float32Array,
    gradients: Float32Array,
    state: readonly Float32Array[],
    /** Steps that were made before. */
    steps?: number,
  ): (lr: number) => void;
}

/** A step for which a kernel needs numbers: its learning rate, and which one it is, from 1 on. */
type Step = [lr: number, t: number];

export interface OptimizerRow<O extends Options = Options> {
  options: O;
  /** Throws where options that are right by themselves are wrong together. */
  check?(where: string, o: Values<O>): void;
  /** The arrays of state that the kernel takes, each as long as the parameters; false: none in its place. */
  slots(o: Values<O>): readonly boolean[];
  /** The kernel: it takes parameters, gradients and state, their length, and then `numbers`. */
  kernel(o: Values<O>): Kernel;
  /** Begins a training: what the kernel takes at each step. */
  numbers(o: Values<O>): (...step: Step) => number[];
  /** The step in double precision, of a weight w and its gradient g: changes the state, a number for each slot, returns w. */
  formula(o: Values<O>, w: number, g: number, state: number[], ...step: Step): number;
}
type WithRate = Options & { lr: NumberOption };
/** Options that all have defaults may be left out together. */
export type Maker<O extends Options> =
  Record<never, never> extends Given<O> ? (options?: Given<O>) => Optimizer : (options: Given<O>) => Optimizer;

const rows = new WeakMap<object, OptimizerRow>();
/** The row of a function that makes an optimizer. */
export const optimizerRow = (maker: object): OptimizerRow => rows.get(maker)!;

/** The function nn.<name> that makes an optimizer of options. */
export function optimizer<const O extends WithRate>(name: string, row: OptimizerRow<O>): Maker<O> {
  const where = `nn.${name}`;
  const maker = (passed?: object): Optimizer => {
    const o = readOptions(where, row.options, passed);
    row.check?.(where, o);
    // Each option is right by itself; what the kernel is passed comes of several.
    if (
      !row
        .numbers(o)((o as Values<WithRate>).lr, 1)
        .every((value) => Number.isFinite(Math.fround(value)))
    )
      throw new RangeError(
        `${where}: lr is ${(o as Values<WithRate>).lr}, with which the first step has numbers beyond binary32; pass a smaller one`,
      );
    const used = row.slots(o);
    const slots = used.filter(Boolean).length;
    return specified([name, o], {
      lr: (o as Values<WithRate>).lr,
      slots,
      bind(kernel, parameters, gradients, state, steps = 0) {
        if (state.length < slots)
          throw new RangeError(`${where}: state has ${state.length} arrays; pass as many as slots says, ${slots}`);
        let next = 0;
        const arrays = used.map((is) => (is ? state[next++] : null));
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
