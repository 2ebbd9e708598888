// Loads a file of dist/ without globals of the host, and uses it. Arguments: the file, and 'each' (one global after the other is
// missing), 'throwing' (it throws when it is used) or 'all' (nothing is there but the language and WebAssembly). Prints as JSON
// what went wrong, by global.

import { createRequire, register } from 'node:module';
import { pathToFileURL } from 'node:url';

const language = new Set(
  `globalThis Infinity NaN undefined eval isFinite isNaN parseFloat parseInt decodeURI decodeURIComponent encodeURI
  encodeURIComponent escape unescape AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView
  Date Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Int16Array Int32Array Int8Array Intl
  Iterator JSON Map Math Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String
  SuppressedError DisposableStack AsyncDisposableStack Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array
  Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly`.split(/\s+/),
);
const [, , file, mode] = process.argv;
const write = process.stdout.write.bind(process.stdout);
const require = createRequire(import.meta.url);

// Each import with another query loads all files anew.
const hooks = `export async function resolve(specifier, context, next) {
  const { search } = new URL(context.parentURL ?? 'file:///');
  const found = await next(specifier, context);
  return search.startsWith('?bare') && !found.url.includes('?') ? { ...found, url: found.url + search } : found;
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

let loads = 0;
const load = file.endsWith('.cjs')
  ? async () => {
      for (const name of Object.keys(require.cache)) delete require.cache[name];
      return require(file);
    }
  : () => import(`${url}?bare${loads++}`);
const url = pathToFileURL(file).href;

const isMissing = (name) => !(name in globalThis);

async function use(without, { random, init, activation, nn, npy, safetensors, tensor }) {
  const is = (what, value, expected) => {
    if (String(value) !== String(expected)) throw new Error(`${what} is ${value}, not ${expected}`);
  };
  const seeded = (seed) => random.philox(seed).bits(1)[0];
  is('a draw', random.philox(0).normal(2), '-0.9246625304222107,-0.9911375641822815');
  is('a seed of a text', seeded('naïve 🎲'), 2314804724);
  is('a fork', random.threefry(0).fork('layer 1').bits(1)[0], 37428153);
  is('an initialiser', init.kaimingNormal([2, 3], { seed: 0 }).length, 6);
  is('an activation', activation.relu.forward(Float32Array.of(-1, 2)), '0,2');
  const model = nn.sequential([nn.linear(2, 8, { seed: 1, activation: 'tanh' }), nn.linear(8, 2, { seed: 2 })]);
  is('an output', model.forward(new Float32Array(4)).length, 4);
  const file = nn.save(model, { metadata: { name: 'naïve 🎲' } });
  is('metadata of a file', nn.load(file, model).name, 'naïve 🎲');
  const named = { gewöhnlich: tensor([2, 1], Float32Array.of(1, 2)) };
  is('a name in a file', Object.keys(safetensors.decode(safetensors.encode(named)).tensors), 'gewöhnlich');
  is('an array in a file', npy.decode(npy.encode(named.gewöhnlich)).data, '1,2');
  const data = { x: random.philox(1).normal(2 * 320), labels: new Uint8Array(320) };
  // Where it matters, long enough for the event loop to have its turns: 12 ms each.
  const epochs = /^(all|performance|MessageChannel|setTimeout)$/.test(without) ? 1200 : 1;
  let steps = 0;
  for await (const _ of nn.fit(model, data, { optimizer: nn.sgd({ lr: 0.1 }), seed: 3, epochs })) steps++;
  is('the number of steps', steps, 10 * epochs);
  if (!isMissing('crypto')) random.philox();
  else
    for (const draw of [
      () => random.philox(),
      () => init.normal([2]),
      () => activation.dropout.forward(new Float32Array(2)),
    ]) {
      let message = 'no error';
      try {
        draw();
      } catch (error) {
        message = error.message;
      }
      if (!message.endsWith('without a seed it needs crypto.getRandomValues, which is not here; pass a seed'))
        throw new Error(`without crypto and a seed: ${message}`);
    }
}

const wrong = {};
const tried = [];
async function attempt(name) {
  tried.push(name);
  try {
    await use(name, await load());
  } catch (error) {
    wrong[name] = String(error);
  }
}
const names = Object.getOwnPropertyNames(globalThis).filter((name) => !language.has(name));
/** What Next's edge runtime has in place of what it has not: it throws at any use. */
const unsupported = () => {
  throw new Error('it is not supported here');
};
const stub = new Proxy(() => {}, { get: unsupported, apply: unsupported, construct: unsupported });
if (mode === 'each' || mode === 'throwing') {
  for (const name of names) {
    // Where there are these they are whole.
    if (mode === 'throwing' && ['crypto', 'performance', 'TextDecoder'].includes(name)) continue;
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    if (!delete globalThis[name]) throw new Error(`${name} stays`);
    if (mode === 'throwing') Object.defineProperty(globalThis, name, { configurable: true, get: () => stub });
    await attempt(name);
    Object.defineProperty(globalThis, name, descriptor);
  }
} else {
  for (const name of names) delete globalThis[name];
  await attempt(names.filter((name) => !isMissing(name)).join() || 'all');
}
write(JSON.stringify({ tried: tried.length, wrong }));
