// The gains of torch.nn.init.calculate_gain.

export const torchGains = {
  linear: () => 1,
  conv1d: () => 1,
  conv2d: () => 1,
  conv3d: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (slope: number) => Math.sqrt(2 / (1 + slope * slope)),
  selu: () => 3 / 4,
} satisfies Record<string, (slope: number) => number>;
export type Nonlinearity = keyof typeof torchGains;
export const nonlinearities = /* @__PURE__ */ Object.keys(torchGains) as Nonlinearity[];
