// Saves a model's parameters to a file and loads them. During a training the file can also have its state, to resume it: the
// optimizer's state, the progress through the data, and the states of generators.

import { flag, options } from '../check.js';
import { type Bytes, listed } from '../formats/bytes.js';
import { safetensors, type Tensors } from '../formats/safetensors.js';
import { type Tensor, tensor } from '../tensor.js';
import { type Model, type Progress, requireIdle, requireModel, trainings } from './model.js';

/** Prefix of the optimizer's arrays ('optimizer.0.2.weight'), and the key of the training's progress in the metadata. */
const OPTIMIZER = 'optimizer.';
const PROGRESS = 'fanwise.training';

/** TypeError for a value that is not a model of this package; Error while threads work on a step of the model. */
function requireIdleModel(where: string, model: unknown): asserts model is Model {
  requireModel(where, model);
  requireIdle(model);
}

/**
 * A safetensors file of a model's parameters, with the names of PyTorch's state_dict: '0.weight', '0.bias', ... With
 * training: true, between two steps of nn.fit, the file also has what nn.fit's `resume` needs to continue bit for bit; Error
 * if the model is not being trained.
 */
export function save(model: Model, given?: { metadata?: Record<string, string>; training?: boolean }): Bytes {
  const where = 'nn.save';
  requireIdleModel(where, model);
  const o = options(where, given, ['metadata', 'training']);
  const metadata = o.metadata as Record<string, string> | undefined; // encode checks it
  if (!flag(where, 'training', o.training ?? false)) return safetensors.encode(model.parameters, { metadata });
  const latest = trainings.get(model);
  if (latest === undefined)
    throw new Error(`${where}: the model is not being trained; save with training: true between two steps of nn.fit`);
  const tensors: [string, Tensor][] = Object.entries(model.parameters);
  latest.state().forEach((slot, i) => {
    for (const [name, data] of Object.entries(slot))
      tensors.push([`${OPTIMIZER}${i}.${name}`, tensor(model.parameters[name].shape, data)]);
  });
  const progress = JSON.stringify(latest.progress());
  return safetensors.encode(Object.fromEntries(tensors), { metadata: { ...metadata, [PROGRESS]: progress } });
}

/** A file's parameters, checked against the model, its metadata, and the optimizer's arrays (slots). */
function read(where: string, bytes: Uint8Array | ArrayBuffer, model: Model): Tensors & { slots: Tensors['tensors'] } {
  const { tensors, metadata } = safetensors.decode(bytes);
  const isSlot = ([name]: [string, Tensor]) => metadata[PROGRESS] !== undefined && name.startsWith(OPTIMIZER);
  const all = Object.entries(tensors);
  const parameters = Object.fromEntries(all.filter((entry) => !isSlot(entry)));
  const has = (object: object, name: string) => Object.hasOwn(object, name);
  const missing = Object.keys(model.parameters).filter((name) => !has(parameters, name));
  const unknown = Object.keys(parameters).filter((name) => !has(model.parameters, name));
  if (missing.length > 0 || unknown.length > 0) {
    const differences = [
      missing.length > 0 ? `the file lacks ${listed(missing)}` : '',
      unknown.length > 0 ? `the model lacks ${listed(unknown)}` : '',
    ].filter(Boolean);
    throw new RangeError(`${where}: ${differences.join(', and ')}; make a model of the same layers`);
  }
  for (const [name, { shape, data }] of Object.entries(parameters)) {
    const expected = model.parameters[name].shape;
    if (String(shape) !== String(expected))
      throw new RangeError(
        `${where}: ${name} is [${shape}] in the file and [${expected}] in the model; make a model of the same widths`,
      );
    const wrong = data.findIndex((v) => !Number.isFinite(v));
    if (wrong >= 0)
      throw new RangeError(`${where}: ${name}[${wrong}] is ${data[wrong]}; a model of such numbers cannot be used`);
  }
  return { tensors: parameters, metadata, slots: Object.fromEntries(all.filter(isSlot)) };
}

/**
 * Loads a file's parameters into a model with the same names and shapes, and returns the file's metadata. RangeError for a file
 * that is damaged, has other names or shapes, or a value that is not finite; the model is then unchanged.
 */
export function load(bytes: Uint8Array | ArrayBuffer, model: Model): Record<string, string> {
  const where = 'nn.load';
  requireIdleModel(where, model);
  const { tensors, metadata } = read(where, bytes, model);
  for (const [name, { data }] of Object.entries(tensors)) model.parameters[name].data.set(data);
  return metadata;
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A file's parameters, optimizer state and progress, checked against the model and its optimizer. Writes nothing. */
export function readCheckpoint(
  where: string,
  bytes: Uint8Array | ArrayBuffer,
  model: Model,
  slots: number,
): { parameters: Record<string, Tensor>; state: Record<string, Tensor>[]; progress: Progress } {
  const file = read(where, bytes, model);
  const progress = progressOf(where, file.metadata[PROGRESS]);
  const names = Object.keys(model.parameters);
  const otherOptimizer = () =>
    new RangeError(`${where}: resume is of another optimizer; pass the one that the training began with`);
  if (Object.keys(file.slots).length !== slots * names.length) throw otherOptimizer();
  const state = Array.from({ length: slots }, (_, i) =>
    Object.fromEntries(
      names.map((name) => {
        const key = `${OPTIMIZER}${i}.${name}`;
        const tensor = Object.hasOwn(file.slots, key) ? file.slots[key] : undefined;
        if (tensor === undefined || String(tensor.shape) !== String(model.parameters[name].shape))
          throw otherOptimizer();
        return [name, tensor];
      }),
    ),
  );
  return { parameters: file.tensors, state, progress };
}

/** The progress in a file's metadata, checked. */
function progressOf(where: string, text: string | undefined): Progress {
  let progress: Progress | undefined;
  let cause: unknown;
  try {
    progress = JSON.parse(text ?? 'null');
  } catch (error) {
    cause = error; // The error is below.
  }
  const counts = [progress?.epoch, progress?.row, progress?.rows, progress?.batchSize];
  const records = [progress?.order, progress?.generator, progress?.layers, ...Object.values(progress?.layers ?? {})];
  if (!progress || !counts.every(isCount) || !records.every(isRecord))
    throw new RangeError(
      `${where}: resume has no training to go on from; save it with training: true between two steps`,
      cause === undefined ? undefined : { cause },
    );
  return progress;
}
