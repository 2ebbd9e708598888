export type { Dropout } from './activation/dropout.js';
export type { GainDescription, Nonlinear } from './activation/gain.js';
export { gain } from './activation/gain.js';
export type { Halves } from './activation/glu.js';
export type { Slopes } from './activation/prelu.js';
export { softmax } from './activation/softmax.js';
export type { Activation, Functions, Named, Parameters } from './activation/table.js';
export { activation } from './activation/table.js';
export type { Nonlinearity } from './activation/torch-gains.js';
export type { Diagnosis } from './diagnose/network.js';
export { diagnose } from './diagnose/network.js';
export type { Theory, TheoryCode, TheoryLayer, TheorySpec } from './diagnose/theory.js';
export type { Code, Fix, Verdict } from './diagnose/verdict.js';
export { npy } from './formats/npy.js';
export type { Bytes, Tensors } from './formats/safetensors.js';
export { safetensors } from './formats/safetensors.js';
export type { Common, Layout } from './init/fan.js';
export type { Structure } from './init/structured.js';
export type {
  Description,
  Gain,
  Initialiser,
  Initialising,
  Kaiming,
  LinearOptions,
  Mode,
  Truncated,
  VarianceScaling,
} from './init/table.js';
export { init } from './init/table.js';
export * as nn from './nn/index.js';
export type { Layer, Part, Passes, Place, Share, Slope } from './nn/layer.js';
export type { Linear } from './nn/layers/linear.js';
export type { Classified, CrossEntropy, Data, Forward, Labels, NamedLoss, Pointwise, Reduction } from './nn/loss.js';
export { loss } from './nn/loss.js';
export type { Rescaled } from './nn/lsuv.js';
export type { Model } from './nn/model.js';
export type { AdamOptions, Optimizer } from './nn/optimizer.js';
export type { Schedule } from './nn/schedule.js';
export type { Histogram, LayerStatistics, Probe, Statistics, WeightStatistics } from './nn/statistics.js';
export type { Fit, Step } from './nn/training.js';
export type { Draw, Draws, Generator, GeneratorState, Seed, Threefry } from './random/generator.js';
export { random } from './random/generator.js';
export type { Along, Tensor } from './tensor.js';
export { tensor } from './tensor.js';
export type { Kernel, Workspace } from './wasm/memory.js';
export { workspace } from './wasm/memory.js';
