// What can be chosen, a row each: its name on the page, what it does to a layer, and how that is written in both
// languages. The code that is copied cannot drift from what the page does, as both stand in one row.

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
  /** The gain of what the name says; without one a gain makes no sense. */
  gain?: number;
  /** Overwrites the weight that nn.linear drew. */
  fill?(layer: Linear<true>, gain: number, rng: Generator): void;
  /** The deviation of the weights, where there is a formula. */
  std?(inputs: number, outputs: number, gain: number): number;
  /** The statement that fills layer.weight, in TypeScript and in Python. */
  code?(gain: number): { fanwise: string; torch: string };
}

/** { rng } and what else is asked for. */
const given = (more?: string) => `{ rng${more ? `, ${more}` : ''} }`;

function normal(label: string, unit: number): Row {
  return {
    label,
    gain: 1,
    fill: ({ weight }, gain, rng) => void init.normal(weight, { rng, std: unit * gain }),
    std: (_inputs, _outputs, gain) => unit * gain,
    code: (gain) => ({
      fanwise: `init.normal(layer.weight, ${given(unit * gain === 1 ? '' : `std: ${unit * gain}`)})`,
      torch: `nn.init.normal_(layer.weight, 0, ${unit * gain})`,
    }),
  };
}

function xavier(law: 'Normal' | 'Uniform'): Row {
  return {
    label: `Xavier ${law.toLowerCase()}`,
    gain: 1,
    fill: ({ weight }, gain, rng) => void init[`xavier${law}`](weight, { rng, gain }),
    std: (inputs, outputs, gain) => gain * Math.sqrt(2 / (inputs + outputs)),
    code: (gain) => ({
      fanwise: `init.xavier${law}(layer.weight, ${given(gain === 1 ? '' : `gain: ${gain}`)})`,
      torch: `nn.init.xavier_${law.toLowerCase()}_(layer.weight${gain === 1 ? '' : `, gain=${gain}`})`,
    }),
  };
}

function kaiming(law: 'Normal' | 'Uniform'): Row {
  const lower = law.toLowerCase();
  return {
    label: `Kaiming (He) ${lower}`,
    gain: Math.SQRT2,
    fill: ({ weight }, gain, rng) => void init[`kaiming${law}`](weight, { rng, gain }),
    std: (inputs, _outputs, gain) => gain / Math.sqrt(inputs),
    code(gain) {
      const fanwise = (more: string) => `init.kaiming${law}(layer.weight, ${given(more)})`;
      if (gain === Math.SQRT2)
        return { fanwise: fanwise(''), torch: `nn.init.kaiming_${lower}_(layer.weight, nonlinearity='relu')` };
      // PyTorch's own call takes a gain only by the name of a nonlinearity.
      const std = `${gain} / math.sqrt(inputs)`;
      const bound = `math.sqrt(3) * (${std})`;
      const torch =
        law === 'Normal'
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
      fanwise: `init.orthogonal(layer.weight, ${given(gain === 1 ? '' : `gain: ${gain}`)})`,
      torch: `nn.init.orthogonal_(layer.weight${gain === 1 ? '' : `, gain=${gain}`})  # the same to 4e-6`,
    }),
  },
  // Made from data, once all layers are there: see network.ts.
  lsuv: { label: 'LSUV (from data)' },
} satisfies Record<string, Row>;

export type InitialiserName = keyof typeof rows;
export const initialisers: Record<InitialiserName, Row> = rows;
