// fanwise/init: the members of `init`, each an export of its own, so that a bundler leaves out those that a page does not use. The
// use is the same: import * as init from 'fanwise/init'.

import { initialise } from './init/initialise.js';

/** 0 everywhere. */
export const zeros = /* @__PURE__ */ initialise('zeros');
/** 1 everywhere. */
export const ones = /* @__PURE__ */ initialise('ones');
/** One value (0) everywhere. */
export const constant = /* @__PURE__ */ initialise('constant');
/** Uniform on [low, high); 0 and 1 by default. */
export const uniform = /* @__PURE__ */ initialise('uniform');
/** Normal with a mean (0) and a standard deviation (1). */
export const normal = /* @__PURE__ */ initialise('normal');
/** Normal between two bounds in standard deviations. With absolute: true it is PyTorch's trunc_normal_. */
export const truncatedNormal = /* @__PURE__ */ initialise('truncatedNormal');
/** Uniform, variance 1 / fanIn (LeCun et al. 1998). */
export const lecunUniform = /* @__PURE__ */ initialise('lecunUniform');
/** Normal, variance 1 / fanIn (LeCun et al. 1998). */
export const lecunNormal = /* @__PURE__ */ initialise('lecunNormal');
/** Uniform, variance 2 gain^2 / (fanIn + fanOut) (Glorot and Bengio 2010). */
export const xavierUniform = /* @__PURE__ */ initialise('xavierUniform');
/** Normal, variance 2 gain^2 / (fanIn + fanOut) (Glorot and Bengio 2010). */
export const xavierNormal = /* @__PURE__ */ initialise('xavierNormal');
/** xavierUniform. */
export const glorotUniform = /* @__PURE__ */ initialise('glorotUniform');
/** xavierNormal; Keras' and JAX's, which is truncated, is kerasGlorotNormal. */
export const glorotNormal = /* @__PURE__ */ initialise('glorotNormal');
/** Uniform, variance gain^2 / fan (He et al. 2015). */
export const kaimingUniform = /* @__PURE__ */ initialise('kaimingUniform');
/** Normal, variance gain^2 / fan (He et al. 2015). */
export const kaimingNormal = /* @__PURE__ */ initialise('kaimingNormal');
/** kaimingUniform. */
export const heUniform = /* @__PURE__ */ initialise('heUniform');
/** kaimingNormal; Keras' and JAX's, which is truncated, is kerasHeNormal. */
export const heNormal = /* @__PURE__ */ initialise('heNormal');
/** Variance scale / fan, of one of three distributions (TensorFlow's and JAX's variance scaling). */
export const varianceScaling = /* @__PURE__ */ initialise('varianceScaling');
/** LecunNormal of Keras, lecun_normal of JAX: truncated at two standard deviations, variance 1 / fanIn. */
export const kerasLecunNormal = /* @__PURE__ */ initialise('kerasLecunNormal');
/** GlorotNormal of Keras, glorot_normal of JAX: truncated, variance 2 / (fanIn + fanOut). */
export const kerasGlorotNormal = /* @__PURE__ */ initialise('kerasGlorotNormal');
/** HeNormal of Keras, he_normal of JAX: truncated, variance 2 / fanIn. */
export const kerasHeNormal = /* @__PURE__ */ initialise('kerasHeNormal');

export { describe } from './init/initialise.js';
export { deltaOrthogonal, dirac, eye, orthogonal, sparse } from './init/structured.js';
export { torchLinear } from './init/torch-linear.js';
