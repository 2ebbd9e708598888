// Kahan summation: beside each sum is a compensation, what the roundings of the sum have added to it. The error is two
// roundings, for any number of terms.

export abstract class kahan {
  /** Four terms more. Of an infinite sum the compensation would be infinite or NaN, and the next sum NaN: 0 instead. */
  @inline static add(sum: usize, term: v128, compensation: usize): void {
    const before = v128.load(sum);
    const x = f32x4.sub(term, v128.load(compensation));
    const after = f32x4.add(before, x);
    const rest = f32x4.sub(f32x4.sub(after, before), x);
    v128.store(sum, after);
    v128.store(compensation, v128.and(rest, f32x4.eq(f32x4.sub(rest, rest), f32x4.splat(0))));
  }

  /** One term more. */
  @inline static addOne(sum: usize, term: f32, compensation: usize): void {
    const before = load<f32>(sum);
    const x = term - load<f32>(compensation);
    const after = before + x;
    const rest = after - before - x;
    store<f32>(sum, after);
    store<f32>(compensation, rest - rest == 0 ? rest : 0);
  }
}
