import { activationLayer } from './activation.js';
import { linear } from './linear.js';
import { evaluate, fit, sequential } from './model.js';
import { adam, adamW, sgd, stepDecay } from './optimizer.js';

export { activation } from './activation.js';
export { gain } from './gain.js';
export { init } from './init.js';
export { loss } from './loss.js';
export { random } from './random.js';
export { softmax } from './softmax.js';
export { tensor } from './tensor.js';
export { workspace } from './wasm.js';

/** What it takes to train a feed-forward network. */
export const nn = { linear, activation: activationLayer, sequential, fit, evaluate, sgd, adam, adamW, stepDecay };

export type { Activation } from './activation.js';
export type { GainDescription, Nonlinear } from './gain.js';
export type { Common, Description, Layout, Mode, Nonlinearity } from './init.js';
export type { Layer, Passes, Place } from './layer.js';
export type { Linear } from './linear.js';
export type { Labels } from './loss.js';
export type { Data, Fit, Model, Step } from './model.js';
export type { AdamOptions, Optimizer, Schedule } from './optimizer.js';
export type { Generator, GeneratorState, Seed } from './random.js';
export type { Tensor } from './tensor.js';
export type { Workspace } from './wasm.js';
