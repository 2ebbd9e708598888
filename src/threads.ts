// fanwise/threads: a workspace whose work is shared by several threads.

export type { Threads } from './threads/threads.js';
export { workspace } from './threads/workspace.js';
