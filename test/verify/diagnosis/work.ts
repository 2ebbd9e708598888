// One process of `npm run verify:diagnose`: networks are trained by a grid of plain schemes, or judged.

import { gridOf } from './grid.js';
import { type Judged, judged } from './judge.js';
import { networkOf } from './networks.js';

/** A network, and whether the grid or the diagnosis is asked for. */
export interface Task {
  id: number;
  kind: 'grid' | 'judged';
}
export type Result = { id: number } & ({ kind: 'grid'; grid: number[][] } | { kind: 'judged'; judged: Judged });

process.on('message', async ({ id, kind }: Task) => {
  const network = networkOf(id);
  const result: Result =
    kind === 'grid' ? { id, kind, grid: await gridOf(network) } : { id, kind, judged: await judged(network) };
  process.send!(result);
});
process.send!('ready');
