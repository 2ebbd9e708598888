// The three WebAssembly modules. Each is decoded and compiled when one of its kernels is first called, and once.

import { decode } from './decode.js';
import * as activationText from './generated/activation.js';
import * as nnText from './generated/nn.js';
import * as randomText from './generated/random.js';

/** A module whose kernels have the names K. */
export interface Module<K extends string = string> {
  readonly name: string;
  /** Which of the three: the index of its instance on a memory. */
  readonly index: number;
  /** The compiled module, for memory of one thread or for memory that threads share. */
  compile(shared: boolean): WebAssembly.Module;
  /** Gives a compiled module, for runtimes that compile no bytes. */
  provide(compiled: WebAssembly.Module): void;
  /** Only a type: the names of the kernels. */
  readonly kernels?: K;
}

/** What tools/build.mjs writes for each module. */
interface Text {
  text: string;
  /** Where the flags of the imported memory's limits are; bit 1 says that the memory is shared. */
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

function compileText(text: string, sharedFlags: number | undefined): WebAssembly.Module {
  const bytes = decode(text);
  if (sharedFlags !== undefined) bytes[sharedFlags] |= 2;
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    // An engine's own words differ, and Chromium's name what is not needed.
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
