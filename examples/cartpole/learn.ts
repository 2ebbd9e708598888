// REINFORCE (Williams 1992): actions that were followed by more reward than usual become more likely. This file runs in a page
// and in Node.

import { type Generator, loss, nn, random, type Seed, softmax } from 'fanwise';
import { fallen, MAX_STEPS, type State, start, step } from './cart.js';

export interface Options {
  seed: Seed;
  episodes?: number;
  /** Episodes between two updates of the policy. */
  batch?: number;
  lr?: number;
  /** The factor by which a reward counts less for each step that it is later. */
  discount?: number;
}

/** The network's inputs: each value at about the same scale. */
const inputs = ([position, velocity, angle, spin]: State) => [position / 2.4, velocity / 2, angle / 0.21, spin / 2];

export function learner({ seed, episodes = 400, batch = 5, lr = 2, discount = 0.99 }: Options) {
  const rng = random.philox(seed);
  const model = nn.sequential([nn.linear(4, 32, { rng, activation: 'tanh' }), nn.linear(32, 2, { rng })]);
  const optimizer = nn.sgd({ lr });

  /** The policy: left (0) or right (1), with the probabilities that the model gives. */
  function act(state: State, rng: Generator): 0 | 1 {
    const [left] = softmax.forward(model.forward(Float32Array.from(inputs(state))), { columns: 2 });
    return rng.source() < left ? 0 : 1;
  }

  /** One episode's states and actions. */
  function play(): { states: State[]; actions: number[] } {
    const [states, actions]: [State[], number[]] = [[], []];
    for (let state = start(rng); !fallen(state) && states.length < MAX_STEPS; ) {
      const action = act(state, rng);
      states.push(state);
      actions.push(action);
      state = step(state, action);
    }
    return { states, actions };
  }

  /** The discounted rewards from each step of an episode on; each step has a reward of 1. */
  function discounted(length: number): number[] {
    let sum = 0;
    return Array.from({ length }, () => (sum = 1 + discount * sum)).reverse();
  }

  async function improve(played: ReturnType<typeof play>[]): Promise<void> {
    const x = Float32Array.from(played.flatMap(({ states }) => states.flatMap(inputs)));
    const labels = played.flatMap(({ actions }) => actions);
    const later = played.flatMap(({ actions }) => discounted(actions.length));
    const mean = later.reduce((a, b) => a + b) / later.length;
    const std = Math.sqrt(later.reduce((sum, v) => sum + (v - mean) ** 2, 0) / later.length) || 1;
    const advantages = Float32Array.from(later, (v) => (v - mean) / std);

    // REINFORCE's gradient by the logits is cross-entropy's, with the action as label, times each row's advantage. nn.fit
    // has no weights for rows. But the gradient of the mean squared error of two outputs is (output - target) / rows: with
    // targets that differ from the logits by the wanted gradient, a step over all rows is REINFORCE's step.
    const logits = model.forward(x);
    const gradient = loss.crossEntropy.backward({ logits, labels, columns: 2, reduction: 'none', dy: advantages });
    const data = { x, targets: logits.map((logit, i) => logit - gradient[i]) };
    const once = { loss: 'meanSquaredError', batchSize: labels.length, shuffle: false, optimizer } as const;
    await nn.fit(model, data, once);
  }

  /** The length of each episode, as soon as it is over. */
  async function* returns(): AsyncGenerator<number, void, void> {
    let played: ReturnType<typeof play>[] = [];
    for (let episode = 0; episode < episodes; episode++) {
      const last = play();
      played.push(last);
      yield last.actions.length;
      if (played.length < batch) continue;
      await improve(played);
      played = [];
    }
  }
  return { act, returns: returns() };
}
