// Powers by repeated multiplication, as in PyTorch's schedules and optimizers.

/**
 * A function of start and times that multiplies start by factor `times` times. PyTorch does so too, and the host's power differs
 * between engines. It continues from the latest result, so that each step of a training costs one product.
 */
export function repeatedProduct(factor: number): (start: number, times: number) => number {
  let [from, done, value] = [Number.NaN, 0, Number.NaN];
  return (start, times) => {
    if (start !== from || times < done) [from, done, value] = [start, 0, start];
    for (; done < times; done++) {
      const next = value * factor;
      if (Object.is(next, value)) return value; // it will not change again: it is 0 or infinite, or the factor is 1
      value = next;
    }
    return value;
  };
}
