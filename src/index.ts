export type { Dropout } from './activation/dropout.js';
export type { GainDescription, Nonlinear } from './activation/gain.js';
export { gain } from './activation/gain.js';
export type { Halves } from './activation/glu.js';
export type { Slopes } from './activation/prelu.js';
export { softmax } from './activation/softmax.js';
export type { Activation, ActivationParameters, Functions, Named } from './activation/table.js';
export { activation } from './activation/table.js';
export type { Nonlinearity } from './activation/torch-gain.js';
export type { Floats, Words } from './check.js';
export type { List, Nested, Numbers } from './diagnose/arrays.js';
export type { LayerArrays, NetworkDiagnosis } from './diagnose/measure.js';
export type { Diagnosis, ProbeOptions, TrialReport } from './diagnose/network.js';
export { diagnose } from './diagnose/network.js';
export type { Standardisation } from './diagnose/standardise.js';
export type { Theory, TheoryCode, TheoryLayer, TheorySpec } from './diagnose/theory.js';
export type { Code, Fix, Verdict } from './diagnose/verdict.js';
export type { Bytes } from './formats/bytes.js';
export type { FileTensor } from './formats/dtype.js';
export { npy } from './formats/npy.js';
export type { Tensors } from './formats/safetensors.js';
export { safetensors } from './formats/safetensors.js';
export type { Common, Layout } from './init/fan.js';
export { init } from './init/index.js';
export type { Description, Initialiser, Initialisers } from './init/initialise.js';
export type { Structure } from './init/structured.js';
export type { Gain, Initialising, Kaiming, Mode, Truncated, VarianceScaling } from './init/table.js';
export type { LinearOptions } from './init/torch-linear.js';
export type { Loaded } from './nn/checkpoint.js';
export type { Fit } from './nn/fit-options.js';
export type { Fitting, History, Step } from './nn/fitting.js';

// Not `export * as nn`, which Babel's preset for React Native does not know.
import * as nn from './nn/index.js';

export type { Layer, LayerMemory, Operation, Passes, SavedActivation, ThreadContext } from './nn/layer.js';
export type { Linear } from './nn/layers/linear.js';
export type { Data, NamedLoss } from './nn/loss.js';
export { loss } from './nn/loss.js';
export type { Classified, CrossEntropy, Labels } from './nn/losses/cross-entropy.js';
export type { Pointwise } from './nn/losses/pointwise.js';
export type { Forward, Reduction } from './nn/losses/reduction.js';
export type { Rescaled } from './nn/lsuv.js';
export type { Model, ModelOf } from './nn/model.js';
export type { Optimizer } from './nn/optimizer.js';
export type { AdamOptions } from './nn/optimizers.js';
export type { Schedule } from './nn/schedule.js';
export type {
  Histogram,
  LayerStatistics,
  LongestStep,
  Measured,
  MeasuredLayer,
  MeasuredWeight,
  Probe,
  Statistics,
  WeightStatistics,
} from './nn/statistics.js';
export type { Distributions, Draw, Draws, Generator, GeneratorState, Threefry } from './random/generator.js';
export { random } from './random/index.js';
export type { Seed } from './random/source.js';
export type { Along, Tensor } from './tensor.js';
export { tensor } from './tensor.js';
export type { Kernel, Workspace } from './wasm/memory.js';
export { workspace } from './wasm/memory.js';
export type { ModuleName } from './wasm/module.js';
export { ready } from './wasm/ready.js';
export { nn };
