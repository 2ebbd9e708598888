// All of the package in one file, for `require`: index.cjs and threads.cjs are parts of it, so that they share their state.

export * as index from './index.js';
export * as threads from './threads.js';
