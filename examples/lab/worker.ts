// All computing is done here, in a worker: networks, probes and training. The page calls it through Comlink.

import { expose } from 'comlink';
import { activation, diagnose, gain, type Model, nn, softmax } from 'fanwise';
import { counts, type Digits, PIXELS, unpack } from './digits.js';
import { build, fingerprint, shapes, variances } from './network.js';
import type { Settings } from './state.js';

export type Probed = ReturnType<typeof diagnose.probe>;
export type Verdict = Probed['verdicts'][number];
export type LayerStatistics = Probed['layers'][number];
export type Statistics = Probed['input'];
export type Theory = ReturnType<typeof diagnose.theory>;

export interface Inspection {
  settings: Settings;
  probe: Probed;
  /** null if theory says nothing, since the weights have no variance. */
  theory: Theory | null;
  /** The standard deviation that theory expects after each layer's activation, and of the output. */
  stds?: number[];
  fingerprint: string;
  parameters: number;
  /** The gain that keeps the size of signals through the activation. */
  gain: number;
}

/** What the page gets while a network learns. */
export interface Live {
  step: number;
  /** The losses of the steps since the last message. */
  losses: number[];
  accuracy?: number;
  layers?: LayerStatistics[];
  /** At the end. */
  fingerprint?: string;
}

const ROWS = 200;
const EVERY = 25;

let digits: { train: Digits; test: Digits };
let current: ReturnType<typeof build> & { settings: Settings };
/** The current training, and the promise that it waits for while it is paused. */
let training: { stopped: boolean; paused?: Promise<void>; resume?: () => void } | undefined;

const probed = () => ({ x: digits.train.x.subarray(0, ROWS * PIXELS), labels: digits.train.labels.subarray(0, ROWS) });

async function load(url: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The digits could not be fetched (${response.status}); reload the page`);
  const stream = response.body!.pipeThrough(new DecompressionStream('deflate'));
  digits = unpack(new Uint8Array(await new Response(stream).arrayBuffer()));
}

function theory(settings: Settings, model: Model, meanSquare: number): Theory | null {
  const weightVariance = variances(settings, model);
  if (!weightVariance.every((v) => v > 0 && v < Infinity)) return null;
  const widths = [PIXELS, ...shapes(settings).map(([, outputs]) => outputs)];
  const biasVariance = settings.initialiser === 'default' ? 1 / (3 * settings.width) : 0;
  return diagnose.theory({ widths, activation: settings.activation, weightVariance, biasVariance, meanSquare });
}

/** The standard deviation of f(√q z), z standard normal: sums over a fine grid, exact enough for the page. */
function stdOf(f: (x: Float32Array) => Float32Array, q: number): number {
  const z = Float64Array.from({ length: 2001 }, (_, i) => (i - 1000) / 125);
  const mass = z.map((v) => Math.exp((-v * v) / 2) / Math.sqrt(2 * Math.PI) / 125);
  const y = f(Float32Array.from(z, (v) => v * Math.sqrt(q)));
  const mean = y.reduce((sum, v, i) => sum + mass[i] * v, 0);
  return Math.sqrt(y.reduce((sum, v, i) => sum + mass[i] * (v - mean) ** 2, 0));
}

/** Makes the network of the settings, and measures it before any training. */
function inspect(settings: Settings): Inspection {
  stop();
  const { x, labels } = probed();
  current = { ...build(settings, x), settings };
  const { model } = current;
  const probe = diagnose.probe(model, { x, labels }, { lr: settings.lr, trial: false });
  const expected = theory(settings, model, probe.input.meanSquare);
  const f = activation[settings.activation] as typeof activation.tanh;
  return {
    settings,
    probe,
    theory: expected,
    stds: expected?.layers.map(({ preactivation: q }, i, { length }) =>
      i === length - 1 ? Math.sqrt(q) : stdOf((x) => f.forward(x), q),
    ),
    fingerprint: fingerprint(model),
    parameters: Object.values(model.parameters).reduce((sum, { data }) => sum + data.length, 0),
    gain: gain(settings.activation),
  };
}

/** Trains the network that was inspected last. Returns false if it was stopped before its end. */
async function train(report: (live: Live) => void): Promise<boolean> {
  stop();
  const { model, rng, settings } = current;
  const own: NonNullable<typeof training> = { stopped: false };
  training = own;
  const optimizer = nn.sgd({ lr: settings.lr, momentum: 0.9 });
  const { epochs } = settings;
  const last = (epochs * counts.train) / 100 - 1;
  let losses: number[] = [];
  let reported = 0;
  const options = { epochs, batchSize: 100, optimizer, rng, probe: { every: EVERY } };
  for await (const { step, loss, probe } of nn.fit(model, digits.train, options)) {
    if (own.stopped) return false;
    losses.push(loss);
    const measured = step % EVERY === EVERY - 1 || step === last;
    if (probe || measured || performance.now() - reported > 50) {
      const accuracy = measured ? nn.evaluate(model, digits.test).accuracy : undefined;
      report({
        step: step + 1,
        losses,
        accuracy,
        layers: probe?.layers,
        fingerprint: step === last ? fingerprint(model) : undefined,
      });
      losses = [];
      reported = performance.now();
    }
    await own.paused;
  }
  return !own.stopped;
}

function pause(): void {
  if (!training || training.paused) return;
  training.paused = new Promise((resolve) => {
    training!.resume = resolve;
  });
}

function resume(): void {
  const was = training;
  was?.resume?.();
  if (was) was.paused = undefined;
}

function stop(): void {
  if (training) training.stopped = true;
  resume();
  training = undefined;
}

/** The probability of each of the ten digits, by the network as it is now. */
function recognise(x: Float32Array): number[] {
  return Array.from(softmax.forward(current.model.forward(x), { columns: 10 }));
}

const testDigit = (i: number) => ({
  x: digits.test.x.slice(i * PIXELS, (i + 1) * PIXELS),
  label: digits.test.labels[i],
});

export const lab = { load, inspect, train, pause, resume, stop, recognise, testDigit };
expose(lab);
