// Claims about variances, slopes and gradients: of single layers and of random networks. The theory is that of
// Glorot and Bengio (2010), He et al. (2015), Schoenholz et al. (2017) and Lu et al. (2020).

import { activation, init, nn, random, type tensor } from 'fanwise';
import { type Claim, near, percent, short, square } from './claim.js';
import { average, gaussian, propagate, reach } from './depth.js';
import { first } from './mnist.js';

export const signals: Claim[] = [
  {
    id: '2',
    claim: 'Inputs of too large a variance make the gradient of sigmoid and tanh 0, of too small a variance constant.',
    how: 'The mean slope over a million normals of variance 784, and the slope’s coefficient of variation at variance 1e-4.',
    verdict: 'holds with a correction',
    correction:
      'It holds for the slope of one unit: E tanh′ goes as sqrt(2 / (pi q)), E sigmoid′ as 1 / sqrt(2 pi q). But a deep network of saturating weights explodes (claim 5), since weights that large outweigh the small slopes.',
    measure({ quick }) {
      const n = quick ? 100_000 : 1_000_000;
      const slopes = (name: 'tanh' | 'sigmoid', q: number) => {
        const y = activation[name].forward(random.philox(1).normal(n, { std: Math.sqrt(q) }));
        return activation[name].backward({ y, dy: new Float32Array(n).fill(1) });
      };
      const mean = (x: Float32Array) => x.reduce((a, b) => a + b, 0) / n;
      const [tanh, sigmoid] = [mean(slopes('tanh', 784)), mean(slopes('sigmoid', 784))];
      const flat = slopes('tanh', 1e-4);
      const level = mean(flat);
      const spread = Math.sqrt(mean(flat.map((v) => (v - level) ** 2))) / level;
      // 5 standard errors: a slope is near 0 or 1, so its variance is about its mean.
      const error = (p: number) => 5 * Math.sqrt(p / n);
      return {
        expected: 'mean slope 0.028481 (tanh), 0.014218 (sigmoid); variation 1.41e-4',
        measured: `${tanh.toFixed(5)}, ${sigmoid.toFixed(5)}; ${short(spread)}`,
        agrees:
          Math.abs(tanh - 0.028481) < error(tanh) &&
          Math.abs(sigmoid - 0.014218) < error(sigmoid) &&
          near(spread, 1.41e-4, 0.05),
      };
    },
  },
  {
    id: '3',
    claim: 'With weights from one normal, the variance of a unit’s sum grows with the number of its inputs.',
    how: 'Var(y) for 16 to 4096 standard normal inputs, weights N(0, 0.1²), 4096 sums each; the slope in log-log.',
    verdict: 'holds',
    measure() {
      const sizes = [16, 64, 256, 1024, 4096];
      const variances = sizes.map((n) => {
        const layer = nn.linear(n, 64, { seed: n, bias: false });
        random.philox(n).fork('weight').normal({ out: layer.weight.data, std: 0.1 });
        return square(nn.sequential([layer]).forward(random.philox(n).normal(64 * n)));
      });
      const logs = sizes.map((n, i) => [Math.log(n), Math.log(variances[i])]);
      const [mx, my] = [0, 1].map((k) => logs.reduce((sum, p) => sum + p[k], 0) / logs.length);
      const slope =
        logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
      return {
        expected: 'slope 1; n sigma² = 0.16 at 16, 40.96 at 4096',
        measured: `slope ${slope.toFixed(3)}; ${variances[0].toFixed(3)}, ${variances[4].toFixed(2)}`,
        agrees: Math.abs(slope - 1) < 0.03,
      };
    },
  },
  {
    id: '4',
    claim: 'LeCun initialisation keeps Var(y) = Var(x).',
    how: 'Ten linear layers of 512, mean square of the last over that of the input, mean of several networks.',
    verdict: 'holds with a correction',
    correction:
      'What is kept is the mean square, not the variance: raw MNIST has variance 0.0949 but mean square 0.1120 over its training digits. PyTorch’s default is not LeCun’s: see claim 10.',
    measure({ quick }) {
      const { mean, error } = average(quick ? 8 : 40, (rng) => {
        let x = rng.fork('x').normal(16 * 512);
        const start = square(x);
        for (let l = 0; l < 10; l++) {
          const layer = nn.linear(512, 512, { seed: 0, bias: false });
          init.lecunNormal(layer.weight, { rng: rng.fork(l) });
          x = nn.sequential([layer]).forward(x);
        }
        return square(x) / start;
      });
      return {
        expected: 'ratio 1 within 3 standard errors',
        measured: `${mean.toFixed(3)} ± ${error.toFixed(3)}`,
        agrees: Math.abs(mean - 1) < 3 * error,
      };
    },
  },
  {
    id: '5',
    claim: 'Xavier initialisation keeps the signal of tanh and sigmoid alive.',
    how: 'Random tanh networks of width 256: the pre-activation’s mean square q and the gradient’s, N(0, 1/n) over 50 layers, N(0, 0.01²) over 10, N(0, 1) over 20.',
    verdict: 'holds with a correction',
    correction:
      'For tanh N(0, 1/n) is just critical: signals shrink slowly, as 1/(2 l). Weights of variance 1 saturate the units and still explode the gradient; small ones make it vanish. For sigmoid it does not hold in depth: claim 8.',
    measure({ quick }) {
      const networks = quick ? 2 : 6;
      const many = (layers: number, scaled: number, pick: (s: ReturnType<typeof propagate>) => number) =>
        average(networks, (rng) => pick(propagate('tanh', layers, 256, gaussian(scaled), rng))).mean;
      const q10 = many(10, 1, (s) => s.q[9]);
      const critical = many(50, 1, (s) => s.gradient[0] / s.gradient[49]);
      const small = many(10, 256 * 1e-4, (s) => s.q[9]);
      const exploded = many(20, 256, (s) => Math.log10(s.gradient[0] / s.gradient[19]));
      const saturated = many(20, 256, (s) => s.saturated[10]);
      return {
        expected:
          'N(0, 1/n): q10 = 0.0580, gradient ratio over 50 layers 0.0146; N(0, 0.01²): q10 = 1.15e-16; N(0, 1): 10^17.9, 86.5 % of the units beyond 0.99',
        measured: `${q10.toFixed(4)}, ${critical.toFixed(4)}; ${short(small)}; 10^${exploded.toFixed(1)}, ${percent(100 * saturated)}`,
        agrees:
          near(q10, 0.058, 0.1) &&
          near(critical, 0.0146, quick ? 0.6 : 0.35) &&
          near(small, 1.15e-16, 0.25) &&
          Math.abs(exploded - 17.9) < 1 &&
          near(saturated, 0.865, 0.02),
      };
    },
  },
  {
    id: '6',
    claim: 'He initialisation keeps the signal of ReLU alive, Xavier halves it.',
    how: 'Random ReLU networks of width 256 and depth 30: q of the last layer over that of the first, and the gradients’ ratio.',
    verdict: 'holds with a correction',
    correction:
      'What He keeps is the pre-activation’s second moment. The activation’s own variance is 0.34 q, its mean 0.40 sqrt(q). And at finite width it fluctuates: the variance of the ratio is (1 + 5/n)^30 - 1 = 0.79 here.',
    measure({ quick }) {
      const networks = quick ? 6 : 24;
      const relu = (scaled: number) => (rng: Parameters<Parameters<typeof average>[1]>[0]) =>
        propagate('relu', 30, 256, gaussian(scaled), rng, 8);
      const he = average(networks, (rng) => {
        const { q } = relu(2)(rng);
        return q[29] / q[0];
      });
      const back = average(networks, (rng) => {
        const { gradient } = relu(2)(rng);
        return gradient[0] / gradient[29];
      });
      const xavier = average(networks, (rng) => {
        const { q } = relu(1)(rng);
        return q[29] / q[0];
      });
      const expected = 2 ** -29;
      return {
        expected: `He: 1 and 1; variance 1/n: ${short(expected)} (halved in each of 29 steps); within 4 standard errors`,
        measured: `${he.mean.toFixed(2)} ± ${he.error.toFixed(2)} and ${back.mean.toFixed(2)} ± ${back.error.toFixed(2)}; ${short(xavier.mean)} ± ${short(xavier.error)}`,
        agrees:
          Math.abs(he.mean - 1) < 4 * he.error &&
          Math.abs(back.mean - 1) < 4 * back.error &&
          Math.abs(xavier.mean - expected) < 4 * xavier.error,
      };
    },
  },
  {
    id: '7',
    claim: 'ReLU units die; leaky ReLU’s do not.',
    how: 'One input through L layers of N units, symmetric weights, no biases: the share of networks whose output is 0.',
    verdict: 'holds with a correction',
    correction:
      'For one input the share is exactly 1 - (1 - 2^-N)^L. A unit that is off for one input is not dead: dead is off for all the data.',
    measure({ quick }) {
      const networks = quick ? 1000 : 5000;
      const rng = random.philox(7);
      const rows = [
        [4, 20, 0.72494],
        [8, 50, 0.17774],
        [2, 10, 0.94369],
      ].map(([width, layers, expected]) => {
        let dead = 0;
        let leaky = 0;
        for (let i = 0; i < networks; i++) {
          const weights = rng.normal(layers * width * width);
          if (reach('relu', width, layers, weights) < layers) dead++;
          if (i < networks / 10 && reach('leakyRelu', width, layers, weights) < layers) leaky++;
        }
        return {
          share: dead / networks,
          leaky,
          expected,
          error: 4 * Math.sqrt((expected * (1 - expected)) / networks),
        };
      });
      return {
        expected: 'N = 4, L = 20: 0.725; N = 8, L = 50: 0.178; N = 2, L = 10: 0.944; leaky ReLU: none',
        measured: `${rows.map(({ share }) => share.toFixed(3)).join('; ')}; leaky ReLU: ${rows.reduce((sum, { leaky }) => sum + leaky, 0)}`,
        agrees: rows.every(({ share, expected, error, leaky }) => Math.abs(share - expected) < error && leaky === 0),
      };
    },
  },
  {
    id: '8',
    claim: 'Sigmoid’s gradient vanishes, Xavier or not.',
    how: 'Random sigmoid networks of width 256 from N(0, 1/n), 10 layers: by how much the gradient’s mean square shrinks a layer.',
    verdict: 'holds',
    measure({ quick }) {
      const { mean } = average(quick ? 2 : 6, (rng) => {
        const { gradient } = propagate('sigmoid', 10, 256, gaussian(1), rng);
        return (gradient[2] / gradient[9]) ** (1 / 7);
      });
      return {
        expected: '0.0557 a layer: 3e-13 over ten',
        measured: `${mean.toFixed(4)} a layer: ${short(mean ** 10)} over ten`,
        agrees: near(mean, 0.0557, 0.05),
      };
    },
  },
  {
    id: '10',
    claim: 'PyTorch uses LeCun initialisation by default.',
    how: 'n Var(w) of torchLinear, the default of nn.Linear, beside lecunNormal, xavierNormal and kaimingNormal, 784 inputs, 100 outputs.',
    verdict: 'does not hold',
    correction:
      'PyTorch’s default is uniform on ±1/sqrt(n): a third of LeCun’s variance. And Xavier’s variance is 2 / (nIn + nOut), not the article’s 1 / (nIn + nOut).',
    measure() {
      const rng = random.philox(10);
      const scaled = (values: Float32Array) => 784 * square(values);
      const [torch, lecun, xavier, he] = [
        scaled(init.torchLinear([100, 784], { rng }).weight),
        scaled(init.lecunNormal([100, 784], { rng })),
        scaled(init.xavierNormal([100, 784], { rng })),
        scaled(init.kaimingNormal([100, 784], { rng })),
      ];
      return {
        expected: 'default 0.333; LeCun 1; Xavier 1.774; He 2',
        measured: `${torch.toFixed(3)}; ${lecun.toFixed(3)}; ${xavier.toFixed(3)}; ${he.toFixed(3)}`,
        agrees: near(torch, 1 / 3, 0.03) && near(lecun, 1, 0.03) && near(xavier, 1568 / 884, 0.03) && near(he, 2, 0.03),
      };
    },
  },
  {
    id: '11',
    claim: 'The gradient of leaky ReLU is 0 or 1.',
    how: 'The distinct slopes of leakyRelu (slope 0.01) over 100,000 normals.',
    verdict: 'does not hold',
    correction: 'It is the slope or 1: that is what keeps its units from dying.',
    measure() {
      const y = activation.leakyRelu.forward(random.philox(11).normal(100_000));
      const slopes = [...new Set(activation.leakyRelu.backward({ y, dy: new Float32Array(y.length).fill(1) }))].sort();
      return {
        expected: '0.01 and 1',
        measured: slopes.map(short).join(' and '),
        agrees: slopes.length === 2 && slopes[0] === Math.fround(0.01) && slopes[1] === 1,
      };
    },
  },
  {
    id: '12',
    claim: 'Random weights should be small numbers; a standard normal gives such.',
    how: 'The first layer’s pre-activations on 1,000 digits: their standard deviation and the share of tanh units beyond 0.99.',
    verdict: 'does not hold',
    correction: 'With 784 inputs a standard normal is large: most units saturate before the first step.',
    measure({ data }) {
      const rows = first(data.train, 1000);
      const layer = (fill: (weight: ReturnType<typeof tensor>) => void) => {
        const linear = nn.linear(784, 100, { seed: 0, bias: false });
        fill(linear.weight);
        const h = nn.sequential([linear]).forward(rows.x);
        const y = activation.tanh.forward(h);
        return { std: Math.sqrt(square(h)), saturated: (100 * y.filter((v) => Math.abs(v) > 0.99).length) / y.length };
      };
      const [unit, lecun] = [
        layer((w) => void init.normal(w, { seed: 12 })),
        layer((w) => void init.lecunNormal(w, { seed: 12 })),
      ];
      return {
        expected: 'N(0, 1): standard deviation about 9.4, 77 %; LeCun: about 0.33, 0 %',
        measured: `${unit.std.toFixed(2)}, ${percent(unit.saturated)}; ${lecun.std.toFixed(3)}, ${percent(lecun.saturated)}`,
        agrees:
          near(unit.std, 9.39, 0.1) &&
          near(unit.saturated, 76.8, 0.05) &&
          near(lecun.std, 0.335, 0.1) &&
          lecun.saturated === 0,
      };
    },
  },
];
