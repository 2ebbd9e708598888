// `diagnose.network`: the statistics of the layers of any network, from plain arrays, and the verdicts on them. The kernels are
// those of a probe, on copies in one workspace: equal arrays have statistics that are equal to the bit.

import { activationOf, type Named } from '../activation/table.js';
import { choice, number, options, sameLength, type Unchecked, what, whole } from '../check.js';
import { padded, STATISTICS_WORDS } from '../nn/plan.js';
import {
  activationFields,
  gradientStatistics,
  type Measured,
  type MeasuredLayer,
  type MeasuredWeight,
  type Measuring,
  nonFiniteShare,
  normOf,
  saturatedShare,
  statisticsOf,
  weightStatistics,
} from '../nn/statistics.js';
import type { Tensor } from '../tensor.js';
import { bind, workspace } from '../wasm/memory.js';
import { type Numbers, rowsOfOutputs, tensorOf } from './arrays.js';
import { type Verdict, verdictsOn } from './verdict.js';

/** What diagnose.network reads of a layer, or of a part of one, such as the activation of a linear layer. */
export interface LayerArrays {
  /** What its verdicts call it. */
  name?: string | undefined;
  /** Its index among the layers of the network; by default that of this entry. Parts of one layer have the same. */
  layer?: number | undefined;
  /**
   * 'linear' for fully connected layers, 'conv' for convolutions ('conv1d' to 'conv3d'), 'dropout', 'flatten', or any other
   * word; by default the activation's name. Linear layers and convolutions are compared, and the last of them is the output.
   */
  kind?: string | undefined;
  /** The activation that made `activations`, of this package: 'relu', or ['leakyRelu', { slope: 0.2 }]. */
  activation?: Named | undefined;
  /** The outputs, [rows, units] or, with `axis`, [rows, ...]: at least one row. */
  activations: Numbers;
  /** The axis of the units, such as that of channels: 1 or, from the end, -1. Needed beyond two axes. */
  axis?: number | undefined;
  /**
   * The inputs of the activation, in the shape of `activations`. Without them there is no share of saturated values for an
   * activation whose slope its output does not tell, such as gelu.
   */
  preactivations?: Numbers | undefined;
  /** The gradient of the loss with respect to `activations`, in their shape. */
  gradients?: Numbers | undefined;
  /** The weight, whose outputs are the units. */
  weights?: Numbers | undefined;
  /** Whether the weight's outputs are its first axis ('oi', PyTorch's and the default) or its last ('io', TensorFlow's). */
  layout?: 'oi' | 'io' | undefined;
  biases?: Numbers | undefined;
  /** The gradient of the loss with respect to the weight. */
  weightGradients?: Numbers | undefined;
  /** A step of the weight, or the step's norm divided by the weight's. */
  update?: Numbers | number | undefined;
}

/** The statistics of a network, and the verdicts on them. */
export interface NetworkDiagnosis extends Measured {
  verdicts: Verdict[];
}

const entryOptions = [
  ...(['name', 'layer', 'kind', 'activation', 'activations', 'axis', 'preactivations', 'gradients'] as const),
  ...(['weights', 'layout', 'biases', 'weightGradients', 'update'] as const),
];

/** An entry, checked. */
interface Entry {
  where: string;
  fields: Pick<MeasuredLayer, 'layer' | 'kind' | 'units' | 'name' | 'positions'>;
  activation: ReturnType<typeof activationOf> | undefined;
  activations: Tensor;
  /** The axis of the units. */
  axis: number;
  preactivations: Tensor | undefined;
  gradients: Tensor | undefined;
  weight: { rows: number; data: Float32Array } | undefined;
  biases: Tensor | undefined;
  weightGradients: Tensor | undefined;
  update: Tensor | number | undefined;
}

/** The axis of the units of an array. */
function axisOf(where: string, shape: readonly number[], axis: unknown): number {
  const rank = shape.length;
  if (rank < 2)
    throw new RangeError(
      `${where}: activations has shape [${shape}]; pass rows of units, [rows, units], or [rows, ...]`,
    );
  if (shape.includes(0)) throw new RangeError(`${where}: activations has shape [${shape}]; pass at least one value`);
  if (axis === undefined && rank > 2)
    throw new TypeError(
      `${where}: axis is undefined, and activations has shape [${shape}]; pass the axis of the units: 1 or -1`,
    );
  const signed = whole(where, 'axis', axis ?? 1, { least: 1 - rank, most: rank - 1 });
  if (signed === 0) throw new RangeError(`${where}: axis is 0, that of the rows; pass the axis of the units`);
  return signed < 0 ? rank + signed : signed;
}

/** An option that is a text. */
function text(where: string, name: string, value: unknown): string | undefined {
  if (value !== undefined && typeof value !== 'string')
    throw new TypeError(`${where}: ${name} is ${what(value)}; pass a text`);
  return value;
}

function entryOf(where: string, given: LayerArrays, index: number): Entry {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`${where} is ${what(given)}; pass an object with activations and kind`);
  const o: Unchecked<LayerArrays> = options(where, given, entryOptions);
  const [name, kind] = [text(where, 'name', o.name), text(where, 'kind', o.kind)];
  const activation = o.activation === undefined ? undefined : activationOf(where, o.activation);
  if (kind === undefined && activation === undefined)
    throw new TypeError(`${where}: neither kind nor activation; pass one, such as kind: 'linear'`);
  const array = (key: keyof LayerArrays) => (o[key] === undefined ? undefined : tensorOf(where, key, o[key]));
  const activations = tensorOf(where, 'activations', o.activations);
  const axis = axisOf(where, activations.shape, o.axis);
  const units = activations.shape[axis];
  const positions = activations.data.length / (activations.shape[0] * units);
  const alike = (key: 'preactivations' | 'gradients') => {
    const other = array(key);
    if (other && `${other.shape}` !== `${activations.shape}`)
      throw new RangeError(
        `${where}: ${key} has shape [${other.shape}] and activations [${activations.shape}]; make them the same`,
      );
    return other;
  };
  const layout = choice(where, 'layout', o.layout ?? 'oi', ['oi', 'io']);
  const weights = array('weights');
  if (weights && (weights.shape.length < 2 || weights.shape.includes(0)))
    throw new RangeError(`${where}: weights has shape [${weights.shape}]; pass at least two axes and one value`);
  const weight = weights && rowsOfOutputs(weights, layout);
  if (weight && weight.rows !== units)
    throw new RangeError(
      `${where}: weights of layout ${layout} has ${weight.rows} outputs and activations ${units} units; pass the other layout, or another axis`,
    );
  /** An array beside the weight: it needs one, and has as many values. */
  const beside = (key: 'biases' | 'weightGradients' | 'update', length: number) => {
    if (o[key] !== undefined && !weights)
      throw new TypeError(`${where}: ${key} without weights; pass the weights too, or neither`);
    const other = array(key);
    if (other) sameLength(where, key, other.data.length, key === 'biases' ? 'units' : 'weights', length);
    return other;
  };
  const size = weights?.data.length ?? 0;
  const isShare = typeof o.update === 'number';
  return {
    where,
    fields: {
      layer: o.layer === undefined ? index : whole(where, 'layer', o.layer),
      ...(name !== undefined && { name }),
      kind: kind ?? activation!.name,
      units,
      ...(positions > 1 && { positions }),
    },
    activation,
    activations,
    axis,
    preactivations: alike('preactivations'),
    gradients: alike('gradients'),
    weight,
    biases: beside('biases', units),
    weightGradients: beside('weightGradients', size),
    update: isShare ? number(where, 'update', o.update, { least: 0 }) : beside('update', size),
  };
}

/** The share of units that are 0 for every row, at every position. */
function deadShare({ shape, data }: Tensor, axis: number): number {
  const units = shape[axis];
  const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  const alive = new Uint8Array(units);
  data.forEach((value, i) => {
    if (value !== 0) alive[Math.floor(i / inner) % units] = 1;
  });
  return alive.reduce((dead, isAlive) => dead - isAlive, units) / units;
}

/** Arrays in a workspace, for copies, and kernels that measure them. */
function measuring(largest: number) {
  const ws = workspace({ bytes: 8 * padded(largest) + 4 * padded(STATISTICS_WORDS) });
  const [values, slopes] = [ws.float32(largest), ws.float32(largest)];
  const memory: Measuring = {
    kernel: (name, ...arrays) => bind(ws, name, ...arrays),
    counts: ws.uint32(STATISTICS_WORDS),
  };
  /** A copy of an array, until the next one. */
  const load = (data: Float32Array) => {
    values.set(data);
    return values;
  };
  return { memory, load, slopes };
}

type Measure = ReturnType<typeof measuring>;

/** The norm of an array, by the kernel of a probe. */
function norm({ memory, load }: Measure, data: Float32Array) {
  return normOf(memory, load(data).subarray(0, data.length));
}

/** The statistics of a layer's weight. */
function measuredWeight(measure: Measure, entry: Entry, lr: number | undefined): MeasuredWeight | undefined {
  const { weight, weightGradients, biases, update } = entry;
  if (!weight) return undefined;
  const { rows, data } = weight;
  const gradient = weightGradients && norm(measure, weightGradients.data);
  const result = weightStatistics(norm(measure, data), gradient, data, data.length / rows, biases?.data, lr);
  if (typeof update === 'number') result.update = update;
  else if (update) {
    const step = norm(measure, update.data);
    if (step.nonFinite === 0) result.update = result.norm === 0 ? 0 : step.norm / result.norm;
  }
  return result;
}

/** The shares of an entry's parameters that are NaN or infinite. */
function brokenIn({ weight, biases, fields: { layer, name } }: Entry): MeasuredLayer['broken'] {
  const shares = Object.entries({ weight, bias: biases }).flatMap(([parameter, array]) => {
    const share = array ? nonFiniteShare(array.data) : 0;
    return share > 0 ? [[`${name ?? layer}.${parameter}`, share]] : [];
  });
  return shares.length > 0 ? Object.fromEntries(shares) : undefined;
}

function measured(measure: Measure, entry: Entry, lr: number | undefined): MeasuredLayer {
  const { memory, load, slopes } = measure;
  const { fields, activation, activations, axis, preactivations, gradients } = entry;
  const { data } = activations;
  const n = data.length;
  const saved = activation && (activation.row.keeps === 'y' ? data : preactivations?.data);
  const saturated = saved && saturatedShare(memory, slopes, { ...activation, saved: load(saved) }, n);
  // Without a share of saturated values the kind alone does not say that there is an activation.
  const kind = saturated === undefined ? '' : fields.kind;
  const weight = measuredWeight(measure, entry, lr);
  const broken = brokenIn(entry);
  return {
    ...fields,
    ...(activation && activationFields(kind, activation)),
    ...statisticsOf(memory, load(data), n),
    ...(saturated !== undefined && { saturated }),
    dead: deadShare(activations, axis),
    ...(gradients && { gradient: gradientStatistics(memory, load(gradients.data), n) }),
    ...(broken && { broken }),
    ...(weight && { weight }),
  };
}

/** The largest array of a network. */
const largestOf = (entries: readonly Entry[], input: Tensor | undefined) =>
  Math.max(
    input?.data.length ?? 0,
    ...entries.flatMap(({ activations, weight }) => [activations.data.length, weight?.data.length ?? 0]),
  );

/**
 * The statistics of a network of any library, and the verdicts on them, from arrays of its layers in the order in which they
 * run, for one batch. What is not given is not judged. `input` is the batch, `loss` the loss (null if it is not finite), and
 * with `lr` the weights' statistics have `update`, as in diagnose.probe. Plain data, from plain data: JSON in and out.
 * TypeError and RangeError for arrays that are none, empty or do not fit, and for layers of different numbers of rows.
 */
export function network(
  layers: readonly LayerArrays[],
  given?: { input?: Numbers | undefined; loss?: number | null | undefined; lr?: number | undefined },
): NetworkDiagnosis {
  const where = 'diagnose.network';
  if (!Array.isArray(layers))
    throw new TypeError(`${where}: layers is ${what(layers)}; pass an array of layers, such as { kind, activations }`);
  if (layers.length === 0) throw new RangeError(`${where}: layers is empty; pass at least one layer`);
  // The one option that may be null: it is NaN.
  const o = options(where, given?.loss === null ? { ...given, loss: Number.NaN } : given, ['input', 'loss', 'lr']);
  const { loss } = o;
  if (loss !== undefined && typeof loss !== 'number')
    throw new TypeError(`${where}: loss is ${what(loss)}; pass a number, or null for one that is not finite`);
  const input = o.input === undefined ? undefined : tensorOf(where, 'input', o.input);
  if (input?.data.length === 0) throw new RangeError(`${where}: input is empty; pass the batch, or leave it out`);
  const lr = o.lr === undefined ? undefined : number(where, 'lr', o.lr, { least: 0 });
  const entries = Array.from(layers, (layer, i) => entryOf(`${where}: layers[${i}]`, layer, i));
  const [{ activations }] = entries;
  const [rows] = activations.shape;
  for (const { where: at, activations: other } of entries)
    if (other.shape[0] !== rows)
      throw new RangeError(`${at} has ${other.shape[0]} rows and layers[0] ${rows}; pass what one batch gives`);
  const measure = measuring(largestOf(entries, input));
  const report: Measured = {
    rows,
    ...(loss !== undefined && { loss: Number.isFinite(loss) ? loss : null }),
    ...(input && { input: statisticsOf(measure.memory, measure.load(input.data), input.data.length) }),
    layers: entries.map((entry) => measured(measure, entry, lr)),
  };
  return { ...report, verdicts: verdictsOn(report) };
}
