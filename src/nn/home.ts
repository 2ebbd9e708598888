// The home of a model's tensors: arrays that stay where they are for as long as the model lives. A plan beside them computes with
// them in place. A plan elsewhere (for steps of more rows than are planned here, or for threads) computes with copies. A copy is
// brought home after each step if anyone can see the array, else when it is next asked for.

import { lockedArrays } from '../check.js';
import type { Tensor } from '../tensor.js';
import { Existing } from '../wasm/memory.js';

/** Where the values of a tensor are. */
export interface Place {
  readonly owner: { busy: boolean };
  readonly home: Float32Array;
  /** The array of the plan that is bound or runs now. */
  used: Float32Array | undefined;
  /** The copy that has later values than `home`. */
  later: Float32Array | undefined;
  /** Whether `home` was given away: then it has the values of the latest step, and the next step reads it. */
  held: boolean;
}

/** The place of a tensor of a model, in a private field: no weak map slows the collector down. */
class Placed extends Existing {
  #place: Place;
  constructor(tensor: Tensor, place: Place) {
    super(tensor);
    this.#place = place;
  }
  static of(tensor: Tensor): Place | undefined {
    return #place in tensor ? tensor.#place : undefined;
  }
}
/** The place of a tensor that is a model's. */
export const placeOf = Placed.of;

/** Error while threads make a step. */
export function requireIdle(where: string, { busy }: { busy: boolean }): void {
  if (busy) throw new Error(`${where}: a step of this model is under way on threads; wait for it`);
}

const property: PropertyDescriptor & ThisType<Tensor> = {
  configurable: false,
  get() {
    const place = Placed.of(this)!;
    requireIdle('model.parameters', place.owner);
    if (place.used) return place.used;
    place.held = true;
    return bringHome(place);
  },
  set() {
    throw new TypeError('model.parameters: data is assigned, which the model would not see; use data.set(values)');
  },
};

/** Whether a tensor can be settled. */
export const isMovable = (tensor: Tensor): boolean =>
  Object.isExtensible(tensor) && Object.getOwnPropertyDescriptor(tensor, 'data')?.configurable !== false;

/** Moves a tensor to its home, where it stays. */
export function settle(tensor: Tensor, owner: Place['owner'], home: Float32Array, held: boolean): Place {
  home.set(tensor.data);
  const place: Place = { owner, home, used: undefined, later: undefined, held };
  new Placed(tensor, place);
  Object.defineProperty(tensor, 'data', property);
  return place;
}

/** The array at home, with the latest values. */
export function bringHome(place: Place): Float32Array {
  const { home, later } = place;
  if (later) home.set(later);
  place.later = undefined;
  return home;
}

/** Before a plan computes with `used`: gives it the values that others have written. */
export function lend(place: Place, used: Float32Array): void {
  if (place.later !== used) used.set(bringHome(place));
  place.used = used;
}

/** After a plan has computed with its arrays. */
export function giveBack(place: Place): void {
  place.later = place.used;
  place.used = undefined;
  if (place.held) bringHome(place);
}

/** Marks that threads make a step, or no longer do: meanwhile no function takes an array of `parameters`, all tensors of the model. */
export function setBusy(owner: Place['owner'], parameters: Float32Array, busy: boolean): void {
  owner.busy = busy;
  lockedArrays[busy ? 'add' : 'delete'](parameters);
}
