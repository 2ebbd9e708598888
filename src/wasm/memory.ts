// Memories, and the instances of the modules on them. Here and in kernels.ts and fast-path.ts, and nowhere else, pointers are
// known.
//
// A memory has a fixed size: it never grows, so no array on it is ever detached. The modules' constants lie one behind the
// other at its start (asconfig.json's memoryBase), then come the scratch and the state. Threads share a memory: each has
// instances of its own on it, with a scratch and a state of its own.

import { options, sharedBuffers, whole } from '../check.js';
import { CONSTANTS_END, SCRATCH_BYTES } from './generated/constants.js';
import { type ActivationKernel, activationModule, type Module, type NnKernel, nnModule } from './module.js';

export type Values = Float32Array | Uint32Array;

/** A function of a module: pointers, lengths and numbers in, a number or nothing out. */
export type KernelFunction = (...numbers: number[]) => number;

/** What a module exports. */
interface Exports {
  [kernel: string]: KernelFunction;
}

export interface Memory {
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  /** Where kernels write for themselves. */
  readonly scratch: number;
  /** By the modules' indices; made at first use. */
  readonly instances: (Exports | undefined)[];
  /** Kernels by the numbers of fast-path.ts, those that were looked for. */
  readonly numbered: (KernelFunction | undefined)[];
  /** Where a generator's state is put while a kernel draws from it, or what each of the rows needs. */
  readonly state: number;
  /** The memory from `state` on, and all of it: a view takes 22 ns to make. */
  readonly stateWords: Uint32Array;
  readonly floats: Float32Array;
  /** The first free byte, and the first that may not be used. */
  free: number;
  readonly end: number;
}

const PAGE = 65536;
/** One less than there are: the end of an array in the last would be 2^32, which is 0 to a kernel. */
const MAX_PAGES = 65535;
/** A generator's state (MT19937's has 2,520 bytes), or what all rows need. */
export const STATE_BYTES = 32768;
/** Constants, scratch and state of one thread; then for each thread that shares the memory its scratch and state. */
const RESERVED = 65536;
const RESERVED_PER_THREAD = 65536;

/** The memory that a buffer belongs to. */
export const memories = new WeakMap<ArrayBufferLike, Memory>();

export const align = (bytes: number) => Math.ceil(bytes / 16) * 16;

/** A memory with its scratch and state at a byte, for arrays from the byte `free` to `end`. */
function prepare(memory: WebAssembly.Memory, shared: boolean, scratch: number, free: number, end: number): Memory {
  const state = scratch + SCRATCH_BYTES;
  const { buffer } = memory;
  const made: Memory = {
    ...{ memory, shared, scratch, instances: [], numbered: [], state, free, end },
    stateWords: new Uint32Array(buffer, state, STATE_BYTES / 4),
    floats: new Float32Array(buffer),
  };
  memories.set(buffer, made);
  return made;
}

/**
 * What a module's instance on a memory exports. Not by @assemblyscript/loader, which the build and the tests use: its wrappers
 * cost 4 ns a call and no table takes them, a page would carry 2 kB of it, it asks for a TextDecoder when it is loaded, and it
 * knows a module by instanceof, which fails for one of another realm (edge runtimes).
 */
export function exportsOf({ memory, shared, scratch, instances }: Memory, module: Module): Exports {
  const present = instances[module.index];
  if (present !== undefined) return present;
  const { exports } = new WebAssembly.Instance(module.compile(shared), { env: { memory } });
  (exports.scratch as WebAssembly.Global<'i32'>).value = scratch;
  return (instances[module.index] = exports as unknown as Exports);
}

/** A new memory with that many bytes for arrays; with threads, shared by so many. */
export function createMemory(where: string, bytes: number, threads = 0): Memory {
  const begin = RESERVED + threads * RESERVED_PER_THREAD;
  const pages = Math.ceil((begin + align(bytes)) / PAGE);
  if (pages > MAX_PAGES)
    throw new RangeError(`${where}: ${bytes} bytes are beyond WebAssembly's 4 GiB; split the work`);
  const shared = threads > 0;
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (cause) {
    throw new RangeError(
      `${where}: the system has no ${bytes} bytes to give; ask for less, or drop workspaces no longer used`,
      { cause },
    );
  }
  if (shared) sharedBuffers.add(memory.buffer);
  return prepare(memory, shared, CONSTANTS_END, begin, begin + align(bytes));
}

/** The memory that threads share, to be sent to them. */
export const memoryOf = (ws: Workspace): WebAssembly.Memory => owners.get(ws)!.memory;

/** The workspace of shared memory from its first free byte on, as thread `index` of so many sees it. */
export function join(memory: WebAssembly.Memory, threads: number, index: number): Workspace {
  sharedBuffers.add(memory.buffer);
  const begin = RESERVED + threads * RESERVED_PER_THREAD;
  const scratch = RESERVED + index * RESERVED_PER_THREAD;
  return workspaceOn(prepare(memory, true, scratch, begin, memory.buffer.byteLength));
}

/** Where an array of a workspace is. */
interface Address {
  readonly memory: Memory;
  readonly pointer: number;
}

/** A class that makes nothing: what extends it puts its private fields on an object that exists. */
class Existing {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: a private field goes to what the constructor returns
    return object;
  }
}

/**
 * The address of a workspace's array, in a private field of the array. Reading it takes 7 ns; the array's buffer, its offset
 * and the buffer's memory take 40. Nothing else can see the field or make another, and it stays true: the memory of a
 * workspace is neither detached nor moved.
 */
export class Addressed extends Existing {
  #address: Address;
  constructor(array: Float32Array, address: Address) {
    super(array);
    this.#address = address;
  }
  static of(value: unknown): Address | undefined {
    return typeof value === 'object' && value !== null && #address in value ? value.#address : undefined;
  }
  /** The pointer to an array of that memory and length; -1 if it is none. */
  static within(value: unknown, memory: Memory, length: number): number {
    const address = Addressed.of(value);
    return address?.memory === memory && (value as Float32Array).length === length ? address.pointer : -1;
  }
}

/** Whether a workspace made it: then it is a Float32Array whose memory exists. */
export const isOfWorkspace = (value: unknown): value is Float32Array => Addressed.of(value) !== undefined;

function reserve(memory: Memory, where: string, bytes: number): number {
  const pointer = memory.free;
  if (pointer + align(bytes) > memory.end) {
    throw new RangeError(`${where}: ${bytes} bytes asked and ${memory.end - pointer} left; make the workspace larger`);
  }
  memory.free = pointer + align(bytes);
  return pointer;
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

const owners = new WeakMap<Workspace, Memory>();

/** A workspace that gives a memory away, array by array. */
function workspaceOn(memory: Memory): Workspace {
  const where = 'workspace';
  const { buffer } = memory.memory;
  const length = (n: number) => whole(where, 'the length of an array', n);
  const made: Workspace = {
    bytes: memory.end - memory.free,
    float32(n) {
      const pointer = reserve(memory, `${where}.float32`, 4 * length(n));
      const array = new Float32Array(buffer, pointer, n);
      new Addressed(array, { memory, pointer });
      return array;
    },
    uint32: (n) => new Uint32Array(buffer, reserve(memory, `${where}.uint32`, 4 * length(n)), n),
  };
  owners.set(made, memory);
  return made;
}

/** A workspace whose memory threads share. */
export const sharedWorkspace = (where: string, bytes: number, threads: number): Workspace =>
  workspaceOn(createMemory(where, bytes, threads));

/**
 * Memory of `bytes` bytes (at most 4 GiB less 128 KiB). Arrays made on it are ordinary typed arrays on which kernels run in
 * place. For memory that threads share there is `workspace` of fanwise/threads.
 */
export function workspace(given: { bytes: number }): Workspace {
  const where = 'workspace';
  if (typeof given === 'object' && given !== null && 'threads' in given)
    throw new TypeError(`${where}: threads is for the workspace of fanwise/threads; import it from there`);
  const { bytes } = options(where, given, ['bytes']);
  return workspaceOn(createMemory(where, whole(where, 'bytes', bytes)));
}

/** The names of the kernels that a layer, a loss or an optimizer can be made of. */
export type Kernel = ActivationKernel | NnKernel;

function kernelOf(memory: Memory, kernel: Kernel): KernelFunction {
  return exportsOf(memory, nnModule)[kernel] ?? exportsOf(memory, activationModule)[kernel];
}

/** A kernel bound to arrays of one workspace (null: none), to be called with its numbers. */
export function bind(ws: Workspace, kernel: Kernel, ...arrays: (Values | null)[]): KernelFunction {
  const memory = owners.get(ws)!;
  const pointers = arrays.map((x) => {
    if (x !== null && x.buffer !== memory.memory.buffer) throw new Error(`${kernel} bound to an array of elsewhere`);
    return x?.byteOffset ?? 0;
  });
  return kernelOf(memory, kernel).bind(undefined, ...pointers);
}

/** Makes a kernel the function that the kernels of a workspace call on their results (linearForward does). */
export function setCallback(ws: Workspace, kernel: Kernel): void {
  const memory = owners.get(ws)!;
  // Its one entry is the callback. A table takes functions of any module.
  const { table } = exportsOf(memory, nnModule) as unknown as { table: WebAssembly.Table };
  table.set(0, kernelOf(memory, kernel));
}
