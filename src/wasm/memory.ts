// Memories, the instances of the modules on them, and workspaces. Only this file, kernels.ts and fast-path.ts know pointers.
//
// A memory has a fixed size: it never grows, so that its arrays are never detached. At its start are the modules' constants, one
// module's after another's (asconfig.json's memoryBase), then the scratch and the state. If threads share a memory, each has
// its own instances, scratch and state on it.

import { options, sharedBuffers, whole } from '../check.js';
import { CONSTANTS_END, SCRATCH_BYTES } from './generated/constants.js';
import {
  type ActivationKernel,
  activationModule,
  type Module,
  type NnKernel,
  nnModule,
  reasonOf,
  refusal,
} from './module.js';

export type Values = Float32Array | Uint32Array;

/** A function of a module: pointers, lengths and numbers in, a number or nothing out. */
export type KernelFunction = (...numbers: number[]) => number;

/** The kernels that an instance exports. */
export interface Exports {
  [kernel: string]: KernelFunction;
}

export interface Memory {
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  /** The address of the scratch, where kernels keep intermediate values. */
  readonly scratch: number;
  /** The instances by the modules' indices, created at first use. */
  readonly instances: (Exports | undefined)[];
  /** Kernels by their numbers in fast-path.ts, found at first use. */
  readonly numbered: (KernelFunction | undefined)[];
  /** The address to which a generator's state is copied for a kernel, or arrays that are the same for every row. */
  readonly state: number;
  /** Views of the memory from `state` on, and of all of it: to create a view takes 22 ns. */
  readonly stateWords: Uint32Array;
  readonly floats: Float32Array;
  /** The first free byte, and the first byte after the memory. */
  free: number;
  readonly end: number;
}

const PAGE = 65536;
/** One less than WebAssembly allows: the end of an array in the last page is 2^32, which kernels would read as 0. */
const MAX_PAGES = 65535;
/** Bytes for a generator's state (MT19937's has 2,520), or for arrays that are the same for every row. */
export const STATE_BYTES = 32768;
/** Bytes for the constants, scratch and state of one thread; then, for each further thread, for its scratch and state. */
const RESERVED = 65536;
const RESERVED_PER_THREAD = 65536;

/** The memory of a buffer. */
export const memories = new WeakMap<ArrayBufferLike, Memory>();

export const align = (bytes: number) => Math.ceil(bytes / 16) * 16;

/** The Memory of a WebAssembly memory, with scratch and state from byte `scratch` on, and arrays from byte `free` to `end`. */
function memoryWith(
  memory: WebAssembly.Memory,
  shared: boolean,
  scratch: number,
  free: number,
  end: number,
  instances: Memory['instances'] = [],
): Memory {
  const state = scratch + SCRATCH_BYTES;
  const { buffer } = memory;
  const result: Memory = {
    memory,
    shared,
    scratch,
    instances,
    numbered: [],
    state,
    free,
    end,
    stateWords: new Uint32Array(buffer, state, STATE_BYTES / 4),
    floats: new Float32Array(buffer),
  };
  memories.set(buffer, result);
  return result;
}

/**
 * The kernels of a module's instance on a memory. Not by @assemblyscript/loader, which the build and the tests use: its wrappers
 * cost 4 ns a call and cannot be put into a table, it is 2 kB, it needs a TextDecoder when it is loaded, and it recognises a
 * module by instanceof, which fails for a module of another realm (edge runtimes).
 */
export function exportsOf({ memory, shared, scratch, instances }: Memory, module: Module): Exports {
  const existing = instances[module.index];
  if (existing !== undefined) return existing;
  const compiled = module.compile(shared);
  try {
    return (instances[module.index] = exportsWith(scratch, new WebAssembly.Instance(compiled, { env: { memory } })));
  } catch (cause) {
    throw refusal(cause);
  }
}

/** The kernels of an instance, which is told where its scratch is. */
export function exportsWith(scratch: number, { exports }: WebAssembly.Instance): Exports {
  (exports.scratch as WebAssembly.Global<'i32'>).value = scratch;
  return exports as unknown as Exports;
}

/** A memory of one page, with instances on it. */
export interface Spare {
  readonly memory: WebAssembly.Memory;
  readonly instances: Exports[];
}
/** Gives a spare memory, where `ready` has made some for an engine that instantiates nothing at once. */
export const spares: { take?(): Spare | undefined } = {};

/**
 * A new memory with `bytes` bytes for arrays, shared by `threads` threads if that is not 0. RangeError if there is no memory;
 * `advice` ends it where they are too many.
 */
export function createMemory(where: string, bytes: number, threads = 0, advice = 'split the work'): Memory {
  const begin = RESERVED + threads * RESERVED_PER_THREAD;
  const pages = Math.ceil((begin + align(bytes)) / PAGE);
  if (pages > MAX_PAGES) throw new RangeError(`${where}: ${bytes} bytes are beyond WebAssembly's 4 GiB; ${advice}`);
  const shared = threads > 0;
  const spare = shared ? undefined : spares.take?.();
  let memory: WebAssembly.Memory;
  try {
    memory = spare?.memory ?? new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
    spare?.memory.grow(pages - 1);
  } catch (cause) {
    if (reasonOf(cause)) throw refusal(cause);
    throw new RangeError(
      `${where}: the system has no ${bytes} bytes to give; ask for less, or drop workspaces no longer used`,
      { cause },
    );
  }
  if (shared) sharedBuffers.add(memory.buffer);
  return memoryWith(memory, shared, CONSTANTS_END, begin, begin + align(bytes), spare?.instances);
}

/** A workspace's memory, to be sent to threads. */
export const memoryOf = (ws: Workspace): WebAssembly.Memory => memoriesOf.get(ws)!.memory;

/** The workspace of thread `index` of `threads` on the memory that they share: all bytes for arrays are free. */
export function joinWorkspace(memory: WebAssembly.Memory, threads: number, index: number): Workspace {
  sharedBuffers.add(memory.buffer);
  const begin = RESERVED + threads * RESERVED_PER_THREAD;
  const scratch = RESERVED + index * RESERVED_PER_THREAD;
  return workspaceOn(memoryWith(memory, true, scratch, begin, memory.buffer.byteLength));
}

/** The memory and the pointer of a workspace's array. */
interface Address {
  readonly memory: Memory;
  readonly pointer: number;
}

/** A class that creates no object: the private fields of a class that extends it are added to an existing object. */
export class Existing {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: private fields are added to the object that is returned
    return object;
  }
}

/**
 * The address of a workspace's array, in a private field of the array. To read it takes 7 ns; to read the array's buffer and
 * offset and find the buffer's memory takes 40. No other code can read or write the field, and it stays valid: a workspace's
 * memory is neither detached nor moved.
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
  /** The pointer of an array that is on `memory` and has `length` values; -1 for any other value. */
  static within(value: unknown, memory: Memory, length: number): number {
    const address = Addressed.of(value);
    return address?.memory === memory && (value as Float32Array).length === length ? address.pointer : -1;
  }
}

/** Whether a value is an array that a workspace made: then it is a Float32Array, and attached. */
export const isOfWorkspace = (value: unknown): value is Float32Array => Addressed.of(value) !== undefined;

/** Reserves bytes of a memory; returns the pointer. */
function reserve(memory: Memory, where: string, bytes: number): number {
  const pointer = memory.free;
  if (pointer + align(bytes) > memory.end) {
    throw new RangeError(`${where}: ${bytes} bytes asked and ${memory.end - pointer} left; make the workspace larger`);
  }
  memory.free = pointer + align(bytes);
  return pointer;
}

/** Memory of a fixed size. Every function of this package works on its arrays without copying them. */
export interface Workspace {
  /** Bytes for all arrays together; each array takes a multiple of 16. */
  readonly bytes: number;
  /** A new array of n zeros. RangeError where the workspace is full. */
  float32(n: number): Float32Array;
  /** A new array of n zeros. RangeError where the workspace is full. */
  uint32(n: number): Uint32Array;
}

const memoriesOf = new WeakMap<Workspace, Memory>();

/** The workspace that makes arrays on a memory. */
function workspaceOn(memory: Memory, isAddressed = true): Workspace {
  const where = 'workspace';
  const { buffer } = memory.memory;
  const length = (n: number) => whole(where, 'the length of an array', n);
  const result: Workspace = {
    bytes: memory.end - memory.free,
    float32(n) {
      const pointer = reserve(memory, `${where}.float32`, 4 * length(n));
      const array = new Float32Array(buffer, pointer, n);
      if (isAddressed) new Addressed(array, { memory, pointer });
      return array;
    },
    uint32: (n) => new Uint32Array(buffer, reserve(memory, `${where}.uint32`, 4 * length(n)), n),
  };
  memoriesOf.set(result, memory);
  return result;
}

/** A workspace, on memory that `threads` threads share if that is not 0. `where` begins the error if there is no memory. */
export const newWorkspace = (where: string, bytes: number, threads = 0, advice?: string): Workspace =>
  workspaceOn(createMemory(where, bytes, threads, advice));

/**
 * Reserves bytes of a workspace. Each call of the function that is returned gives a workspace on them, all on the same. Its arrays
 * have no address in a private field, which takes as much memory as the array.
 */
export function reserved(ws: Workspace, bytes: number): () => Workspace {
  const memory = memoriesOf.get(ws)!;
  const free = reserve(memory, 'workspace', bytes);
  return () => workspaceOn({ ...memory, free, end: memory.free }, false);
}

/**
 * Memory of `bytes` bytes (at most 4 GiB - 128 KiB). Its arrays are ordinary typed arrays, on which kernels run in place. For
 * memory that threads share, use `workspace` of fanwise/threads.
 */
export function workspace(given: { bytes: number }): Workspace {
  const where = 'workspace';
  if (typeof given === 'object' && given !== null && 'threads' in given)
    throw new TypeError(`${where}: threads is for the workspace of fanwise/threads; import it from there`);
  const { bytes } = options(where, given, ['bytes']);
  return newWorkspace(where, whole(where, 'bytes', bytes));
}

/** The names of the kernels that layers, losses and optimizers use. */
export type Kernel = ActivationKernel | NnKernel;

function kernelOf(memory: Memory, kernel: Kernel): KernelFunction {
  return exportsOf(memory, nnModule)[kernel] ?? exportsOf(memory, activationModule)[kernel];
}

/** A kernel with its pointers bound to arrays of one workspace (null is passed as 0), to be called with its numbers. */
export function bind(ws: Workspace, kernel: Kernel, ...arrays: (Values | null)[]): KernelFunction {
  const memory = memoriesOf.get(ws)!;
  const pointers = arrays.map((x) => {
    if (x !== null && x.buffer !== memory.memory.buffer)
      throw new TypeError(
        `nn.sequential: a layer binds ${kernel} to an array of other memory; pass those of its memory, or a tensor's data of now`,
      );
    return x?.byteOffset ?? 0;
  });
  return kernelOf(memory, kernel).bind(undefined, ...pointers);
}

/** Sets the kernel that linearForward calls on its results, in a workspace. */
export function setCallback(ws: Workspace, kernel: Kernel): void {
  const memory = memoriesOf.get(ws)!;
  // The table has one entry, the callback. It may be a function of another module.
  const { table } = exportsOf(memory, nnModule) as unknown as { table: WebAssembly.Table };
  table.set(0, kernelOf(memory, kernel));
}
