// For runtimes that only answer requests: the hashes as an answer.

import activation from 'fanwise/activation.wasm';
import nn from 'fanwise/nn.wasm';
import random from 'fanwise/random.wasm';
import { activationModule, nnModule, randomModule } from '../../src/wasm/module.js';
import { hashes } from './results.js';

randomModule.provide(random);
activationModule.provide(activation);
nnModule.provide(nn);

export default { fetch: async () => Response.json(await hashes()) };
