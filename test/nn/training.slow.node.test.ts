// The article's five experiments against PyTorch's runs of them with the same seed (vectors/training.py).

import { describe, expect, test } from 'vitest';
import { experiments, run } from '../../examples/study/experiments.js';
import { mnist } from '../../examples/study/mnist.js';
import torch from '../vectors/training.json' with { type: 'json' };

const data = mnist();

test('the data are the 70,000 digits', () => {
  expect([data.train.x.length, data.train.labels.length]).toEqual([60_000 * 784, 60_000]);
  expect([data.test.x.length, data.test.labels.length]).toEqual([10_000 * 784, 10_000]);
  const mean = data.train.x.reduce((a, b) => a + b, 0) / data.train.x.length;
  expect(mean).toBeCloseTo(0.1307, 4);
});

describe.each(experiments)('$name', (experiment) => {
  const expected = torch.experiments[experiment.name as 'he + relu'];
  test('the losses of the first hundred steps to 1e-4, the test accuracy to 0.25 points', {
    timeout: 120_000,
  }, async () => {
    const { losses, accuracy } = await run(experiment, data);
    expected.losses.forEach((loss, step) => {
      expect(Math.abs(losses[step] / loss - 1), `step ${step}`).toBeLessThan(1e-4);
    });
    expect(accuracy.length).toBe(expected.accuracy.length);
    expected.accuracy.forEach((value, i) => {
      expect(Math.abs(accuracy[i] - value), `step ${500 * (i + 1)}`).toBeLessThanOrEqual(0.25);
    });
  });
});
