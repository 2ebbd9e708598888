// npm run bench -- threads: the speed of two threads against one, by the number of values; in turns, by the first quartile of the
// times.

import { activation, init, nn, random, workspace } from '../../src/index.js';
import { workspace as threaded } from '../../src/threads.js';

/** The first quartile: other load on the machine only adds time. */
const firstQuartile = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 2];

async function compared(one: () => unknown, two: () => Promise<unknown>, rounds: number): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let i = -2; i < rounds; i++) {
    for (const [k, run] of [one, two].entries()) {
      const since = performance.now();
      await run();
      if (i >= 0) times[k].push(performance.now() - since);
    }
  }
  return [firstQuartile(times[0]), firstQuartile(times[1])];
}

export async function threads(): Promise<void> {
  const most = 1 << 24;
  const two = await threaded({ bytes: 8 * most + (1 << 25), threads: 2 });
  const one = workspace({ bytes: 8 * most });
  const [x, y] = [two.float32(most), two.float32(most)];
  const [a, b] = [one.float32(most), one.float32(most)];
  console.log(
    `${'two threads'.padEnd(34)}${'values'.padStart(12)}${'one, ms'.padStart(12)}${'two, ms'.padStart(12)}${'gain'.padStart(10)}`,
  );
  const print = (name: string, n: number, [alone, both]: [number, number]) =>
    console.log(
      `${name.padEnd(34)}${String(n).padStart(12)}${alone.toFixed(3).padStart(12)}${both.toFixed(3).padStart(12)}${`${(alone / both).toFixed(2)} x`.padStart(10)}`,
    );
  for (let n = 1 << 14; n <= most; n <<= 2) {
    const [xs, ys, as, bs] = [x, y, a, b].map((array) => array.subarray(0, n));
    const rounds = Math.max(5, Math.min(200, (1 << 22) / n));
    const run = (one: () => unknown, two: () => Promise<unknown>) => compared(one, two, rounds);
    print(
      'tanh forward',
      n,
      await run(
        () => activation.tanh.forward(as, { out: bs }),
        () => two.activation.tanh.forward(xs, { out: ys }),
      ),
    );
    print(
      'relu forward',
      n,
      await run(
        () => activation.relu.forward(as, { out: bs }),
        () => two.activation.relu.forward(xs, { out: ys }),
      ),
    );
    print(
      'normal',
      n,
      await run(
        () => random.philox(1).normal({ out: as }),
        () => two.draw('normal', { seed: 1, out: xs }),
      ),
    );
    const shape = [Math.sqrt(n), Math.sqrt(n)];
    print(
      'kaimingNormal',
      n,
      await run(
        () => init.kaimingNormal(shape, { seed: 1, out: as }),
        () => two.init('kaimingNormal', shape, { seed: 1, out: xs }),
      ),
    );
  }
  for (const n of [128, 256, 512, 1024]) {
    const model = nn.sequential([nn.linear(n, n, { seed: 1, bias: false })]);
    const [rows, outputs] = [x.subarray(0, n * n), y.subarray(0, n * n)];
    const own = random.philox(1).normal(n * n);
    rows.set(own);
    print(
      `product of ${n}`,
      n * n,
      await compared(
        () => model.forward(own),
        () => two.forward(model, rows, { out: outputs }),
        n < 512 ? 50 : 9,
      ),
    );
  }
  // A step of training; its products are the rows times the parameters.
  for (const [widths, batch, steps] of [
    [[64, 64, 10], 100, 1000],
    [[128, 128, 10], 64, 1000],
    [[784, 100, 10], 32, 1000],
    [[784, 100, 10], 100, 400],
    [[784, 100, 10], 256, 200],
    [[784, 256, 256, 10], 128, 100],
    [[1024, 1024, 1024, 10], 256, 10],
  ] as const) {
    const rows = batch * steps;
    const data = {
      x: random.philox(1).normal(rows * widths[0]),
      labels: Uint8Array.from({ length: rows }, (_, i) => (i * 7) % 10),
    };
    const step = async (fit: typeof nn.fit) => {
      const pairs = widths.slice(1).map((outputs, i) => [widths[i], outputs] as const);
      const model = nn.sequential(
        pairs.map(([inputs, outputs], i) =>
          nn.linear(inputs, outputs, { seed: i, activation: i < pairs.length - 1 ? 'relu' : undefined }),
        ),
      );
      const times: number[] = [];
      let since = performance.now();
      for await (const _ of fit(model, data, { batchSize: batch, optimizer: nn.sgd({ lr: 0.01 }), seed: 1 })) {
        const now = performance.now();
        times.push(now - since);
        since = now;
      }
      return firstQuartile(times);
    };
    const [alone, both] = [await step(nn.fit), await step(two.fit)];
    const products = batch * widths.slice(1).reduce((sum, outputs, i) => sum + (widths[i] + 1) * outputs, 0);
    print(`step ${widths.join('-')}, ${batch} rows`, products, [
      Math.min(alone, await step(nn.fit)),
      Math.min(both, await step(two.fit)),
    ]);
  }
  await two.close();
}
