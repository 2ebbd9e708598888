// The shuffle of Fisher and Yates.

/** 0 to n - 1, shuffled: step i swaps entry i with entry i + pick(i), where pick(i) is from 0 to n - i - 1. */
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
