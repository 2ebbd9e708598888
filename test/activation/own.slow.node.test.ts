// Moments of many functions of one's own against direct integration.

import { test } from 'vitest';
import { expectMoments } from './own.js';

test('500 random functions, to 1e-8', () => expectMoments('more own functions', 500));
