// The WebAssembly module and its memories: the only file that knows pointers.
//
// A home is one instance of the module with one memory of fixed size: memory never grows, so no array on it
// is ever detached. Kernels run without a copy on arrays that live in one home; all other arrays are staged
// through a small home of our own, a tile at a time.

import { instantiateSync } from '@assemblyscript/loader';
import { compile, type Kernels } from '#wasm';
import { options, whole } from './argument.js';

/** The name of an exported kernel. */
export type Kernel = Exclude<keyof Kernels, 'memory' | 'table'>;
type Values = Float32Array | Uint32Array;

interface Home {
  kernels: Record<Kernel, (...numbers: number[]) => number>;
  memory: WebAssembly.Memory;
  /** Its one entry is the function that a kernel calls on what it made. */
  table: WebAssembly.Table;
  /** Where a generator's state is put while a kernel draws from it, or what each of its rows needs. */
  state: number;
  /** The first free byte, and the first that may not be used. */
  free: number;
  end: number;
}

const PAGE = 65536;
const MAX_PAGES = 65536;
/** The module's own data, and the state: a generator's (MT19937's has 2,520 bytes) or what all rows need. */
const RESERVED = 65536;
const STATE_BYTES = 32768;
/** Values a tile: 64 KiB, so that three tiles stay in a level-2 cache. */
const TILE = 16384;

const homes = new WeakMap<ArrayBufferLike, Home>();

const align = (bytes: number) => Math.ceil(bytes / 16) * 16;

/** A new home with room for that many bytes. */
function settle(where: string, bytes: number): Home {
  const pages = Math.ceil((RESERVED + align(bytes)) / PAGE);
  if (pages > MAX_PAGES)
    throw new RangeError(`${where}: ${bytes} bytes are beyond WebAssembly's 4 GiB; split the work`);
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw new RangeError(
      `${where}: the system has no ${bytes} bytes to give; ask for less, or drop workspaces no longer used`,
      { cause },
    );
  }
  // The bare exports: the loader's wrappers cost 4 ns a call, and no table takes them.
  const { exports } = instantiateSync(compile(), { env: { memory } }).instance;
  const kernels = exports as unknown as Home['kernels'];
  const { table } = exports as unknown as Home;
  const state = align(kernels.heapBase());
  if (state + STATE_BYTES > RESERVED) throw new Error(`the module's data take ${state} bytes of ${RESERVED} reserved`);
  const home = { kernels, memory, table, state, free: RESERVED, end: RESERVED + align(bytes) };
  homes.set(memory.buffer, home);
  return home;
}

function claim(home: Home, where: string, bytes: number): number {
  const at = home.free;
  if (at + align(bytes) > home.end) {
    throw new RangeError(`${where}: ${bytes} bytes asked and ${home.end - at} left; make the workspace larger`);
  }
  home.free = at + align(bytes);
  return at;
}

/** Memory of fixed size, on which every function of this package works without copying. Dropping it frees all. */
export interface Workspace {
  /** Bytes for arrays, all together; each array takes a multiple of 16. */
  readonly bytes: number;
  /** n zeros. RangeError where the workspace is full. */
  float32(n: number): Float32Array;
  /** n zeros. RangeError where the workspace is full. */
  uint32(n: number): Uint32Array;
}

const owners = new WeakMap<Workspace, Home>();

/**
 * Memory of `bytes` bytes (at most 4 GiB less 64 KiB). Arrays made on it are ordinary typed arrays on which
 * kernels run in place.
 */
export function workspace(given: { bytes: number }): Workspace {
  const where = 'workspace';
  const { bytes } = options(where, given, ['bytes']);
  const home = settle(where, whole(where, 'bytes', bytes));
  const { buffer } = home.memory;
  const length = (n: number) => whole(where, 'the length of an array', n);
  const made: Workspace = {
    bytes: home.end - home.free,
    float32: (n) => new Float32Array(buffer, claim(home, `${where}.float32`, 4 * length(n)), n),
    uint32: (n) => new Uint32Array(buffer, claim(home, `${where}.uint32`, 4 * length(n)), n),
  };
  owners.set(made, home);
  return made;
}

/** The home for arrays of elsewhere. It holds three tiles; a longer row moves it to a larger one. */
let stage: Home | undefined;
let room = 0;

function staging(floats: number): Home {
  if (stage === undefined || room < floats) {
    const wanted = Math.max(floats, 3 * TILE);
    stage = settle('staging an array', 4 * wanted + 64);
    room = wanted;
  }
  return stage;
}

/** The home in which all of the arrays live, if there is one. */
function shared(arrays: readonly Values[]): Home | undefined {
  const { buffer } = arrays[0];
  for (let i = 1; i < arrays.length; i++) if (arrays[i].buffer !== buffer) return undefined;
  return homes.get(buffer);
}

/** What else a kernel is given. */
interface Beside {
  /** How many of the arrays are read alone; all but the last. */
  reads?: number;
  /** Arrays that every row needs whole, before the others; null: none. Beyond 32 KiB of them all is staged. */
  constant?: readonly (Values | null)[];
}

/**
 * kernel(...constant, ...arrays, rows, ...numbers) over arrays of so many rows each, the last of which is written. If
 * all are read alone, the kernel takes a running total last, and returns it.
 */
export function apply(
  kernel: Kernel,
  rows: number,
  arrays: readonly Values[],
  numbers: readonly number[] = [],
  { reads = arrays.length - 1, constant = [] }: Beside = {},
): number {
  const bytes = constant.map((x) => align(x?.byteLength ?? 0));
  const fixedBytes = bytes.reduce((sum, size) => sum + size, 0);
  const own = fixedBytes <= STATE_BYTES ? shared(arrays) : undefined;
  const totals = (total: number) => (reads === arrays.length ? [total] : []);
  if (own === undefined && rows === 0) return 0;
  const units = arrays.map((x) => x.length / rows);
  const step = Math.min(rows, Math.max(1, Math.floor(TILE / Math.max(...units))));
  const sizes = units.map((unit) => align(4 * unit * step));
  const { kernels, memory, state, free } =
    own ?? staging((fixedBytes + sizes.reduce((sum, size) => sum + size, 0)) / 4);
  let next = own ? state : free;
  const fixed = constant.map((x, i) => {
    if (x === null) return 0;
    const at = next;
    next += bytes[i];
    new Uint32Array(memory.buffer, at, x.length).set(words(x, 0, x.length));
    return at;
  });
  if (own) return kernels[kernel](...fixed, ...arrays.map((x) => x.byteOffset), rows, ...numbers, ...totals(0));
  const at = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, next));
  let total = 0;
  for (let from = 0; from < rows; from += step) {
    const count = Math.min(step, rows - from);
    const inside = (i: number) => new Uint32Array(memory.buffer, at[i], count * units[i]);
    const outside = (i: number) => words(arrays[i], from * units[i], (from + count) * units[i]);
    for (let i = 0; i < reads; i++) inside(i).set(outside(i));
    total = kernels[kernel](...fixed, ...at, count, ...numbers, ...totals(total));
    for (let i = reads; i < arrays.length; i++) outside(i).set(inside(i));
  }
  return total;
}

/** Part of an array as words: a copy between float arrays may change the bits of a NaN. */
function words(x: Values, from: number, to: number): Uint32Array {
  return new Uint32Array(x.buffer, x.byteOffset + 4 * from, to - from);
}

/** kernel(state, out, count, ...numbers): the next values of a generator, whose state moves on. */
export function draw(kernel: Kernel, state: Uint32Array, out: Values, numbers: readonly number[] = []): void {
  const own = homes.get(out.buffer);
  const { kernels, memory, state: at, free } = own ?? staging(0);
  const inside = new Uint32Array(memory.buffer, at, state.length);
  inside.set(state);
  if (own !== undefined) kernels[kernel](at, out.byteOffset, out.length, ...numbers);
  else {
    for (let from = 0; from < out.length; from += TILE) {
      const to = Math.min(out.length, from + TILE);
      kernels[kernel](at, free, to - from, ...numbers);
      words(out, from, to).set(new Uint32Array(memory.buffer, free, to - from));
    }
  }
  state.set(inside);
}

/**
 * A home with room for a whole array of n values and bytes to work in, found before anything is drawn; then
 * kernel(x, work, ...numbers) on the array.
 */
export function alone(
  where: string,
  kernel: Kernel,
  n: number,
  work: number,
): (x: Float32Array, ...numbers: number[]) => void {
  const size = align(4 * n);
  const { kernels, memory, free } = settle(where, size + work);
  return (x, ...numbers) => {
    const inside = new Float32Array(memory.buffer, free, n);
    inside.set(x);
    kernels[kernel](free, free + size, ...numbers);
    x.set(inside);
  };
}

/** Values [from, to) of an array, in place; not `subarray`, which a subclass may redefine. */
export const view = (x: Float32Array, from: number, to: number): Float32Array =>
  new Float32Array(x.buffer, x.byteOffset + 4 * from, to - from);

/** A kernel on numbers alone. */
export function scalar(kernel: Kernel, ...numbers: number[]): number {
  return staging(0).kernels[kernel](...numbers);
}

/** A kernel bound to arrays of one workspace (null: none), to be called with its numbers. */
export function bind(ws: Workspace, kernel: Kernel, ...arrays: (Values | null)[]): (...numbers: number[]) => number {
  const { kernels, memory } = owners.get(ws)!;
  const pointers = arrays.map((x) => {
    if (x !== null && x.buffer !== memory.buffer) throw new Error(`${kernel} bound to an array of elsewhere`);
    return x?.byteOffset ?? 0;
  });
  const run = kernels[kernel];
  return (...numbers) => run(...pointers, ...numbers);
}

/** Makes a kernel the function that the kernels of a workspace call on what they made (linearForward does). */
export function enter(ws: Workspace, kernel: Kernel): void {
  const { kernels, table } = owners.get(ws)!;
  table.set(0, kernels[kernel]);
}
