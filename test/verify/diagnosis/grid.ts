// The best of a grid of plain trainings: what a network can be expected to learn.

import { digits, modelOf, type Network, PLAIN, RATES, trained } from './networks.js';

let data: ReturnType<typeof digits> | undefined;
const examples = () => (data ??= digits());

/** The accuracy of each plain scheme at each learning rate, on standardised digits. */
export async function gridOf(network: Network): Promise<number[][]> {
  const { train, test } = examples();
  const seed = `grid ${network.id}`;
  const result: number[][] = [];
  for (const weights of PLAIN) {
    const row: number[] = [];
    for (const lr of RATES) row.push(await trained(modelOf(network, weights, seed), train, test, lr, { seed }));
    result.push(row);
  }
  return result;
}
