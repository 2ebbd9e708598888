// The statistics and verdicts of a TensorFlow.js model. During one pass the layers' `call` and activations are replaced by
// functions that read what they make. What is read passes through an identity whose gradient function reads the gradient.

// Functions alone: tensors have methods only where the whole of TensorFlow.js is loaded.
import { add, customGrad, engine, mean, reshape, scalar, type Tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import type { LayersModel, layers } from '@tensorflow/tfjs-layers';
import type { Named } from '../activation/table.js';
import { options, what } from '../check.js';
import { type LayerArrays, type NetworkDiagnosis, network } from '../diagnose/measure.js';

type Layer = layers.Layer;
/** An activation of TensorFlow.js' layers. */
interface Activation {
  getClassName(): string;
  apply(x: Tensor, ...others: unknown[]): Tensor;
}
/** Properties of layers that have them. */
type Parts = { layers?: Layer[]; activation?: Activation; dataFormat?: string };

/** The mean loss of outputs, a scalar or one a row. */
export type TfjsLoss = (labels: Tensor, outputs: Tensor) => Tensor;

/** Activations whose name or default is another here. */
const others: Readonly<Record<string, Named>> = {
  hardSigmoid: ['hardSigmoid', { slope: 0.2 }],
  gelu_new: ['gelu', { approximate: 'tanh' }],
  swish: 'silu',
};
const same = ['elu', 'selu', 'relu', 'relu6', 'sigmoid', 'softplus', 'softsign', 'tanh', 'gelu', 'mish'] as const;

/** An activation of TensorFlow.js by the name of this package; undefined if there is none. */
const activationNamed = (name: string): Named | undefined => others[name] ?? same.find((known) => known === name);

/** The activation that a layer is. */
function activationOf(layer: Layer): Named | undefined {
  const { alpha, theta, maxValue } = layer.getConfig() as Record<string, number | null | undefined>;
  switch (layer.getClassName()) {
    case 'ReLU':
      return maxValue == null ? 'relu' : maxValue === 6 ? 'relu6' : undefined;
    case 'LeakyReLU':
      return ['leakyRelu', { slope: alpha ?? 0.3 }];
    case 'ELU':
      return 'elu';
    case 'ThresholdedReLU':
      return ['threshold', { threshold: theta ?? 1, value: 0 }];
    case 'Activation':
      return activationNamed((layer as Parts).activation?.getClassName() ?? '');
  }
  return undefined;
}

/** The kind of a layer, as diagnose.network has it: 'linear', 'conv', or the name of its class in small letters. */
function kindOf(layer: Layer): string {
  const name = layer.getClassName();
  if (name === 'Dense') return 'linear';
  if (/^(Conv[123]D|(Depthwise|Separable)Conv2D|Conv[23]DTranspose)$/.test(name)) return 'conv';
  return (name === 'Activation' ? ((layer as Parts).activation?.getClassName() ?? name) : name).toLowerCase();
}
const isWeighted = (kind: string) => kind === 'linear' || kind === 'conv';

/** The values of a tensor. */
type Values = { shape: number[]; data: Float32Array };
const read = (x: Tensor): Values => ({ shape: x.shape, data: Float32Array.from(x.dataSync()) });

/** The weight of a layer of a kind: the outputs are its last axis. */
function weightOf(layer: Layer, weight: Tensor): Tensor {
  const name = layer.getClassName();
  const { shape, rank }: Tensor = weight;
  const axes = shape.map((_, axis) => axis);
  if (name.endsWith('Transpose')) return transpose(weight, [...axes.slice(0, -2), rank - 1, rank - 2]);
  // Each input has a group of its own, of `multiplier` outputs.
  return name === 'DepthwiseConv2D' ? reshape(weight, [...shape.slice(0, 2), 1, -1]) : weight;
}

/** The kernel of a layer that is linear in its inputs, unless it has two. */
function kernelOf(layer: Layer) {
  const kernels = isWeighted(kindOf(layer)) ? layer.weights.filter(({ name }) => /kernel(_\d+)?$/.test(name)) : [];
  return kernels.length === 1 ? kernels[0] : undefined;
}

/** The layers of a model that are no models, with the index of each in model.layers. */
function leaves(list: readonly Layer[], found = new Map<Layer, number>(), at?: number): Map<Layer, number> {
  list.forEach((layer, i) => {
    const { layers } = layer as Parts;
    if (layers) leaves(layers, found, at ?? i);
    else if (!found.has(layer)) found.set(layer, at ?? i);
  });
  return found;
}

/** Replaces a property of an object; returns a function that undoes it. */
function replace<T extends object, K extends keyof T>(object: T, key: K, value: T[K]): () => void {
  const own = Object.getOwnPropertyDescriptor(object, key);
  Object.defineProperty(object, key, { value, configurable: true, writable: true });
  return () => void (own ? Object.defineProperty(object, key, own) : delete object[key]);
}

/** What one pass reads. */
class Recording {
  readonly entries: LayerArrays[] = [];
  /** The entries with a weight, and the layer whose weight it is. */
  readonly weighted: [entry: LayerArrays, layer: Layer][] = [];
  /** The gradients of all that is read are asked for by way of this, also where no weight is learnt. */
  readonly zero = scalar(0);
  /** The axis of channels, which an activation has of the layer before it. */
  private channels = -1;

  /** Replaces the calls of a layer; returns functions that undo it. */
  replaceCalls(layer: Layer, index: number): (() => void)[] {
    const { activation, dataFormat } = layer as Parts;
    const kind = kindOf(layer);
    const place = { name: layer.name, layer: index };
    const call = layer.call.bind(layer);
    const inner = isWeighted(kind) ? activation?.getClassName() : undefined;
    const isPlain = !activation || inner === undefined || inner === 'linear';
    const f = isPlain ? activationOf(layer) : activationNamed(inner);
    const named = { ...place, ...(f ? { activation: f } : { kind: isPlain ? kind : inner.toLowerCase() }) };
    let preactivations: Values | undefined;
    const undo = [
      replace(layer, 'call', (inputs, kwargs) => {
        if (dataFormat) this.channels = dataFormat === 'channelsFirst' ? 1 : -1;
        if (f && isPlain) preactivations = read([inputs].flat()[0]);
        const outputs = call(inputs, kwargs);
        const record = (y: Tensor) =>
          this.record(y, { ...named, ...(f && { preactivations }) }, isPlain ? layer : undefined);
        return Array.isArray(outputs) ? outputs.map(record) : record(outputs);
      }),
    ];
    if (isPlain) return undo;
    const recording: Activation = {
      // Not a name that TensorFlow.js has a fused kernel for: it would not call `apply`.
      getClassName: () => 'recording',
      apply: (z, ...rest) => {
        preactivations = read(z);
        return activation.apply(this.record(z, { ...place, kind }, layer), ...rest);
      },
    };
    return [...undo, replace(layer as Parts, 'activation', recording)];
  }

  /** Reads what a layer made. Returns the same, through which its gradient is read too. */
  private record(y: Tensor, named: Omit<LayerArrays, 'activations'>, layer?: Layer): Tensor {
    if (y.dtype !== 'float32' || y.rank < 2) return y;
    const entry: LayerArrays = { ...named, activations: read(y), axis: y.rank > 2 ? this.channels : 1 };
    this.entries.push(entry);
    const weight = layer && kernelOf(layer);
    if (weight) {
      this.weighted.push([entry, layer]);
      entry.weights = read(weightOf(layer, weight.read()));
      entry.layout = 'io';
      const bias = layer.weights.find(({ name }) => /bias(_\d+)?$/.test(name));
      if (bias) entry.biases = read(bias.read());
    }
    const identity = customGrad((x) => ({
      value: (x as Tensor).clone(),
      gradFunc: (dy: Tensor) => {
        entry.gradients = read(dy);
        return [dy, this.zero.clone()];
      },
    }));
    return identity(y, this.zero);
  }
}

/** Tensors of an option: one or several. */
function tensors(where: string, name: string, value: unknown): Tensor[] {
  const list = Array.isArray(value) ? value : [value];
  const wrong = list.find((x) => typeof x?.dataSync !== 'function' || !Array.isArray(x?.shape));
  if (list.length === 0 || list.includes(wrong))
    throw new TypeError(`${where}: ${name} is ${what(value)}; pass a tensor of TensorFlow.js, or an array of them`);
  return list;
}

/** The losses of a compiled model, one for each output. */
function compiledLosses(model: LayersModel): TfjsLoss[] | undefined {
  // A sequential model has a functional one within.
  const { lossFunctions } = (model as { model?: LayersModel }).model ?? model;
  return lossFunctions?.length > 0 ? lossFunctions : undefined;
}

/**
 * The statistics and verdicts of a TensorFlow.js model, sequential or functional, on a batch of a few hundred rows: one
 * forward pass, as in model.predict, and with `y` one backward pass of the loss, by default that which the model is compiled
 * with. Layers have their names, and their indices in model.layers; the activation of a layer is a part of its own. With `lr`
 * weights' statistics have `update`, as in diagnose.probe. The model stays as it is, and no tensor is left. Values are read by
 * dataSync. TypeError for a model or tensors that are something else, and for `y` without a loss.
 */
export function diagnoseTfjs(
  model: LayersModel,
  data: { x: Tensor | Tensor[]; y?: Tensor | Tensor[] | undefined },
  given?: { loss?: TfjsLoss | undefined; lr?: number | undefined },
): NetworkDiagnosis {
  const where = 'fanwise/tfjs: diagnoseTfjs';
  if (typeof model?.apply !== 'function' || !Array.isArray(model.layers))
    throw new TypeError(`${where}: model is ${what(model)}; pass a tf.LayersModel`);
  const o = options(where, data, ['x', 'y']);
  const { loss, lr } = options(where, given, ['loss', 'lr']);
  const x = tensors(where, 'x', o.x);
  const y = o.y === undefined ? [] : tensors(where, 'y', o.y);
  if (loss !== undefined && typeof loss !== 'function')
    throw new TypeError(`${where}: loss is ${what(loss)}; pass a function (labels, outputs) => tensor`);
  const losses = loss === undefined ? compiledLosses(model) : y.map(() => loss as TfjsLoss);
  if (y.length > 0 && losses?.length !== y.length)
    throw new TypeError(
      `${where}: y has ${y.length} tensors and the model ${losses?.length ?? 0} losses; compile it, or pass loss`,
    );
  const found = leaves(model.layers);
  let [input, mean]: [Values?, number?] = [];
  let entries: LayerArrays[] = [];
  tidy(() => {
    const recording = new Recording();
    const undo: (() => void)[] = [];
    const outputs = () => [model.apply(x.length === 1 ? x[0] : x, { training: false })].flat() as Tensor[];
    try {
      for (const [layer, index] of found) undo.push(...recording.replaceCalls(layer, index));
      if (y.length === 0) outputs();
      else mean = backward(recording, [...found.keys()], () => meanLoss(outputs(), y, losses!));
    } finally {
      for (const restore of undo) restore();
    }
    if (x.length === 1 && x[0].dtype === 'float32') input = read(x[0]);
    entries = recording.entries;
  });
  return network(entries, { input, loss: mean, lr: lr as number | undefined });
}

/** The sum of the outputs' mean losses. */
const meanLoss = (outputs: Tensor[], labels: Tensor[], losses: TfjsLoss[]): Tensor =>
  outputs.map((output, i) => mean(losses[i](labels[i], output))).reduce((sum, loss) => add(sum, loss));

/** The gradients of a loss, undefined where it has none. If it fails, TensorFlow.js keeps the tensors of its tape: no longer. */
function gradients(loss: () => Tensor, xs: Tensor[]) {
  try {
    return engine().gradients(loss, xs, undefined, true);
  } catch (error) {
    const { activeTape, gradientDepth } = engine().state;
    if (gradientDepth === 0) for (const { saved } of activeTape ?? []) for (const x of saved ?? []) x.dispose();
    throw error;
  }
}

/** Runs a backward pass, in which gradients are read. Returns the loss. */
function backward({ zero, weighted }: Recording, found: Layer[], loss: () => Tensor): number {
  const learnt = found.filter((layer) => layer.trainable && kernelOf(layer));
  const xs = [zero, ...learnt.map((layer) => kernelOf(layer)!.read())];
  const { value, grads } = gradients(loss, xs);
  for (const [entry, layer] of weighted) {
    const gradient = grads[1 + learnt.indexOf(layer)];
    if (learnt.includes(layer) && gradient) entry.weightGradients = read(weightOf(layer, gradient));
  }
  return value.dataSync()[0];
}
