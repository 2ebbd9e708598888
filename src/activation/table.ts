// The table of activations, and `activation`, the functions made from it. The rows are in rectifiers.ts, sigmoids.ts and gates.ts,
// their kernels in the files of the same names in assembly/activation/. Tests, benchmarks, types and README's table are made
// from the rows.

import { choice, type Floats, float32, hasOnly, notNull, options, output, partsOf, sameLength } from '../check.js';
import { type Options, type PartialValues, valuesOf } from '../options.js';
import { applyFast, numberedKernel } from '../wasm/fast-path.js';
import { apply } from '../wasm/kernels.js';
import { type ActivationKernel, activationModule } from '../wasm/module.js';
import { dropout } from './dropout.js';
import { gates } from './gates.js';
import { geglu, glu, swiglu } from './glu.js';
import { prelu } from './prelu.js';
import { rectifiers } from './rectifiers.js';
import type { Row } from './row.js';
import { sigmoids } from './sigmoids.js';

/** The rows of all activations. */
export const activations = /* @__PURE__ */ (() => ({ ...rectifiers, ...sigmoids, ...gates }))();

export type Activation = keyof typeof activations;
type Rows = typeof activations;
/** The parameters of an activation, which are options of its functions. */
export type ActivationParameters<A extends Activation> = PartialValues<Rows[A]['parameters']>;
/** What backward needs: x or y. */
type Saved<A extends Activation> = { [K in Rows[A]['keeps']]: Float32Array };

export interface Functions<A extends Activation> {
  /** f(x), elementwise, in a new array or in out, which may be x. */
  forward(x: Float32Array, options?: { out?: Float32Array | undefined } & ActivationParameters<A>): Floats;
  /** dy f'(x), elementwise, from x or y (the row's `keeps`), in a new array or in out, which may be dy. */
  backward(given: Saved<A> & { dy: Float32Array; out?: Float32Array | undefined } & ActivationParameters<A>): Floats;
}

/** The numbers a and b that a row's kernels take: its parameters, given or by default. */
export function parametersOf(where: string, row: Row, given: Record<string, unknown>): [a: number, b: number] {
  const values = valuesOf(where, row.parameters as Options, given);
  const [a = 0, b = 0] = Object.entries(row.parameters).map(([name, parameter]) =>
    'choices' in parameter ? parameter.choices[values[name] as string] : (values[name] as number),
  );
  return [a, b];
}

function functions(name: Activation): Functions<Activation> {
  type Given = Record<string, unknown>;
  const row: Row = activations[name];
  const { keeps } = row;
  const parameters = Object.keys(row.parameters);
  const defaults = parametersOf(name, row, {});

  // Options without parameters take a fast path: 40 to 60 ns for a call without values. All else takes the checked path.
  function forward(): Functions<Activation>['forward'] {
    const where = `activation.${name}.forward`;
    const kernel: ActivationKernel = `${name}Forward`;
    const numbered = numberedKernel(activationModule, kernel);
    const known = [...parameters, 'out'];
    return (x, given) => {
      const onlyArrays = hasOnly(given, parameters, 'out');
      const o: Given = onlyArrays ? given : options(where, given as Given | undefined, known);
      const target = notNull(where, 'out', o.out);
      if (onlyArrays && applyFast(numbered, 1, x, x, target, defaults)) return target as Floats;
      const n = float32(where, 'x', x).length;
      const numbers = onlyArrays ? defaults : parametersOf(where, row, o);
      const out = output(where, target, 'x', x);
      if (!applyFast(numbered, 1, x, x, out, numbers)) apply(activationModule, kernel, n, [x, out], numbers);
      return out;
    };
  }

  function backward(): Functions<Activation>['backward'] {
    const where = `activation.${name}.backward`;
    const kernel: ActivationKernel = `${name}Backward`;
    const numbered = numberedKernel(activationModule, kernel);
    const known = [keeps, 'dy', ...parameters, 'out'];
    return (given, ...more: unknown[]) => {
      if (more.length > 0) throw new TypeError(`${where}: options beside the first object; put them into it`);
      const onlyArrays = hasOnly(given, parameters, keeps, 'dy', 'out');
      const o: Given = onlyArrays ? given : options<Given>(where, given ?? {}, known);
      const input = notNull(where, keeps, keeps === 'x' ? o.x : o.y);
      const gradient = notNull(where, 'dy', o.dy);
      const target = notNull(where, 'out', o.out);
      if (onlyArrays && applyFast(numbered, 2, input, gradient, target, defaults)) return target as Floats;
      const saved = float32(where, keeps, input);
      const dy = float32(where, 'dy', gradient);
      sameLength(where, 'dy', dy.length, keeps, saved.length);
      const numbers = onlyArrays ? defaults : parametersOf(where, row, o);
      const out = output(where, target, keeps, saved, 'dy', dy);
      if (!applyFast(numbered, 2, saved, dy, out, numbers))
        apply(activationModule, kernel, saved.length, [saved, dy, out], numbers);
      return out;
    };
  }

  return { forward: forward(), backward: backward() };
}

const elementwise = () =>
  Object.fromEntries(Object.keys(activations).map((name) => [name, functions(name as Activation)])) as unknown as {
    [A in Activation]: Functions<A>;
  };

/** Activations, forward and backward. NaN in, NaN out; an empty array is legal. */
export const activation: { [A in Activation]: Functions<A> } & {
  prelu: typeof prelu;
  glu: typeof glu;
  swiglu: typeof swiglu;
  geglu: typeof geglu;
  dropout: typeof dropout;
} = /* @__PURE__ */ Object.assign(/* @__PURE__ */ elementwise(), { prelu, glu, swiglu, geglu, dropout });

/** An activation's name, or its name and parameters. */
export type Named = Activation | { [A in Activation]: readonly [A, ActivationParameters<A>] }[Activation];

/** The activation of a name, or of a name and parameters: its row and its numbers. Error for any other value. */
export function activationOf(where: string, named: unknown): { name: Activation; row: Row; numbers: [number, number] } {
  const [unchecked, parameters] = partsOf(named);
  if (typeof unchecked === 'string' && /^(log_?)?softmax$/i.test(unchecked))
    throw new RangeError(
      `${where}: ${unchecked} is of a row, not of a value; leave it out before crossEntropy, which has it within`,
    );
  const name = choice(where, 'activation', unchecked, Object.keys(activations) as Activation[]);
  const row: Row = activations[name];
  const o = options(
    `${where}: ${name}`,
    parameters as Record<string, unknown> | undefined,
    Object.keys(row.parameters),
  );
  return { name, row, numbers: parametersOf(`${where}: ${name}`, row, o) };
}
