// Saves a model's parameters to a file and loads them. During a training the file can also have its state, to resume it: the
// optimizer's state, the progress through the data, and the states of generators.

import { flag, options } from '../check.js';
import { type Bytes, listed, shortened } from '../formats/bytes.js';
import type { FileTensor } from '../formats/dtype.js';
import { type OpenFile, open, safetensors } from '../formats/safetensors.js';
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
export function save(
  model: Model,
  given?: { metadata?: Record<string, string> | undefined; training?: boolean | undefined },
): Bytes {
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

/**
 * The names of a file's tensors that have the name and shape of a parameter, of those that have not, of the parameters that are
 * left, and of the optimizer's arrays (slots).
 */
function compared(file: OpenFile, model: Model) {
  const isSlot = (name: string) => file.metadata[PROGRESS] !== undefined && name.startsWith(OPTIMIZER);
  const names = [...file.entries.keys()];
  const own = names.filter((name) => !isSlot(name));
  const has = (name: string) => Object.hasOwn(model.parameters, name);
  const isAlike = (name: string) => String(file.entries.get(name)?.shape) === String(model.parameters[name].shape);
  const fitting = new Set(own.filter((name) => has(name) && isAlike(name)));
  return {
    fitting: [...fitting],
    missing: Object.keys(model.parameters).filter((name) => !fitting.has(name)),
    unexpected: own.filter((name) => !fitting.has(name)),
    slots: names.filter(isSlot),
  };
}

/** RangeError if a file and a model have other names or shapes. */
function requireAlike(where: string, { entries }: OpenFile, model: Model, missing: string[], unexpected: string[]) {
  // A name in both lists is one of another shape.
  const inBoth = new Set(missing.filter((name) => unexpected.includes(name)));
  const [lacking, unknown] = [missing, unexpected].map((names) => names.filter((name) => !inBoth.has(name)));
  const differences = [
    lacking.length > 0 ? `the file lacks ${listed(lacking)}` : '',
    unknown.length > 0 ? `the model lacks ${listed(unknown)}` : '',
  ].filter(Boolean);
  if (differences.length > 0)
    throw new RangeError(`${where}: ${differences.join(', and ')}; make a model of the same layers`);
  for (const name of inBoth)
    throw new RangeError(
      `${where}: ${name} is [${shortened(String(entries.get(name)?.shape))}] in the file and [${model.parameters[name].shape}] in the model; ` +
        'make a model of the same widths',
    );
}

/** Reads tensors of a file. RangeError for a value that is not finite. */
function finite(where: string, file: OpenFile, names: string[]): Record<string, FileTensor> {
  const read = names.map((name): [string, FileTensor] => {
    const tensor = file.tensor(name);
    const wrong = tensor.data.findIndex((v) => !Number.isFinite(v));
    if (wrong >= 0)
      throw new RangeError(
        `${where}: ${name}[${wrong}] is ${tensor.data[wrong]}; a model of such numbers cannot be used`,
      );
    return [name, tensor];
  });
  return Object.fromEntries(read);
}

/** The result of nn.load with strict: false. */
export interface Loaded {
  metadata: Record<string, string>;
  /** The model's parameters that are unchanged, since the file has no tensor of their name and shape. */
  missing: string[];
  /** The file's tensors that are not loaded, since the model has no parameter of their name and shape. */
  unexpected: string[];
  /** How many of the loaded values float32 cannot represent, which are rounded. */
  inexact: number;
}

/**
 * Loads a file's parameters into a model with the same names and shapes, and returns the file's metadata. RangeError for a file
 * that is damaged, has other names or shapes, or a value that is not finite; the model is then unchanged. With strict: false
 * it loads those whose name and shape a parameter has, and returns the names of the others.
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  model: Model,
  given?: { strict?: true | undefined },
): Record<string, string>;
export function load(bytes: Uint8Array | ArrayBuffer, model: Model, given: { strict: false }): Loaded;
export function load(
  bytes: Uint8Array | ArrayBuffer,
  model: Model,
  given?: { strict?: boolean | undefined },
): Record<string, string> | Loaded {
  const where = 'nn.load';
  requireIdleModel(where, model);
  const strict = flag(where, 'strict', options(where, given, ['strict']).strict ?? true);
  const file = open(where, 'bytes', bytes);
  const { fitting, missing, unexpected } = compared(file, model);
  if (strict) requireAlike(where, file, model, missing, unexpected);
  const tensors = finite(where, file, fitting);
  for (const [name, { data }] of Object.entries(tensors)) model.parameters[name].data.set(data);
  if (strict) return file.metadata;
  const inexact = Object.values(tensors).reduce((sum, tensor) => sum + (tensor.inexact ?? 0), 0);
  return { metadata: file.metadata, missing, unexpected, inexact };
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
  const file = open(where, 'resume', bytes);
  const found = compared(file, model);
  requireAlike(where, file, model, found.missing, found.unexpected);
  const parameters = finite(where, file, found.fitting);
  const progress = progressOf(where, file.metadata[PROGRESS]);
  const names = Object.keys(model.parameters);
  const otherOptimizer = () =>
    new RangeError(`${where}: resume is of another optimizer; pass the one that the training began with`);
  if (found.slots.length !== slots * names.length) throw otherOptimizer();
  const state = Array.from({ length: slots }, (_, i) =>
    Object.fromEntries(
      names.map((name) => {
        const key = `${OPTIMIZER}${i}.${name}`;
        if (String(file.entries.get(key)?.shape) !== String(model.parameters[name].shape)) throw otherOptimizer();
        return [name, file.tensor(key)];
      }),
    ),
  );
  return { parameters, state, progress };
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
  const sources = progress?.sources ?? {};
  const isText = (value: unknown) => typeof value === 'string';
  if (
    !progress ||
    !counts.every(isCount) ||
    !records.every(isRecord) ||
    !isRecord(sources) ||
    !Object.values(sources).every(isText)
  )
    throw new RangeError(
      `${where}: resume has no training to go on from; save it with training: true between two steps`,
      cause === undefined ? undefined : { cause },
    );
  return progress;
}
