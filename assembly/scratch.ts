// Memory that kernels write for themselves. All else in the module's own memory is constant, so that several instances
// may stand on one memory: each has its own scratch, for a global belongs to an instance.

/**
 * Where an instance's scratch is, 5,120 bytes; who makes the instance says it. Not data of the module: those are written
 * again by each instance that is made, under the hands of the others.
 */
export let scratch: usize = 0;

/** The first byte behind the module's constants. */
export function heapBase(): usize {
  return __heap_base;
}

// Places in it. A kernel that calls another shares none with it.

/** Four vectors for the last values of an array, and four for those of a second. */
export const TAIL: usize = 0;
/** Eight blocks, for the first and the last values of a draw. */
export const BLOCKS: usize = 128;
/** The parameters of the draw under way: four f64, then eight f32. */
export const PARAMETERS_F64: usize = 256;
export const PARAMETERS_F32: usize = 288;
/** Philox's ten round keys, two words each. */
export const KEYS: usize = 320;
/** Threefry's three words and the first again, so that any one has its successor behind it. */
export const KEY: usize = 400;
/** Three vectors whose product and sum are in doubt. */
export const DOUBTFUL: usize = 416;
/** Words that a draw passes over. */
export const DROPPED: usize = 464;
/** A tile of a product that sticks out over the edge of the result is worked on here; then eight biases. */
export const EDGE: usize = 528;
export const BIAS: usize = 656;
/** T of 1 - V T V' for a panel of reflections, row by row; then V' y and V' z for two vectors side by side, and T times that. */
export const T: usize = 688;
export const W: usize = 816;
export const U: usize = 880;
/** How much of softmax is in a row's gradient: a binary64. */
export const SHARE: usize = 944;
/** Counts of a histogram by pairs of bins: 32 x 32 words. */
export const PAIRS: usize = 960;
