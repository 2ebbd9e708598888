// The memory of a model's tensors. Each has an array of its own, which never moves. A plan in the model's memory computes with
// these arrays. One in other memory (for steps of more rows than the model plans, or for threads) computes with copies. They are
// copied back after each step if the user has ever read `data`, else when the tensor's values are next needed.

import { lockedArrays } from '../check.js';
import type { Tensor } from '../tensor.js';
import { Existing } from '../wasm/memory.js';

/** The arrays that have values of a tensor. */
export interface Storage {
  readonly owner: { busy: boolean };
  /** The tensor's own array. */
  readonly own: Float32Array;
  /** The array of the plan that is bound or runs now. */
  used: Float32Array | undefined;
  /** The copy that has newer values than `own`. */
  newer: Float32Array | undefined;
  /** Whether the user may have `own`: then it has the newest values after each step, and the next step reads it. */
  isExposed: boolean;
}

/** Keeps the storage in a private field of the tensor: no weak map slows the collector down. */
class StoredTensor extends Existing {
  #storage: Storage | undefined;
  constructor(tensor: Tensor) {
    super(tensor);
    this.#storage = undefined;
  }
  static of(tensor: Tensor): Storage | undefined {
    return #storage in tensor ? tensor.#storage : undefined;
  }
  static set(tensor: Tensor, storage: Storage | undefined): void {
    const stored = #storage in tensor ? tensor : (new StoredTensor(tensor) as unknown as StoredTensor);
    stored.#storage = storage;
  }
}
/** The storage of a tensor of a model; undefined for others. */
export const storageOf = (tensor: Tensor): Storage | undefined => StoredTensor.of(tensor);

/** Error while threads make a step. */
export function requireIdle(where: string, { busy }: { busy: boolean }): void {
  if (busy) throw new Error(`${where}: a step of this model is under way on threads; wait for it`);
}

const property: PropertyDescriptor & ThisType<Tensor> = {
  // Until the model is made: see keepStorage.
  configurable: true,
  get() {
    const storage = StoredTensor.of(this)!;
    requireIdle('model.parameters', storage.owner);
    if (storage.used) return storage.used;
    storage.isExposed = true;
    return latestValues(storage);
  },
  set() {
    throw new TypeError('model.parameters: data is assigned, which the model would not see; use data.set(values)');
  },
};

/** Whether a tensor can get an array of a model. */
export const isMovable = (tensor: Tensor): boolean =>
  Object.isExtensible(tensor) && Object.getOwnPropertyDescriptor(tensor, 'data')?.configurable !== false;

/** Moves a tensor's values to its own array in a model's memory, where they stay. */
export function fixTensor(tensor: Tensor, owner: Storage['owner'], own: Float32Array, isExposed: boolean): Storage {
  own.set(tensor.data);
  const storage: Storage = { owner, own, used: undefined, newer: undefined, isExposed };
  StoredTensor.set(tensor, storage);
  Object.defineProperty(tensor, 'data', property);
  return storage;
}

/** Makes the storage of a tensor final. */
export const keepStorage = (tensor: Tensor): void =>
  void Object.defineProperty(tensor, 'data', { configurable: false });

/** Gives a tensor back an array of its own, where its model could not be made. */
export function releaseTensor(tensor: Tensor): void {
  const value = latestValues(storageOf(tensor)!).slice();
  StoredTensor.set(tensor, undefined);
  Object.defineProperty(tensor, 'data', { value, writable: true, enumerable: true, configurable: true });
}

/** The tensor's own array, with the newest values. */
export function latestValues(storage: Storage): Float32Array {
  const { own, newer } = storage;
  if (newer) own.set(newer);
  storage.newer = undefined;
  return own;
}

/** Before a plan computes with `used`: copies the newest values there. */
export function beginUse(storage: Storage, used: Float32Array): void {
  if (storage.newer !== used) used.set(latestValues(storage));
  storage.used = used;
}

/** After a plan has computed with its arrays. */
export function endUse(storage: Storage): void {
  storage.newer = storage.used;
  storage.used = undefined;
  if (storage.isExposed) latestValues(storage);
}

/** Marks that threads begin or end a step. Meanwhile every function that is given an array of the model's block throws. */
export function setBusy(owner: Storage['owner'], block: Float32Array, busy: boolean): void {
  owner.busy = busy;
  lockedArrays[busy ? 'add' : 'delete'](block);
}
