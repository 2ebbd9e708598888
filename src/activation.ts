// The activations. Their rows stand by family in rectifiers, sigmoids and gates, their kernels in the files of
// the same names in assembly/; tests, benchmarks, types and README's table grow from the rows.

import { choice, float32, number, options, output, sameLength } from './argument.js';
import { dropout } from './dropout.js';
import { gates } from './gates.js';
import { geglu, glu, swiglu } from './glu.js';
import type { Layer } from './layer.js';
import type { Row } from './pointwise.js';
import { prelu } from './prelu.js';
import { rectifiers } from './rectifiers.js';
import { sigmoids } from './sigmoids.js';
import { apply, type Kernel } from './wasm.js';

/** Every activation's row, by family. */
export const activations = { ...rectifiers, ...sigmoids, ...gates };

export type Activation = keyof typeof activations;
type Rows = typeof activations;
export type Parameters<A extends Activation> = {
  [P in keyof Rows[A]['parameters']]?: Rows[A]['parameters'][P] extends { choices: infer C } ? keyof C : number;
};
type Kept<A extends Activation> = { [K in Rows[A]['keeps']]: Float32Array };

export interface Functions<A extends Activation> {
  /** f(x), elementwise, in a new array or in out, which may be x. */
  forward(x: Float32Array, options?: { out?: Float32Array } & Parameters<A>): Float32Array;
  /** dy f'(x), elementwise, from what the row keeps (x or y), in a new array or in out, which may be dy. */
  backward(given: Kept<A> & { dy: Float32Array; out?: Float32Array } & Parameters<A>): Float32Array;
}

/** The numbers that a row's kernels take: its parameters, given or by default. */
export function parametersOf(where: string, row: Row, given: Record<string, unknown>): [a: number, b: number] {
  const [a = 0, b = 0] = Object.entries(row.parameters).map(([name, parameter]) => {
    const value = given[name] ?? parameter.value;
    if (!('choices' in parameter)) return number(where, name, value, parameter);
    return parameter.choices[choice(where, name, value, Object.keys(parameter.choices))];
  });
  return [a, b];
}

function functions(name: Activation): Functions<Activation> {
  const row: Row = activations[name];
  const parameters = Object.keys(row.parameters);
  return {
    forward(x, given) {
      const where = `activation.${name}.forward`;
      const o = options(where, given, [...parameters, 'out']);
      const n = float32(where, 'x', x).length;
      const numbers = parametersOf(where, row, o);
      const out = output(where, o.out, { x });
      apply(`${name}Forward`, n, [x, out], numbers);
      return out;
    },
    backward(given, ...more: unknown[]) {
      const where = `activation.${name}.backward`;
      if (more.length > 0) throw new TypeError(`${where}: options beside the first object; put them into it`);
      const o = options<Record<string, unknown>>(where, given ?? {}, [row.keeps, 'dy', ...parameters, 'out']);
      const kept = float32(where, row.keeps, o[row.keeps]);
      const dy = float32(where, 'dy', o.dy);
      sameLength(where, 'dy', dy.length, row.keeps, kept.length);
      const numbers = parametersOf(where, row, o);
      const out = output(where, o.out, { [row.keeps]: kept, dy });
      apply(`${name}Backward` satisfies Kernel, kept.length, [kept, dy, out], numbers);
      return out;
    },
  };
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
export type Named = Activation | { [A in Activation]: readonly [A, Parameters<A>] }[Activation];

/** What a name, or a name with parameters, stands for: the row and its numbers. */
export function named(where: string, given: unknown): { name: Activation; row: Row; numbers: [number, number] } {
  const [word, parameters] = Array.isArray(given) ? given : [given];
  const name = choice(where, 'activation', word, Object.keys(activations) as Activation[]);
  const row: Row = activations[name];
  const o = options<Record<string, unknown>>(`${where}: ${name}`, parameters, Object.keys(row.parameters));
  return { name, row, numbers: parametersOf(`${where}: ${name}`, row, o) };
}

/** A layer that applies an activation: 'relu', or 'leakyRelu' and { slope: 0.2 }. */
export function activationLayer<A extends Activation>(name: A, given?: Parameters<A>): Layer {
  const { row, numbers } = named('nn.activation', [name, given]);
  return {
    kind: name,
    parameters: {},
    inPlace: row.keeps === 'y',
    keepsOutput: row.keeps === 'y',
    scratch: 0,
    bind({ kernel, x, y, dx, dy, inputs }) {
      const forward = kernel(`${name}Forward`, x, y);
      const backward = dx && kernel(`${name}Backward`, row.keeps === 'y' ? y : x, dy, dx);
      return {
        forward: (rows) => void forward(rows * inputs, ...numbers),
        backward: (rows) => void backward?.(rows * inputs, ...numbers),
      };
    },
  };
}
