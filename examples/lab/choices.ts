// What can be chosen, a row each: its name on the page, what it does to a layer, and how that is written in both languages.
// Both are in one row, so that the code which is copied and what the page does stay the same.

import { type Activation, type Generator, init, type Linear } from 'fanwise';

/** Activations as PyTorch writes them. */
export const activations = {
  tanh: 'nn.Tanh()',
  relu: 'nn.ReLU()',
  sigmoid: 'nn.Sigmoid()',
  gelu: 'nn.GELU()',
  silu: 'nn.SiLU()',
  leakyRelu: 'nn.LeakyReLU(0.01)',
  elu: 'nn.ELU()',
  selu: 'nn.SELU()',
  celu: 'nn.CELU()',
  mish: 'nn.Mish()',
  hardSwish: 'nn.Hardswish()',
  relu6: 'nn.ReLU6()',
  hardtanh: 'nn.Hardtanh()',
  hardSigmoid: 'nn.Hardsigmoid()',
  logSigmoid: 'nn.LogSigmoid()',
  softplus: 'nn.Softplus()',
  softsign: 'nn.Softsign()',
  softshrink: 'nn.Softshrink()',
  tanhshrink: 'nn.Tanhshrink()',
} satisfies Partial<Record<Activation, string>>;
export type ActivationName = keyof typeof activations;

interface Row {
  label: string;
  /** The default gain; undefined if a gain makes no sense. */
  gain?: number;
  /** Overwrites the weight that nn.linear drew. */
  fill?(layer: Linear<true>, gain: number, rng: Generator): void;
  /** The standard deviation of the weights, if there is a formula. */
  std?(inputs: number, outputs: number, gain: number): number;
  /** The statement that fills layer.weight, in TypeScript and in Python. */
  code?(gain: number): { fanwise: string; torch: string };
}

/** The options { rng } and more. */
const withRng = (more?: string) => `{ rng${more ? `, ${more}` : ''} }`;

function normal(label: string, std: number): Row {
  return {
    label,
    gain: 1,
    fill: ({ weight }, gain, rng) => void init.normal(weight, { rng, std: std * gain }),
    std: (_inputs, _outputs, gain) => std * gain,
    code: (gain) => ({
      fanwise: `init.normal(layer.weight, ${withRng(std * gain === 1 ? '' : `std: ${std * gain}`)})`,
      torch: `nn.init.normal_(layer.weight, 0, ${std * gain})`,
    }),
  };
}

function xavier(shape: 'Normal' | 'Uniform'): Row {
  return {
    label: `Xavier ${shape.toLowerCase()}`,
    gain: 1,
    fill: ({ weight }, gain, rng) => void init[`xavier${shape}`](weight, { rng, gain }),
    std: (inputs, outputs, gain) => gain * Math.sqrt(2 / (inputs + outputs)),
    code: (gain) => ({
      fanwise: `init.xavier${shape}(layer.weight, ${withRng(gain === 1 ? '' : `gain: ${gain}`)})`,
      torch: `nn.init.xavier_${shape.toLowerCase()}_(layer.weight${gain === 1 ? '' : `, gain=${gain}`})`,
    }),
  };
}

function kaiming(shape: 'Normal' | 'Uniform'): Row {
  const lower = shape.toLowerCase();
  return {
    label: `Kaiming (He) ${lower}`,
    gain: Math.SQRT2,
    fill: ({ weight }, gain, rng) => void init[`kaiming${shape}`](weight, { rng, gain }),
    std: (inputs, _outputs, gain) => gain / Math.sqrt(inputs),
    code(gain) {
      const fanwise = (more: string) => `init.kaiming${shape}(layer.weight, ${withRng(more)})`;
      if (gain === Math.SQRT2)
        return { fanwise: fanwise(''), torch: `nn.init.kaiming_${lower}_(layer.weight, nonlinearity='relu')` };
      // PyTorch's own function takes the name of a nonlinearity, not a gain.
      const std = `${gain} / math.sqrt(inputs)`;
      const bound = `math.sqrt(3) * (${std})`;
      const torch =
        shape === 'Normal'
          ? `nn.init.normal_(layer.weight, 0, ${std})`
          : `nn.init.uniform_(layer.weight, -${bound}, ${bound})`;
      return { fanwise: fanwise(`gain: ${gain}`), torch };
    },
  };
}

const rows = {
  default: { label: 'PyTorch’s default', std: (inputs) => 1 / Math.sqrt(3 * inputs) },
  zeros: {
    label: 'zeros',
    fill: ({ weight }) => void init.zeros(weight),
    std: () => 0,
    code: () => ({ fanwise: 'init.zeros(layer.weight)', torch: 'nn.init.zeros_(layer.weight)' }),
  },
  normal: normal('normal, σ = 1', 1),
  small: normal('normal, σ = 0.01', 0.01),
  lecunNormal: {
    label: 'LeCun normal',
    gain: 1,
    fill: ({ weight, inputs }, gain, rng) => void init.normal(weight, { rng, std: gain / Math.sqrt(inputs!) }),
    std: (inputs, _outputs, gain) => gain / Math.sqrt(inputs),
    code: (gain) =>
      gain === 1
        ? {
            fanwise: 'init.lecunNormal(layer.weight, { rng })',
            torch: "nn.init.kaiming_normal_(layer.weight, nonlinearity='linear')",
          }
        : {
            fanwise: `init.normal(layer.weight, { rng, std: ${gain} / Math.sqrt(inputs) })`,
            torch: `nn.init.normal_(layer.weight, 0, ${gain} / math.sqrt(inputs))`,
          },
  },
  xavierNormal: xavier('Normal'),
  xavierUniform: xavier('Uniform'),
  kaimingNormal: kaiming('Normal'),
  kaimingUniform: kaiming('Uniform'),
  orthogonal: {
    label: 'orthogonal',
    gain: 1,
    fill: ({ weight }, gain, rng) => void init.orthogonal(weight, { rng, gain }),
    code: (gain) => ({
      fanwise: `init.orthogonal(layer.weight, ${withRng(gain === 1 ? '' : `gain: ${gain}`)})`,
      torch: `nn.init.orthogonal_(layer.weight${gain === 1 ? '' : `, gain=${gain}`})  # the same to 4e-6`,
    }),
  },
  // Made from data, when all layers exist: see network.ts.
  lsuv: { label: 'LSUV (from data)' },
} satisfies Record<string, Row>;

export type InitialiserName = keyof typeof rows;
export const initialisers: Record<InitialiserName, Row> = rows;
