// The form: numbers with their sliders, two lists, and the presets.

import { activations, type InitialiserName, initialisers } from './choices.js';
import { $, button, element, field } from './page.js';
import { allowed, defaults, format, limits, type NumberName, presets, type Settings } from './state.js';

const sliders = ['depth', 'width', 'gain', 'lr'] as const;
const numbers = [...sliders, 'epochs', 'seed'] as const;

/** Where a number is on its slider, and back. */
function position(name: NumberName, value: number): number {
  const { low, high, steps } = limits[name];
  return steps ? (steps * Math.log(value / low)) / Math.log(high / low) : value;
}
function valueAt(name: NumberName, place: number): number {
  const { low, high, steps, whole } = limits[name];
  const value = steps ? low * (high / low) ** (place / steps) : place;
  return whole ? Math.round(value) : Number(value.toPrecision(3));
}

/** `change` is called with the settings whenever a person changes one. */
export function controls(change: (settings: Settings) => void) {
  let settings = defaults;
  const set = (changed: Partial<Settings>) => {
    settings = { ...settings, ...changed };
    show(settings);
    change(settings);
  };

  for (const [name, code] of Object.entries(activations)) {
    const label = code.replace(/^nn\.|\(.*/g, '');
    $('activation').append(element('option', { value: name }, label === 'Tanh' ? 'tanh' : label));
  }
  for (const [name, { label }] of Object.entries(initialisers)) {
    $('initialiser').append(element('option', { value: name }, label));
  }
  $('activation').addEventListener('change', () =>
    set({ activation: field('activation').value as Settings['activation'] }),
  );
  // Each initialiser has a default gain: √2 for Kaiming's, 1 for Xavier's.
  $('initialiser').addEventListener('change', () => {
    const initialiser = field('initialiser').value as InitialiserName;
    set({ initialiser, gain: initialisers[initialiser].gain ?? 1 });
  });

  for (const name of numbers) {
    const input = field(name);
    input.addEventListener('input', () => {
      const value = input.value.trim() === '' ? undefined : allowed(name, Number(input.value));
      if (value === undefined) return;
      settings = { ...settings, [name]: value };
      show(settings, name);
      change(settings);
    });
    // What was typed may be out of bounds, or empty.
    input.addEventListener('change', () => show(settings));
  }
  for (const name of sliders) {
    const slider = field(`${name}-slider`);
    const { low, high, steps } = limits[name];
    [slider.min, slider.max] = steps ? ['0', String(steps)] : [String(low), String(high)];
    slider.addEventListener('input', () => set({ [name]: valueAt(name, Number(slider.value)) }));
  }
  button('another').addEventListener('click', () => set({ seed: (settings.seed + 1) % 2 ** 32 }));
  let own = 1;
  button('own-gain').addEventListener('click', () => set({ gain: own }));

  for (const { label, settings: those } of presets) {
    $('presets').append(element('li', {}, element('a', { href: format(those) }, label)));
  }

  /** Writes the settings into the form; not into the field that is being typed in. */
  function show(now: Settings, typed?: NumberName): void {
    settings = now;
    field('activation').value = now.activation;
    field('initialiser').value = now.initialiser;
    for (const name of numbers) {
      if (name !== typed) field(name).value = String(Number(now[name].toPrecision(name === 'seed' ? 10 : 6)));
    }
    for (const name of sliders) {
      const slider = field(`${name}-slider`);
      slider.value = String(position(name, now[name]));
      slider.setAttribute('aria-valuetext', field(name).value);
    }
    const without = initialisers[now.initialiser].gain === undefined;
    field('gain').disabled = field('gain-slider').disabled = without;
    button('own-gain').hidden = without;
    $('hidden').textContent = `${now.depth} × ${now.width}`;
    for (const link of document.querySelectorAll('#presets a')) {
      if (link.getAttribute('href') === format(now)) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  }

  return {
    show,
    set,
    /** The gain that the activation asks for, offered beside the field. */
    offer(gain: number): void {
      own = Number(gain.toPrecision(6));
      button('own-gain').textContent = `${settings.activation}’s own: ${own.toPrecision(4)}`;
    },
  };
}
