import { activationLayer } from './activation.js';
import { dropoutLayer } from './dropout.js';
import { gateLayer, type Halves } from './glu.js';
import { linear } from './linear.js';
import { lsuv } from './lsuv.js';
import { sequential } from './model.js';
import { adam, adamW, cosine, sgd, stepDecay, warmUp } from './optimizer.js';
import { preluLayer } from './prelu.js';
import { evaluate, fit } from './training.js';

export { activation } from './activation.js';
export { gain } from './gain.js';
export { init } from './init.js';
export { loss } from './loss.js';
export { random } from './random.js';
export { softmax } from './softmax.js';
export { tensor } from './tensor.js';
export { workspace } from './wasm.js';

/** What it takes to train a feed-forward network. */
export const nn = {
  linear,
  activation: activationLayer,
  prelu: preluLayer,
  /** Gated linear units of so many outputs, from twice as many inputs. */
  glu: (outputs: number, options?: Halves) => gateLayer('glu', outputs, options),
  swiglu: (outputs: number, options?: Halves) => gateLayer('swiglu', outputs, options),
  geglu: (outputs: number, options?: Halves) => gateLayer('geglu', outputs, options),
  dropout: dropoutLayer,
  sequential,
  lsuv,
  fit,
  evaluate,
  sgd,
  adam,
  adamW,
  stepDecay,
  cosine,
  warmUp,
};

export type { Activation, Named } from './activation.js';
export type { Dropout } from './dropout.js';
export type { Common, Layout } from './fan.js';
export type { GainDescription, Nonlinear } from './gain.js';
export type { Halves } from './glu.js';
export type { Description, Mode, Nonlinearity } from './init.js';
export type { Layer, Passes, Place } from './layer.js';
export type { Linear } from './linear.js';
export type { CrossEntropy, Data, Labels, NamedLoss, Reduction } from './loss.js';
export type { Rescaled } from './lsuv.js';
export type { Model } from './model.js';
export type { AdamOptions, Optimizer, Schedule } from './optimizer.js';
export type { Generator, GeneratorState, Seed } from './random.js';
export type { Along, Tensor } from './tensor.js';
export type { Fit, Step } from './training.js';
export type { Workspace } from './wasm.js';
