// The package's entry for runtimes that cannot compile WebAssembly from bytes (workerd). They import compiled modules.

import activation from './wasm/generated/activation.wasm';
import nn from './wasm/generated/nn.wasm';
import random from './wasm/generated/random.wasm';
import { activationModule, nnModule, randomModule } from './wasm/module.js';

export * from './index.js';

randomModule.provide(random);
activationModule.provide(activation);
nnModule.provide(nn);
