// A network is judged, trained as it was judged, and trained with the fix that it was offered.

import { diagnose } from '../../../src/index.js';
import { digits, type Examples, modelOf, type Network, trained, transformed } from './networks.js';

/** What is said of a network, and what training says. */
export interface Judged {
  id: number;
  verdicts: { code: string; level: string }[];
  /** The share of the test that is right: as it was judged, and with the fix. */
  before: number;
  after?: number | undefined;
  /** What the fix changes; `applied` is what fix.apply returns. */
  fix?:
    | {
        initialiser?: string | undefined;
        gain?: number | undefined;
        lr?: number | undefined;
        standardise?: boolean | undefined;
        applied?: boolean | undefined;
      }
    | undefined;
  /** Milliseconds of the diagnosis. */
  ms: number;
}

let data: ReturnType<typeof digits> | undefined;

/** A network's model, and its data. */
function made(network: Network) {
  const { id, scale, shift, weights } = network;
  const { train, test } = (data ??= digits());
  const own = (examples: Examples) => transformed(examples, scale, shift);
  const seed = `judged ${id}`;
  return { seed, own, train, test, model: modelOf(network, weights, seed) };
}

/** The verdicts on a network, the first with its fix. */
export function verdictsOn(network: Network) {
  const { model, own, train } = made(network);
  return diagnose.probe(model, own(train), { lr: network.lr }).verdicts;
}

/** The accuracy of a network as it is. */
export function trainedAsItIs(network: Network): Promise<number> {
  const { seed, own, train, test, model } = made(network);
  return trained(model, own(train), own(test), network.lr, { seed });
}

export async function judged(network: Network): Promise<Judged> {
  const { seed, own, train, test, model } = made(network);
  const { id, lr } = network;
  const start = Date.now();
  const { verdicts } = diagnose.probe(model, own(train), { lr });
  const ms = Date.now() - start;
  const before = await trainedAsItIs(network);
  const result: Judged = { id, verdicts: verdicts.map(({ code, level }) => ({ code, level })), before, ms };
  const fix = verdicts[0]?.fix;
  if (fix === undefined) return result;
  const applied = fix.apply?.({ seed });
  const { mean, std } = fix.standardise ?? { mean: 0, std: 1 };
  const mended = (of: Examples) => transformed(own(of), 1 / std, -mean / std);
  const after = await trained(model, mended(train), mended(test), fix.lr ?? lr, { seed });
  const { initialiser, gain, lr: rate, standardise } = fix;
  return { ...result, after, fix: { initialiser, gain, lr: rate, standardise: standardise && true, applied } };
}
