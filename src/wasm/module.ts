// The three WebAssembly modules. Each is decoded and compiled once, when one of its kernels is first called.

import { decode } from './decode.js';
import * as activationText from './generated/activation.js';
import * as nnText from './generated/nn.js';
import * as randomText from './generated/random.js';

export type ModuleName = 'random' | 'activation' | 'nn';

/** A module whose kernels have the names K. */
export interface Module<K extends string = string> {
  readonly name: ModuleName;
  /** The index of its instance in a memory's list. */
  readonly index: number;
  readonly text: string;
  /** The compiled module for memory of one thread, and the one for shared memory; `ready` sets the first. */
  readonly compiled: [WebAssembly.Module?, WebAssembly.Module?];
  /** The compiled module, which is compiled now if it is not yet. */
  compile(shared: boolean): WebAssembly.Module;
  /** Sets the compiled module, in runtimes that cannot compile bytes. */
  provide(compiled: WebAssembly.Module): void;
  /** Never set: it has the kernels' names as a type. */
  readonly kernels?: K;
}

/** What tools/build.mjs writes for a module. */
interface Text {
  text: string;
  /** The index of the byte with the flags of the imported memory's limits; bit 1 says that the memory is shared. */
  flags: number;
}

/** The modules that are part of the program: a bundler leaves out those that a page does not use. */
export const modules: Module[] = [];

function moduleOf<K extends string>(name: ModuleName, index: number, { text, flags }: Text): Module<K> {
  let provided = false;
  const compiled: Module['compiled'] = [];
  const module: Module<K> = {
    name,
    index,
    text,
    compiled,
    provide(module) {
      provided = true;
      compiled[0] = module;
    },
    compile(shared) {
      if (shared && provided) throw new Error('workspace: this runtime has no threads; leave threads out');
      return (compiled[+shared] ??= compileText(text, shared ? flags : undefined));
    },
  };
  modules.push(module);
  return module;
}

/** Compiles a module's text. With sharedFlags, the index of its memory's flags, for shared memory. */
function compileText(text: string, sharedFlags: number | undefined): WebAssembly.Module {
  const bytes = decode(text);
  if (sharedFlags !== undefined) bytes[sharedFlags] |= 2;
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw refusal(cause, bytes);
  }
}

/** The error of a main thread that compiles or instantiates only small modules at once. */
export const IS_TOO_LARGE = /larger than|exceeds|main thread/;

/** Why an engine refuses WebAssembly, and what to do, if there is none or the engine's error tells. */
export function reasonOf(cause: unknown): string | undefined {
  if (typeof WebAssembly === 'undefined')
    return 'there is none here: React Native has none, and Lockdown Mode of Apple systems or node --jitless turns it off; exempt the page, or drop the flag';
  const text = String(cause);
  if (IS_TOO_LARGE.test(text))
    return 'in a page, Chrome before 115 needs await ready() of fanwise before other calls; or compute in a worker';
  // Engines' messages differ, and Chromium's asks for 'unsafe-eval', which is not needed.
  const policy = "a content security policy has to have 'wasm-unsafe-eval' in script-src";
  if (/unsafe-eval|security.policy|CSP|EvalError/i.test(text)) return policy;
  if (/embedder/.test(text))
    return `this runtime takes compiled modules, which a bundler finds by the condition workerd or edge-light; in a page, ${policy}`;
  return undefined;
}

/** The error that says why the engine did not compile the bytes of a module, or not instantiate it. */
export function refusal(cause: unknown, bytes?: Uint8Array<ArrayBuffer>): Error {
  const reason =
    reasonOf(cause) ??
    (bytes && !WebAssembly.validate(bytes) ? 'this engine or processor has no WebAssembly SIMD' : String(cause));
  return new Error(`fanwise: the WebAssembly could not be compiled; ${reason}`, { cause });
}

export type RandomKernel = randomText.Kernel;
export type ActivationKernel = activationText.Kernel;
export type NnKernel = nnText.Kernel;

/** Generators, distributions, orthogonal matrices. */
export const randomModule = /* @__PURE__ */ moduleOf<RandomKernel>('random', 0, randomText);
/** Functions of one variable, softmax, gated units, dropout. */
export const activationModule = /* @__PURE__ */ moduleOf<ActivationKernel>('activation', 1, activationText);
/** Products, losses, optimizers, statistics. */
export const nnModule = /* @__PURE__ */ moduleOf<NnKernel>('nn', 2, nnText);
