// The three WebAssembly modules. Each is decoded and compiled once, when one of its kernels is first called.

import { decode } from './decode.js';
import * as activationText from './generated/activation.js';
import * as nnText from './generated/nn.js';
import * as randomText from './generated/random.js';

/** A module whose kernels have the names K. */
export interface Module<K extends string = string> {
  readonly name: string;
  /** The index of its instance in a memory's list. */
  readonly index: number;
  /** The compiled module, for memory of one thread or for memory that threads share. */
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

function moduleOf<K extends string>(name: string, index: number, { text, flags }: Text): Module<K> {
  let provided: WebAssembly.Module | undefined;
  const compiled: [WebAssembly.Module?, WebAssembly.Module?] = [];
  return {
    name,
    index,
    provide(module) {
      provided = module;
    },
    compile(shared) {
      if (provided) {
        if (shared) throw new Error('workspace: this runtime has no threads; leave threads out');
        return provided;
      }
      return (compiled[+shared] ??= compileText(text, shared ? flags : undefined));
    },
  };
}

/** Compiles a module's text. With sharedFlags, the index of its memory's flags, for shared memory. */
function compileText(text: string, sharedFlags: number | undefined): WebAssembly.Module {
  const bytes = decode(text);
  if (sharedFlags !== undefined) bytes[sharedFlags] |= 2;
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    // Engines' messages differ, and Chromium's asks for 'unsafe-eval', which is not needed.
    const advice = WebAssembly.validate(bytes)
      ? "a content security policy has to have 'wasm-unsafe-eval' in script-src"
      : 'this engine or processor has no WebAssembly SIMD';
    throw new Error(`fanwise: the WebAssembly could not be compiled; ${advice}`, { cause });
  }
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
