// Moments of functions of one's own against direct integration, which knows their slopes, kinks and jumps.

import { test } from 'vitest';
import { expectMoments } from './own.js';

test('60 random functions, to 1e-8', () => expectMoments('own functions', 60));
