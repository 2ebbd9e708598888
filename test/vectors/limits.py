"""What PyTorch makes of infinities and NaN in rows of two values: softmax, its logarithm, the logarithm of the sum, and gated
units, forward, and backward from gradients that are finite, infinite and NaN. Writes limits.json.

    apt-get install python3-torch && python3 test/vectors/limits.py
"""
import itertools, json, pathlib
import torch
from torch.nn import functional as F

FUNCTIONS = {
    'softmax': lambda x: F.softmax(x, -1),
    'log': lambda x: F.log_softmax(x, -1),
    'logSumExp': lambda x: torch.logsumexp(x, -1, keepdim=True),
    'glu': lambda x: F.glu(x),
    'swiglu': lambda x: x[:1] * F.silu(x[1:]),
    'geglu': lambda x: x[:1] * F.gelu(x[1:]),
}
INF, NAN = float('inf'), float('nan')
VALUES = [-INF, -1., 0., 2., INF, NAN]


def text(v):
    return v if v == v and abs(v) != INF else str(v)


cases = []
for name, f in FUNCTIONS.items():
    for row in itertools.product(VALUES, repeat=2):
        n = f(torch.zeros(2)).numel()
        gradients = []
        for dy in itertools.product([1., INF, NAN], repeat=n):
            x = torch.tensor(row, requires_grad=True)
            y = f(x)
            y.backward(torch.tensor(dy))
            gradients.append([[*map(text, dy)], [*map(text, x.grad.tolist())]])
        cases.append([name, [*map(text, row)], [*map(text, y.tolist())], gradients])
path = pathlib.Path(__file__).parent / 'limits.json'
lines = ',\n'.join(json.dumps(case) for case in cases)
path.write_text(f'{{"torch": "{torch.__version__}", "cases": [\n{lines}\n]}}\n')
