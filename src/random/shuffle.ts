// Fisher and Yates' shuffle.

/** 0 to n - 1 in an order: at step i the entry that is `pick(i)` further on, of n - i, is swapped in. */
export function shuffled(n: number, pick: (i: number) => number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n - 1; i++) {
    const j = i + pick(i);
    const swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
  return order;
}
