// Powers as PyTorch's schedules and optimizers have them.

/**
 * start times factor, so many times over: multiplied up as PyTorch does, since the host's power differs between engines. It
 * goes on from the latest, so that a training asks for each in turn at the cost of one.
 */
export function repeatedProduct(factor: number): (start: number, times: number) => number {
  let [from, done, value] = [Number.NaN, 0, Number.NaN];
  return (start, times) => {
    if (start !== from || times < done) [from, done, value] = [start, 0, start];
    for (; done < times; done++) {
      const next = value * factor;
      if (Object.is(next, value)) return value; // and so it stays: 0, infinite, or times 1
      value = next;
    }
    return value;
  };
}
