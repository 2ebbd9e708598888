"""Activations in multi-precision: f(x) and f'(x) to 17 digits at float32 inputs of every size, f' as a numerical
derivative with 160 digits. Beside them what PyTorch's float32 gives there and at kinks, zeros, NaN and infinities.
Writes activation.json.

    apt-get install python3-torch python3-mpmath && python3 test/vectors/activation.py
"""
import json, pathlib, random, struct
import torch
from torch.nn import functional as F
import mpmath as mp
from mpmath import mpf, exp, log1p, expm1, tanh, erf, sqrt, ncdf, npdf

mp.mp.dps = 160
f32 = lambda x: struct.unpack('f', struct.pack('f', x))[0]
sig = lambda x: 1 / (1 + exp(-x))
sp = lambda x: max(x, 0) + log1p(exp(-abs(x)))
ALPHA, LAMBDA = mpf(1.6732632423543772), mpf(1.0507009873554805)
clip = lambda x, a, b: min(max(x, a), b)
r = lambda v: mpf(f32(v))  # parameters as the kernels have them
u = lambda x: sqrt(2 / mp.pi) * (x + mpf('0.044715') * x ** 3)

# name, parameters, the function, PyTorch's, kinks
TABLE = [
    ('relu', {}, lambda x: max(x, 0), F.relu, [0]),
    ('leakyRelu', {}, lambda x: x if x > 0 else r(.01) * x, F.leaky_relu, [0]),
    ('leakyRelu', {'slope': .2}, lambda x: x if x > 0 else r(.2) * x, lambda x: F.leaky_relu(x, .2), [0]),
    ('relu6', {}, lambda x: clip(x, 0, 6), F.relu6, [0, 6]),
    ('hardtanh', {}, lambda x: clip(x, -1, 1), F.hardtanh, [-1, 1]),
    ('hardtanh', {'low': -2, 'high': .5}, lambda x: clip(x, -2, r(.5)), lambda x: F.hardtanh(x, -2, .5), [-2, .5]),
    ('elu', {}, lambda x: x if x > 0 else expm1(x), F.elu, [0]),
    ('elu', {'alpha': 1.7}, lambda x: x if x > 0 else r(1.7) * expm1(x), lambda x: F.elu(x, 1.7), [0]),
    ('celu', {}, lambda x: x if x > 0 else expm1(x), F.celu, [0]),
    ('celu', {'alpha': 1.7}, lambda x: x if x > 0 else r(1.7) * expm1(x / r(1.7)), lambda x: F.celu(x, 1.7), [0]),
    ('selu', {}, lambda x: LAMBDA * (x if x > 0 else ALPHA * expm1(x)), F.selu, [0]),
    ('softshrink', {}, lambda x: x - clip(x, -.5, .5), F.softshrink, [-.5, .5]),
    ('softshrink', {'lambda': .7}, lambda x: x - clip(x, -r(.7), r(.7)), lambda x: F.softshrink(x, .7), []),
    ('hardshrink', {}, lambda x: x if abs(x) > .5 else mpf(0), F.hardshrink, [-.5, .5]),
    ('threshold', {'threshold': .15, 'value': -3}, lambda x: x if x > r(.15) else mpf(-3), lambda x: F.threshold(x, .15, -3), []),
    ('sigmoid', {}, sig, torch.sigmoid, []),
    ('tanh', {}, tanh, torch.tanh, []),
    ('hardSigmoid', {}, lambda x: clip(x + 3, 0, 6) / 6, F.hardsigmoid, [-3, 3]),
    ('hardSigmoid', {'slope': .2}, lambda x: clip(r(.2) * x + mpf(.5), 0, 1), None, []),  # TensorFlow.js' and Keras 2's
    ('hardSigmoid', {'slope': .3, 'shift': -.7}, lambda x: clip(r(.3) * x + r(-.7), 0, 1), None, []),
    ('softplus', {}, lambda x: x if x > 20 else sp(x), F.softplus, []),
    ('softplus', {'beta': 2.5, 'threshold': 30}, lambda x: x if x > 12 else sp(r(2.5) * x) / r(2.5), lambda x: F.softplus(x, 2.5, 30), []),
    ('logSigmoid', {}, lambda x: -sp(-x), F.logsigmoid, []),
    ('softsign', {}, lambda x: x / (1 + abs(x)), F.softsign, []),
    ('squareplus', {}, lambda x: (x + sqrt(x * x + 4)) / 2, None, []),  # not in PyTorch
    ('tanhshrink', {}, lambda x: x - tanh(x), F.tanhshrink, []),
    ('gelu', {}, lambda x: x * ncdf(x), F.gelu, []),
    ('gelu', {'approximate': 'tanh'}, lambda x: x * sig(2 * u(x)), lambda x: F.gelu(x, approximate='tanh'), []),
    ('silu', {}, lambda x: x * sig(x), F.silu, []),
    ('mish', {}, lambda x: x * tanh(sp(x)), F.mish, []),
    ('hardSwish', {}, lambda x: x * clip(x + 3, 0, 6) / 6, F.hardswish, [-3, 3]),
]
random.seed(1)
SIZES = [1e-45, 1e-39, 1e-30, 1e-12, 1e-7, 1e-5, 1e-3, .01, .03, .1, .2, .31, .45, .6, .77, 1.1, 1.4, 1.9, 2.3, 2.9, 3.7, 4.4, 5.2, 6.6, 7.9, 9.1, 12.3, 14.2, 17.6, 23, 31, 47, 66, 87.3, 88.9, 95, 103, 200, 1e4, 1e12, 3e37]
X = [f32(s * v) for v in SIZES for s in (1, -1)] + [f32(random.gauss(0, 3)) for _ in range(38)]
SPECIAL = [0.0, -0.0, float('nan'), float('inf'), float('-inf')]

def derivative(f, x):
    h = mpf(10) ** -30 * abs(x)
    return (f(x + h) - f(x - h)) / (2 * h)

def smooth(name, parameters, f):
    """Where softplus becomes x its slope goes on: the threshold saves work and changes no binary32."""
    beta = r(parameters.get('beta', 1))
    return (lambda x: sp(beta * x) / beta) if name == 'softplus' else f

def text(v):
    v = float(v)
    return v if v == v and abs(v) != float('inf') else str(v)

def with_grad(f, xs):
    x = torch.tensor(xs, dtype=torch.float32, requires_grad=True)
    y = f(x)
    y.sum().backward()
    return y.tolist(), x.grad.tolist()

cases = []
for name, parameters, f, g, kinks in TABLE:
    points = [mpf(x) for x in X]
    y, dx = with_grad(g, X) if g else ([], [])
    special = SPECIAL + [float(k) for k in kinks] if g else []
    sy, sdx = with_grad(g, special) if g else ([], [])
    cases.append({
        'name': name, 'options': parameters,
        'y': [float(f(x)) for x in points], 'slope': [float(derivative(smooth(name, parameters, f), x)) for x in points],
        'torch': {'y': [*map(text, y)], 'dx': [*map(text, dx)]},
        'special': [[text(a), text(b), text(c)] for a, b, c in zip(special, sy, sdx)],
    })
path = pathlib.Path(__file__).parent / 'activation.json'
path.write_text(json.dumps({'torch': torch.__version__, 'x': X, 'cases': cases}, separators=(',', ':')).replace('{"name"', '\n{"name"') + '\n')
print(path.stat().st_size)
