// The WebAssembly module and its memories. Here and in wasm.ts, and nowhere else, pointers are known.
//
// A home is an instance of the module with one memory of fixed size: memory never grows, so no array on it is ever
// detached. Threads share a memory: each has an instance of its own on it, with its own scratch and state.

import { instantiateSync } from '@assemblyscript/loader';
import type { Kernel } from '#wasm';
import { lent, options, whole } from './argument.js';
import { compile } from './carrier.js';

export type { Kernel };
export type Values = Float32Array | Uint32Array;

export interface Home {
  kernels: Record<Kernel, (...numbers: number[]) => number>;
  memory: WebAssembly.Memory;
  /** Its one entry is the function that a kernel calls on what it made. */
  table: WebAssembly.Table;
  /** Its kernels again, those that were looked for by number. */
  functions: Home['kernels'][Kernel][];
  /** Where a generator's state is put while a kernel draws from it, or what each of its rows needs. */
  state: number;
  /** The memory from there on, and all of it: a view takes 22 ns to make. */
  stored: Uint32Array;
  floats: Float32Array;
  /** The first free byte, and the first that may not be used. */
  free: number;
  end: number;
}

const PAGE = 65536;
/** One less than there are: the end of an array in the last would be 2^32, which is 0 to a kernel. */
const MAX_PAGES = 65535;
/** The module's own data, and the state: a generator's (MT19937's has 2,520 bytes) or what all rows need. */
const RESERVED = 65536;
export const STATE_BYTES = 32768;
/** What kernels write for themselves (assembly/scratch.ts). */
const SCRATCH = 5120;
/** Of each thread: its scratch and its state. */
const ROOM = 65536;

export const homes = new WeakMap<ArrayBufferLike, Home>();

export const align = (bytes: number) => Math.ceil(bytes / 16) * 16;

/**
 * An instance of the module on a memory, with its scratch and state behind the module's own data or in a room, from the
 * byte `free` to `end`.
 */
function inhabit(memory: WebAssembly.Memory, shared: boolean, free: number, end: number, room?: number): Home {
  // The bare exports: the loader's wrappers cost 4 ns a call, and no table takes them.
  const { exports } = instantiateSync(compile(shared), { env: { memory } }).instance;
  const kernels = exports as unknown as Home['kernels'];
  const { table, scratch } = exports as unknown as Home & { scratch: WebAssembly.Global<'i32'> };
  scratch.value = room ?? align(kernels.heapBase());
  const state = scratch.value + SCRATCH;
  if (room === undefined && state + STATE_BYTES > RESERVED)
    throw new Error(`the module's data take ${state} bytes of ${RESERVED} reserved`);
  const { buffer } = memory;
  const stored = new Uint32Array(buffer, state, STATE_BYTES / 4);
  const floats = new Float32Array(buffer);
  const home: Home = { kernels, memory, table, functions: [], state, stored, floats, free, end };
  homes.set(buffer, home);
  return home;
}

/** A new home with room for that many bytes; with threads, on memory that so many may join. */
export function settle(where: string, bytes: number, threads = 0): Home {
  const begin = RESERVED + threads * ROOM;
  const pages = Math.ceil((begin + align(bytes)) / PAGE);
  if (pages > MAX_PAGES)
    throw new RangeError(`${where}: ${bytes} bytes are beyond WebAssembly's 4 GiB; split the work`);
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: threads > 0 });
  } catch (cause) {
    throw new RangeError(
      `${where}: the system has no ${bytes} bytes to give; ask for less, or drop workspaces no longer used`,
      { cause },
    );
  }
  if (threads > 0) lent.add(memory.buffer);
  return inhabit(memory, threads > 0, begin, begin + align(bytes));
}

/** The memory that threads share, to be sent to them. */
export const memoryOf = (ws: Workspace): WebAssembly.Memory => owners.get(ws)!.memory;

/** A workspace that stands on shared memory from its first free byte, seen by thread `index` of so many. */
export function join(memory: WebAssembly.Memory, threads: number, index: number): Workspace {
  lent.add(memory.buffer);
  const begin = RESERVED + threads * ROOM;
  return lodge(inhabit(memory, true, begin, memory.buffer.byteLength, RESERVED + index * ROOM));
}

/** Where an array of a workspace stands. */
interface Address {
  readonly home: Home;
  readonly at: number;
}

/** A class that makes nothing: what extends it puts its private fields on an object that is there. */
class Itself {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: a private field goes to what the constructor returns
    return object;
  }
}

/**
 * The address of a workspace's array, in a private field of the array: read in 7 ns, where its buffer, its place in it
 * and the buffer's home take 40. Nobody sees it or can make another, and it stays true: the memory of a workspace is
 * neither detached nor moved.
 */
export class Addressed extends Itself {
  #address: Address;
  constructor(array: Float32Array, address: Address) {
    super(array);
    this.#address = address;
  }
  static of(value: unknown): Address | undefined {
    return typeof value === 'object' && value !== null && #address in value ? value.#address : undefined;
  }
  /** Where an array of that home and length stands; -1 if it is none. */
  static within(value: unknown, home: Home, length: number): number {
    const address = Addressed.of(value);
    return address?.home === home && (value as Float32Array).length === length ? address.at : -1;
  }
}

/** Whether a workspace made it: then it is a Float32Array, on memory that is there. */
export const isMade = (value: unknown): value is Float32Array => Addressed.of(value) !== undefined;

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

/** What gives a home's memory away, array by array. */
function lodge(home: Home): Workspace {
  const where = 'workspace';
  const { buffer } = home.memory;
  const length = (n: number) => whole(where, 'the length of an array', n);
  const made: Workspace = {
    bytes: home.end - home.free,
    float32(n) {
      const at = claim(home, `${where}.float32`, 4 * length(n));
      const array = new Float32Array(buffer, at, n);
      new Addressed(array, { home, at });
      return array;
    },
    uint32: (n) => new Uint32Array(buffer, claim(home, `${where}.uint32`, 4 * length(n)), n),
  };
  owners.set(made, home);
  return made;
}

/**
 * Memory of `bytes` bytes (at most 4 GiB less 128 KiB). Arrays made on it are ordinary typed arrays on which
 * kernels run in place. With threads: memory that so many may join.
 */
export function workspace(given: { bytes: number; threads?: number }): Workspace {
  const where = 'workspace';
  const { bytes, threads } = options(where, given, ['bytes', 'threads']);
  return lodge(settle(where, whole(where, 'bytes', bytes), threads));
}

/** A kernel bound to arrays of one workspace (null: none), to be called with its numbers. */
export function bind(ws: Workspace, kernel: Kernel, ...arrays: (Values | null)[]): (...numbers: number[]) => number {
  const { kernels, memory } = owners.get(ws)!;
  const pointers = arrays.map((x) => {
    if (x !== null && x.buffer !== memory.buffer) throw new Error(`${kernel} bound to an array of elsewhere`);
    return x?.byteOffset ?? 0;
  });
  return kernels[kernel].bind(undefined, ...pointers);
}

/** Makes a kernel the function that the kernels of a workspace call on what they made (linearForward does). */
export function enter(ws: Workspace, kernel: Kernel): void {
  const { kernels, table } = owners.get(ws)!;
  table.set(0, kernels[kernel]);
}
