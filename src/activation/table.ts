// The activations. Their rows stand by family in rectifiers, sigmoids and gates, their kernels in the files of
// the same names in assembly/; tests, benchmarks, types and README's table grow from the rows.

import { choice, type Floats, float32, hasOnly, notNull, options, output, sameLength } from '../check.js';
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

/** Every activation's row, by family. */
export const activations = { ...rectifiers, ...sigmoids, ...gates };

export type Activation = keyof typeof activations;
type Rows = typeof activations;
/** The parameters of an activation, which are options of its functions. */
export type ActivationParameters<A extends Activation> = PartialValues<Rows[A]['parameters']>;
type Kept<A extends Activation> = { [K in Rows[A]['keeps']]: Float32Array };

export interface Functions<A extends Activation> {
  /** f(x), elementwise, in a new array or in out, which may be x. */
  forward(x: Float32Array, options?: { out?: Float32Array | undefined } & ActivationParameters<A>): Floats;
  /** dy f'(x), elementwise, from what the row keeps (x or y), in a new array or in out, which may be dy. */
  backward(given: Kept<A> & { dy: Float32Array; out?: Float32Array | undefined } & ActivationParameters<A>): Floats;
}

/** The numbers that a row's kernels take: its parameters, passed or by default. */
export function parametersOf(where: string, row: Row, passed: Record<string, unknown>): [a: number, b: number] {
  const values = valuesOf(where, row.parameters as Options, passed);
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
      const bare = hasOnly(given, parameters, 'out');
      const o: Given = bare ? given : options(where, given as Given | undefined, known);
      const to = notNull(where, 'out', o.out);
      if (bare && applyFast(numbered, 1, x, x, to, defaults)) return to as Floats;
      const n = float32(where, 'x', x).length;
      const numbers = bare ? defaults : parametersOf(where, row, o);
      const out = output(where, to, 'x', x);
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
      const bare = hasOnly(given, parameters, keeps, 'dy', 'out');
      const o: Given = bare ? given : options<Given>(where, given ?? {}, known);
      const from = notNull(where, keeps, keeps === 'x' ? o.x : o.y);
      const slope = notNull(where, 'dy', o.dy);
      const to = notNull(where, 'out', o.out);
      if (bare && applyFast(numbered, 2, from, slope, to, defaults)) return to as Floats;
      const kept = float32(where, keeps, from);
      const dy = float32(where, 'dy', slope);
      sameLength(where, 'dy', dy.length, keeps, kept.length);
      const numbers = bare ? defaults : parametersOf(where, row, o);
      const out = output(where, to, keeps, kept, 'dy', dy);
      if (!applyFast(numbered, 2, kept, dy, out, numbers))
        apply(activationModule, kernel, kept.length, [kept, dy, out], numbers);
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
} = /* @__PURE__ */ Object.assign(elementwise(), { prelu, glu, swiglu, geglu, dropout });

/** An activation by its name, or by its name and parameters. */
export type Named = Activation | { [A in Activation]: readonly [A, ActivationParameters<A>] }[Activation];

/** What a name, or a name with parameters, stands for: the row and its numbers. */
export function named(where: string, given: unknown): { name: Activation; row: Row; numbers: [number, number] } {
  const [word, parameters] = Array.isArray(given) ? given : [given];
  const name = choice(where, 'activation', word, Object.keys(activations) as Activation[]);
  const row: Row = activations[name];
  const o = options<Record<string, unknown>>(`${where}: ${name}`, parameters, Object.keys(row.parameters));
  return { name, row, numbers: parametersOf(`${where}: ${name}`, row, o) };
}
