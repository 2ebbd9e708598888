"""The rows of `npm run bench -- peers` by PyTorch on one thread: milliseconds a call, medians, in report/torch.json.

    apt-get install python3-torch libopenblas0-pthread && python3 bench/torch.py
"""
import sys
sys.path.pop(0)  # this folder, in which torch is this file
import json, os, pathlib, statistics, time
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # set_num_threads does not reach OpenBLAS' own threads
import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
N = 65536
torch.manual_seed(1)
x, dy = torch.randn(N), torch.randn(N)

def median(run, seconds=0.15, rounds=5):
    for _ in range(3): run()
    times = []
    for _ in range(rounds):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            run()
            count += 1
        times.append((time.perf_counter() - start) / count * 1000)
    return statistics.median(times)

FUNCTIONS = {
    'relu': F.relu, 'leakyRelu': F.leaky_relu, 'relu6': F.relu6, 'hardtanh': F.hardtanh, 'elu': F.elu, 'celu': F.celu,
    'selu': F.selu, 'softshrink': F.softshrink, 'hardshrink': F.hardshrink, 'threshold': lambda t: F.threshold(t, 0, 0),
    'sigmoid': torch.sigmoid, 'tanh': torch.tanh, 'hardSigmoid': F.hardsigmoid, 'softplus': F.softplus,
    'logSigmoid': F.logsigmoid, 'softsign': F.softsign, 'tanhshrink': F.tanhshrink, 'gelu': F.gelu, 'silu': F.silu,
    'mish': F.mish, 'gelu tanh': lambda t: F.gelu(t, approximate='tanh'), 'hardSwish': F.hardswish,
}
milliseconds = {}
for name, f in FUNCTIONS.items():
    milliseconds[f'{name} forward'] = median(lambda: f(x))
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    milliseconds[f'{name} backward'] = median(lambda: torch.autograd.grad(y, leaf, dy, retain_graph=True))

out = torch.empty(N)
milliseconds['uniform'] = milliseconds['random.torch uniform'] = median(lambda: out.uniform_())
milliseconds['normal'] = milliseconds['random.torch normal'] = median(lambda: out.normal_())
milliseconds['truncated normal'] = median(lambda: nn.init.trunc_normal_(out))
big = torch.empty(4096, 4096)
milliseconds['He normal 4096 x 4096'] = median(lambda: nn.init.kaiming_normal_(big))
for n in (128, 512):
    q = torch.empty(n, n)
    milliseconds[f'orthogonal {n}'] = median(lambda: nn.init.orthogonal_(q))
for m, k, n in ((256, 1024, 1024), (100, 784, 100), (100, 100, 10)):
    a, b, c = torch.randn(m, k), torch.randn(n, k), torch.empty(m, n)
    milliseconds[f'matmul {m} x {k} x {n}'] = median(lambda: torch.mm(a, b.t(), out=c))

for widths, batch in (((784, 100, 10), 100), ((256, 256, 256, 10), 64)):
    layers = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layers += [nn.Linear(a, b)] + ([nn.Tanh()] if i < len(widths) - 2 else [])
    model = nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    inputs, labels = torch.rand(batch, widths[0]), torch.arange(batch) % 10
    def step():
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    milliseconds[f'training step {"-".join(map(str, widths))}, batch {batch}'] = median(step)

for name, value in milliseconds.items():
    speed = f'{N / value / 1000:9.0f} M/s' if 'x' not in name and 'step' not in name and 'orthogonal' not in name else ''
    print(f'{name:40}{value:12.4f} ms {speed}')
path = pathlib.Path('report/torch.json')
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps({'torch': torch.__version__, 'milliseconds': milliseconds}, indent=1) + '\n')
