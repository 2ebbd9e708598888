// `init`: shape or tensor in, values out. Every name of the field for the same thing is here. The same functions are exports of
// fanwise/init, of which a bundler leaves out those that a page does not use (src/init.ts).

import { describe, type Initialisers, initialise } from './initialise.js';
import { deltaOrthogonal, dirac, eye, orthogonal, sparse } from './structured.js';
import { type Initialising, initialisers } from './table.js';
import { torchLinear } from './torch-linear.js';

const functionsOfRows = () =>
  Object.fromEntries(
    Object.keys(initialisers).map((name) => [name, initialise(name as Initialising)]),
  ) as unknown as Initialisers;

export const init = /* @__PURE__ */ (() => ({
  ...functionsOfRows(),
  orthogonal,
  deltaOrthogonal,
  sparse,
  eye,
  dirac,
  torchLinear,
  describe,
}))();
