// Compiles the modules ahead of their use. In a page, Chrome before 115 neither compiles nor instantiates a module above 4 kB at
// once: there it is the only way.

import { choice } from '../check.js';
import { decode } from './decode.js';
import { CONSTANTS_END } from './generated/constants.js';
import { dropStagingMemory } from './kernels.js';
import { type Exports, exportsWith, type Spare, spares } from './memory.js';
import { IS_TOO_LARGE, type Module, type ModuleName, modules, refusal } from './module.js';

const names: readonly ModuleName[] = ['random', 'activation', 'nn'];

async function compileLater(module: Module): Promise<void> {
  if (module.compiled[0]) return;
  const bytes = decode(module.text);
  try {
    // Not WebAssembly.compile(bytes): Next's --webpack refuses a program for its edge runtime that has this text.
    const { compile } = WebAssembly;
    const made = await compile(bytes);
    module.compiled[0] ??= made;
  } catch (cause) {
    throw refusal(cause, bytes);
  }
}

/** Whether the engine instantiates a module at once. */
function isInstantiable(module: Module): boolean {
  try {
    new WebAssembly.Instance(module.compile(false), {
      env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 1 }) },
    });
    return true;
  } catch (cause) {
    if (IS_TOO_LARGE.test(String(cause))) return false;
    throw refusal(cause);
  }
}

/** Spare memories. Each workspace takes one, a large model, many small ones, a training that needs more memory than its model has, and staged arrays. */
const SPARES = 8;
const pool: Spare[] = [];
let filling: Promise<unknown> | undefined;

/** A memory with all modules that are compiled. It grows to its size when it is taken, before any array is on it. */
async function newSpare(): Promise<void> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65535 });
  const instances: Exports[] = [];
  for (const { compiled, index } of modules)
    if (compiled[0])
      instances[index] = exportsWith(CONSTANTS_END, await WebAssembly.instantiate(compiled[0], { env: { memory } }));
  pool.push({ memory, instances });
}

async function fill(): Promise<void> {
  while (pool.length < SPARES) await newSpare();
}

function take(): Spare | undefined {
  const spare = pool.pop();
  // Where this fails, the pool stays empty, and what needs a memory has the error.
  filling ??= fill()
    .catch(() => {})
    .finally(() => {
      filling = undefined;
    });
  return spare;
}

/**
 * Compiles the WebAssembly now and not in the way of other work: all of it that the program has, or the modules that are named.
 * Without it a module is compiled when one of its functions is first called, which takes some milliseconds. In a page, Chrome 98
 * to 114 needs it before anything else; what is called afterwards works at once, as elsewhere. There eight memories can be had
 * between two turns of the event loop: a workspace takes one, so does a large model, and hundreds of small ones together; so
 * does a training, or a probe, with more than 128 rows at a time.
 */
export async function ready(...given: ModuleName[]): Promise<void> {
  for (const name of given) choice('ready', 'the module', name, names);
  const wanted = modules.filter(({ name }) => given.length === 0 || given.includes(name));
  await Promise.all(wanted.map(compileLater));
  if (wanted.every(isInstantiable)) return;
  // Memories that were made before have no instance of a module that is new.
  await filling;
  const complete = pool.filter(({ instances }) => wanted.every(({ index }) => instances[index]));
  pool.splice(0, pool.length, ...complete);
  await fill();
  spares.take = take;
  dropStagingMemory();
}
