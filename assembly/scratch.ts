// Scratch: the memory in which kernels keep intermediate values. All other memory of a module is constant, so several
// instances can use one memory: each has a scratch of its own, because a global belongs to an instance.

/**
 * The address of an instance's scratch, set by src/wasm/memory.ts. It is not data of the module: each new instance would
 * write the data again, while other instances use it.
 */
export let scratch: usize = 0;

/** The first byte after the module's constants. */
export function heapBase(): usize {
  return __heap_base;
}

// Offsets in the scratch. A kernel and a kernel that it calls use different ones.

/** Four vectors for the last values of an array, then four for those of a second array. */
export const TAIL: usize = 0;
/** Eight blocks of a generator, for the first and the last values of a draw. */
export const BLOCKS: usize = 128;
/** The parameters of the distribution that is drawn: four f64, then eight f32. */
export const PARAMETERS_F64: usize = 256;
export const PARAMETERS_F32: usize = 288;
/** Philox's ten round keys, two words each. */
export const KEYS: usize = 320;
/** Threefry's three key words, then the first again, so that each word is followed by the next. */
export const KEY: usize = 400;
/** Three vectors of which a fused multiply-add is computed lane by lane. */
export const UNCERTAIN: usize = 416;
/** Words of PyTorch's generator that a draw skips. */
export const SKIPPED: usize = 464;
/** A tile of a product that extends beyond the result, then eight biases. */
export const EDGE: usize = 528;
export const BIAS: usize = 656;
/** T of 1 - V T V' for a panel of reflections, row by row. Then W = [V' y, V' z] for two vectors y and z, and U = T W. */
export const T: usize = 688;
export const W: usize = 816;
export const U: usize = 880;
/** The factor of softmax in a row's gradient, a binary64. */
export const SHARE: usize = 944;
/** Counts of a histogram by pairs of bins: 32 x 32 words. */
export const PAIRS: usize = 960;

/**
 * The first byte after the constants of all modules, where a memory's first scratch begins. asconfig.json's memoryBase says
 * where each module's constants begin.
 */
export const CONSTANTS_END: usize = 24576;
/** The bytes of a scratch. */
export const SCRATCH_BYTES: usize = 5120;
