// Powers by repeated multiplication, as in PyTorch's schedules and optimizers.

/** How many products there are from one that is kept to the next. */
const BLOCK = 1024;
/** For how many starts products are kept: as many trainings, or groups of parameters, can share a schedule. */
const STARTS = 64;

/**
 * A function of start and times that multiplies start by factor `times` times. PyTorch does so too, and the host's power differs
 * between engines. It continues from the latest result of the same start, so that each step of a training costs one product. Any
 * other call costs at most 1023 of those that were made before: to plot a schedule backwards takes no longer than its training.
 */
export function repeatedProduct(factor: number): (start: number, times: number) => number {
  /** By start: products after 0, BLOCK, 2 BLOCK, ... factors, and the latest one. */
  const products = new Map<number, { kept: number[]; done: number; value: number }>();
  return (start, times) => {
    let latest = products.get(start);
    if (latest === undefined) {
      if (products.size === STARTS) products.delete(products.keys().next().value!);
      latest = { kept: [start], done: 0, value: start };
      products.set(start, latest);
    }
    const { kept } = latest;
    const block = Math.max(0, Math.min(Math.floor(times / BLOCK), kept.length - 1));
    if (times < latest.done || latest.done < block * BLOCK) [latest.done, latest.value] = [block * BLOCK, kept[block]];
    while (latest.done < times) {
      const next = latest.value * factor;
      if (Object.is(next, latest.value)) break; // it will not change again: it is 0 or infinite, or the factor is 1
      latest.value = next;
      if (++latest.done % BLOCK === 0) kept[latest.done / BLOCK] = next;
    }
    return latest.value;
  };
}
