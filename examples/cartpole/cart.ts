// The cart with a pole of Barto, Sutton and Anderson (1983), steps of 0.02 s by Euler's rule.

import type { Generator } from 'fanwise';

/** Where the cart is (m) and how fast; the pole's angle from upright (radians) and how fast. */
export type State = readonly [position: number, velocity: number, angle: number, spin: number];

/** Half the track, and the angle at which the pole counts as fallen: 12 degrees. */
export const limits = { position: 2.4, angle: (12 * Math.PI) / 180 };
/** An episode of that many steps is a success, and ends. */
export const MAX_STEPS = 500;

const [gravity, cart, pole, half, force, dt] = [9.8, 1, 0.1, 0.5, 10, 0.02];

/** Series, exact to 1e-9 for the angles here, which are below 0.5. Engines' own functions differ in the last bit. */
const sine = (a: number) => a * (1 - ((a * a) / 6) * (1 - ((a * a) / 20) * (1 - ((a * a) / 42) * (1 - (a * a) / 72))));
const cosine = (a: number) => 1 - ((a * a) / 2) * (1 - ((a * a) / 12) * (1 - ((a * a) / 30) * (1 - (a * a) / 56)));

/** Near rest in the middle: each value is at most 0.05. */
export const start = (rng: Generator) => [...rng.uniform(4, { low: -0.05, high: 0.05 })] as unknown as State;

/** The next state when the cart is pushed to the left (0) or right (1). */
export function step([position, velocity, angle, spin]: State, action: number): State {
  const [sin, cos] = [sine(angle), cosine(angle)];
  const push = ((action === 1 ? force : -force) + pole * half * spin * spin * sin) / (cart + pole);
  const angular = (gravity * sin - cos * push) / (half * (4 / 3 - (pole * cos * cos) / (cart + pole)));
  const linear = push - (pole * half * angular * cos) / (cart + pole);
  return [position + dt * velocity, velocity + dt * linear, angle + dt * spin, spin + dt * angular];
}

export const fallen = ([position, , angle]: State) =>
  Math.abs(position) > limits.position || Math.abs(angle) > limits.angle;
