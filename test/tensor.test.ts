// Tensors with wrong arguments.

import { tensor } from '../src/index.js';
import { float64, testCases, x } from './check/case.js';

testCases([
  ['tensor with data of another length', () => tensor([2, 2], x), RangeError, /data has 3 values and shape \[2,2\] 4/],
  ['tensor with float64', () => tensor([3], float64), TypeError, /Float64Array/],
]);
