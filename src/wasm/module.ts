// The three WebAssembly modules. Each is decoded and compiled once, when one of its kernels is first called.

import { decode } from './decode.js';
import * as activationText from './generated/activation.js';
import * as nnText from './generated/nn.js';
import * as randomText from './generated/random.js';

/** One of the three modules; K is the union of its kernels' names. */
export interface Module<K extends string = string> {
  readonly name: string;
  /** The index of this module's instance in Memory.instances (memory.ts). */
  readonly index: number;
  /** The compiled module, for memory that threads share (`shared`) or for memory of one thread. */
  compile(shared: boolean): WebAssembly.Module;
  /** Sets the compiled module in runtimes that cannot compile bytes. It is not for shared memory. */
  provide(compiled: WebAssembly.Module): void;
  /** Never set. It makes the type depend on K, so that TypeScript refuses the name of another module's kernel. */
  readonly kernels?: K;
}

/** A file that tools/build.mjs writes to generated/ for each module. */
interface EncodedModule {
  /** The module's bytes, as text that decode.ts decodes. */
  text: string;
  /** The index of the byte with the flags of the imported memory's limits. Bit 1 of that byte is set for shared memory. */
  flags: number;
}

function moduleOf<K extends string>(name: string, index: number, { text, flags }: EncodedModule): Module<K> {
  let provided: WebAssembly.Module | undefined;
  /** The module for memory of one thread, and for shared memory. */
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

/** Compiles a module from its text. If the index of its memory's flags is given, the module is for shared memory. */
function compileText(text: string, flagsIndex: number | undefined): WebAssembly.Module {
  const bytes = decode(text);
  if (flagsIndex !== undefined) bytes[flagsIndex] |= 2;
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    // Engines' own messages differ, and Chromium's advises 'unsafe-eval', which allows more than is needed.
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
