"""Golden vectors of PyTorch's CPU generator and initialisers, in float32: for each case the FNV-1a hash of
the little-endian bytes (orthogonal and trunc_normal_ before 2.12: values). Writes torch-<version>.json. (torch-2.14.1.json, of the same
form, holds the two that changed since 1.13, uniform_ and trunc_normal_, at lengths and seeds of its own: it was made
by the same calls where PyTorch 2.14.1 was at hand, which Debian does not have.)

    apt-get install python3-torch && python3 test/vectors/golden.py
"""
import json, pathlib
import torch
from torch import nn

SEEDS = [0, 1, 42, -1, -2**63, 2**32, 2**32 + 5, 2**63, 2**64 - 1, 123456789012345]
LENGTHS = [*range(0, 41), 1000, 1003]
UNIFORM = [(0, 1), (-0.05, 0.05), (2, 3), (-1e-3, 5), (100000, 100000.5)]
NORMAL = [(0, 1), (3, 0.02), (-1, 10)]
TRUNCATED = [(0, 1, -2, 2), (0, 0.02, -2, 2), (0.1, 0.05, 0, 0.15), (0, 1, 2, 4), (0, 1, -4, -1.5)]

def fnv(tensor):
    h = 2166136261
    for byte in tensor.contiguous().numpy().tobytes(): h = ((h ^ byte) * 16777619) & 0xffffffff
    return h

def seeded(seed):
    torch.manual_seed(seed if seed < 2**63 else seed - 2**64)

def case(tensor, **given):
    return {**given, 'hash': fnv(tensor)}

def draw(op, n, args):
    if op == 'uniform': return torch.empty(n).uniform_(*args)
    if op == 'normal': return torch.empty(n).normal_(*args)
    if op == 'permutation': return torch.randperm(n).int()
    raise ValueError(op)

draws, sessions, inits, orders, truncated = [], [], [], [], []
for seed in SEEDS:
    for op, variants in (('uniform', UNIFORM), ('normal', NORMAL), ('permutation', [()])):
        for i, args in enumerate(variants):
            for n in LENGTHS if i == 0 else [1, 7, 15, 16, 17, 33, 1003]:
                seeded(seed)
                draws.append(case(draw(op, n, args), seed=str(seed), op=op, n=n, args=args))
    # One generator through many calls: short normals leave one cached, which survives everything but seeding.
    seeded(seed)
    steps = []
    for n in LENGTHS:
        for op in ('normal', 'uniform', 'permutation', 'normal'):
            steps.append(case(draw(op, n, ()), op=op, n=n, args=()))
    sessions.append({'seed': str(seed), 'steps': steps})
    seeded(seed)
    loader = torch.utils.data.DataLoader(torch.arange(97), batch_size=97, shuffle=True)
    orders.append({'seed': str(seed), 'n': 97, 'epochs': [case(next(iter(loader)).int()) for _ in range(3)]})

SHAPES = [(5, 7), (7, 5), (4, 3, 3, 3), (100, 784)]
for seed in (0, 42, 2**32 + 5):
    for shape in SHAPES:
        def initialised(name, f, **args):
            seeded(seed)
            inits.append(case(f(torch.empty(shape)), seed=str(seed), name=name, shape=shape, args=args))
        i = nn.init
        initialised('xavierUniform', lambda t: i.xavier_uniform_(t, 5 / 3), gain=5 / 3)
        initialised('xavierNormal', i.xavier_normal_)
        initialised('kaimingUniform', i.kaiming_uniform_)
        initialised('kaimingNormal', i.kaiming_normal_)
        initialised('kaimingUniform', lambda t: i.kaiming_uniform_(t, 0.2, 'fan_out'), slope=0.2, mode='fanOut', nonlinearity='leakyRelu')
        initialised('kaimingNormal', lambda t: i.kaiming_normal_(t, 0, 'fan_out', 'tanh'), mode='fanOut', nonlinearity='tanh')
        if len(shape) == 2: initialised('sparse', lambda t: i.sparse_(t, 0.3), sparsity=0.3)
        seeded(seed)
        layer = nn.Linear(shape[1], shape[0]) if len(shape) == 2 else nn.Conv2d(shape[1], shape[0], shape[2:])
        inits.append(case(layer.weight.detach(), seed=str(seed), name='torchLinear.weight', shape=shape, args={}))
        inits.append(case(layer.bias.detach(), seed=str(seed), name='torchLinear.bias', shape=shape, args={}))

orthogonal = []
for shape in [(3, 3), (5, 7), (7, 5), (1, 4), (4, 1), (4, 3, 3, 3), (64, 64)]:
    seeded(42)
    orthogonal.append({'seed': '42', 'shape': shape, 'gain': 5 / 3, 'values': nn.init.orthogonal_(torch.empty(shape), 5 / 3).flatten()[:64].tolist()})

exact = tuple(int(part) for part in torch.__version__.split('.')[:2]) >= (2, 12)
for seed in (0, 42, -1):
    for args in TRUNCATED:
        for n in (1, 16, 17, 1000):
            seeded(seed)
            t = nn.init.trunc_normal_(torch.empty(n), *args)
            given = {'seed': str(seed), 'n': n, 'args': args}
            truncated.append(case(t, **given) if exact else {**given, 'values': t[:32].tolist()})

out = {'torch': torch.__version__, 'draws': draws, 'sessions': sessions, 'orders': orders, 'inits': inits, 'orthogonal': orthogonal, 'truncated': truncated}
path = pathlib.Path(__file__).parent / f'torch-{torch.__version__.split("+")[0]}.json'
path.write_text(json.dumps(out, separators=(',', ':')).replace('},{', '},\n{') + '\n')
print(path, path.stat().st_size)
