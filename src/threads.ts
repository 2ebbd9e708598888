// fanwise/threads: a workspace whose work is shared by several threads.

export type { Threads } from './threads/workspace.js';
export { workspace } from './threads/workspace.js';
