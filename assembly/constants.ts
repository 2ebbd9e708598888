// The numbers that src/ shares with the kernels. tools/build.mjs reads them from this file, compiled, and writes them to
// src/wasm/generated/constants.ts, so that each is defined once.

export { GEGLU, GLU, SWIGLU } from './activation/glu';
export { PANEL as ORTHOGONAL_PANEL } from './init/orthogonal';
export { BINS as HISTOGRAM_BINS, SUMS as STATISTICS_SUMS } from './nn/statistics';
export { TILE_ROWS } from './nn/tile';
export { TORCH_CACHE, TORCH_CACHED, TORCH_INDEX, TORCH_WORDS } from './random/mt19937';
export { COUNTER_BLOCK, COUNTER_SKIP, COUNTER_WORDS } from './random/philox';
export { CONSTANTS_END, SCRATCH_BYTES } from './scratch';
