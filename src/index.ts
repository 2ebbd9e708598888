export type { Activation, Functions, Named, Parameters } from './activation.js';
export { activation } from './activation.js';
export type { Diagnosis } from './diagnose.js';
export { diagnose } from './diagnose.js';
export type { Dropout } from './dropout.js';
export type { Common, Layout } from './fan.js';
export type { GainDescription, Nonlinear } from './gain.js';
export { gain } from './gain.js';
export type { Halves } from './glu.js';
export type { Kernel, Workspace } from './home.js';
export type {
  Description,
  Gain,
  Initialiser,
  Initialising,
  Kaiming,
  LinearOptions,
  Mode,
  Nonlinearity,
  Truncated,
  VarianceScaling,
} from './init.js';
export { init } from './init.js';
export type { Layer, Part, Passes, Place, Share, Slope } from './layer.js';
export type { Linear } from './linear.js';
export type { Classified, CrossEntropy, Data, Forward, Labels, NamedLoss, Pointwise, Reduction } from './loss.js';
export { loss } from './loss.js';
export type { Rescaled } from './lsuv.js';
export type { Model } from './model.js';
export * as nn from './nn.js';
export { npy } from './npy.js';
export type { AdamOptions, Optimizer, Schedule } from './optimizer.js';
export type { Slopes } from './prelu.js';
export type { Histogram, LayerStatistics, Probe, Statistics, WeightStatistics } from './probe.js';
export type { Draw, Draws, Generator, GeneratorState, Seed, Threefry } from './random.js';
export { random } from './random.js';
export type { Bytes, Tensors } from './safetensors.js';
export { safetensors } from './safetensors.js';
export { softmax } from './softmax.js';
export type { Structure } from './structured.js';
export type { Along, Tensor } from './tensor.js';
export { tensor } from './tensor.js';
export type { Theory, TheoryCode, TheoryLayer, TheorySpec } from './theory.js';
export type { Threads } from './threads.js';
export type { Fit, Step } from './training.js';
export type { Code, Fix, Verdict } from './verdict.js';
export { workspace } from './workspace.js';
