// A model's parameters in a file and back.

import { options, what } from './argument.js';
import { isModel, type Model } from './model.js';
import { safetensors } from './safetensors.js';

function checked(where: string, model: unknown): asserts model is Model {
  if (!isModel(model)) throw new TypeError(`${where}: model is ${what(model)}; pass one made by nn.sequential`);
}

/** A model's parameters as a safetensors file, with the names of PyTorch's state_dict: '0.weight', '0.bias', ... */
export function save(model: Model, given?: { metadata?: Record<string, string> }): Uint8Array {
  checked('nn.save', model);
  return safetensors.encode(model.parameters, options('nn.save', given, ['metadata']));
}

/**
 * The parameters of a file into a model of the same names and shapes. RangeError, and a model as it was, for a file that
 * is damaged, has other names or shapes, or a value that is not finite. Gives the file's metadata.
 */
export function load(bytes: Uint8Array | ArrayBuffer, model: Model): Record<string, string> {
  const where = 'nn.load';
  checked(where, model);
  const { tensors, metadata } = safetensors.decode(bytes);
  const has = (object: object, name: string) => Object.hasOwn(object, name);
  const missing = Object.keys(model.parameters).filter((name) => !has(tensors, name));
  const strange = Object.keys(tensors).filter((name) => !has(model.parameters, name));
  if (missing.length > 0 || strange.length > 0) {
    const list = (names: string[]) =>
      names.length === 0 ? 'none' : (names.length > 6 ? [...names.slice(0, 6), '…'] : names).join(', ');
    throw new RangeError(
      `${where}: the file lacks ${list(missing)} of the model, and the model ${list(strange)} of the file; make a model of the same layers`,
    );
  }
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const own = model.parameters[name].shape;
    if (String(shape) !== String(own))
      throw new RangeError(
        `${where}: ${name} is [${shape}] in the file and [${own}] in the model; make a model of the same widths`,
      );
    const wrong = data.findIndex((v) => !Number.isFinite(v));
    if (wrong >= 0)
      throw new RangeError(`${where}: ${name}[${wrong}] is ${data[wrong]}; a model of such numbers cannot be used`);
  }
  for (const [name, { data }] of Object.entries(tensors)) model.parameters[name].data.set(data);
  return metadata;
}
