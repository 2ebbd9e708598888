"""Softmax and its kin over every axis, gated halves, prelu, losses with all their options, clipping, eye and
dirac, by PyTorch in float64 on float32 inputs. Writes functional.json.

    apt-get install python3-torch && python3 test/vectors/functional.py
"""
import json, math, pathlib
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(7)
flat = lambda t: [float(f'{v:.9g}') for v in t.detach().flatten().tolist()]
single = lambda *shape, scale=1: (torch.randn(shape) * scale).float().double()

def graded(f, *inputs, up=None):
    """f of the inputs, and the gradients by them from `up` (or 1)."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    y = f(*leaves)
    (y * (1 if up is None else up)).sum().backward()
    return flat(y), [flat(x.grad) for x in leaves]

axes, SHAPES = [], [(3, 5), (2, 4, 6), (2, 3, 4, 2), (1, 1), (6,)]
for shape in SHAPES:
    x = single(*shape, scale=4)
    for axis in range(-len(shape), len(shape)):
        for name, f in {'softmax': F.softmax, 'log': F.log_softmax, 'logSumExp': torch.logsumexp}.items():
            g = lambda t: f(t, axis)
            up = single(*g(x).shape)
            y, (dx,) = graded(g, x, up=up)
            axes.append({'name': name, 'shape': shape, 'axis': axis, 'x': flat(x), 'dy': flat(up), 'y': y, 'dx': dx})
        if shape[axis] % 2 == 0:
            for name, h in {'glu': torch.sigmoid, 'swiglu': F.silu, 'geglu': F.gelu}.items():
                g = lambda t: t.chunk(2, axis)[0] * h(t.chunk(2, axis)[1])
                if name == 'glu': assert torch.allclose(g(x), F.glu(x, axis))
                up = single(*g(x).shape)
                y, (dx,) = graded(g, x, up=up)
                axes.append({'name': name, 'shape': shape, 'axis': axis, 'x': flat(x), 'dy': flat(up), 'y': y, 'dx': dx})

prelu = []
for shape, channels in [((3, 4), 4), ((3, 4, 5), 4), ((2, 3, 4, 2), 3), ((7, 5), 1)]:
    x, w, up = single(*shape), single(channels), single(*shape)
    y, (dx, dw) = graded(F.prelu, x, w, up=up)
    prelu.append({'shape': shape, 'slopes': flat(w), 'x': flat(x), 'dy': flat(up), 'y': y, 'dx': dx, 'dslopes': dw})

cross = []
weights = torch.tensor([.5, 2, 0, 1, 3]).double()
for smoothing in (0, .1, 1):
    for w in (None, weights):
        for ignored in (None, -100, 2):
            for reduction in ('mean', 'sum', 'none'):
                z = single(6, 5, scale=3)
                labels = torch.tensor([0, 3, 2 if ignored in (None, 2) else ignored, 4, 1, 3])
                f = lambda t: F.cross_entropy(t, labels, w, ignore_index=-1000 if ignored is None else ignored, reduction=reduction, label_smoothing=smoothing)
                up = single(6) if reduction == 'none' else None
                y, (dz,) = graded(f, z, up=up)
                options = {'labelSmoothing': smoothing, 'reduction': reduction}
                if w is not None: options['weights'] = flat(w)
                if ignored is not None: options['ignoreIndex'] = ignored
                cross.append({'options': options, 'logits': flat(z), 'labels': labels.tolist(), 'dy': flat(up) if up is not None else None, 'y': y, 'dx': dz})

pointwise = []
for name, key, f in [
    ('meanSquaredError', None, lambda x, t, k, r: F.mse_loss(x, t, reduction=r)),
    ('huber', 'delta', lambda x, t, k, r: F.huber_loss(x, t, reduction=r, delta=k)),
    ('binaryCrossEntropy', 'positiveWeight', lambda x, t, k, r: F.binary_cross_entropy_with_logits(x, t, reduction=r, pos_weight=torch.tensor(k).double())),
    ('meanAbsoluteError', None, lambda x, t, k, r: F.l1_loss(x, t, reduction=r)),
]:
    for k in (1.0, 0.25, 3.5):
        for reduction in ('mean', 'sum', 'none'):
            x, t = single(11, scale=5), torch.rand(11).float().double()
            up = single(11) if reduction == 'none' else None
            y, (dx,) = graded(lambda v: f(v, t, k, reduction), x, up=up)
            options = {'reduction': reduction, **({key: k} if key else {})}
            pointwise.append({'name': name, 'options': options, 'x': flat(x), 't': flat(t), 'dy': flat(up) if up is not None else None, 'y': y, 'dx': dx})

clip = []
for most in (0.5, 3, 100):
    p = nn.Parameter(torch.zeros(12).double())
    p.grad = ((7 * torch.arange(12).double()) % 11 - 5) / 3
    norm = float(nn.utils.clip_grad_norm_([p], most))
    clip.append({'most': most, 'norm': norm, 'gradient': p.grad.tolist()})

structured = [{'name': 'eye', 'shape': s, 'options': {}, 'values': flat(nn.init.eye_(torch.empty(s)))} for s in [(3, 3), (2, 5), (5, 2)]]
structured += [{'name': 'dirac', 'shape': s, 'options': {'groups': g}, 'values': flat(nn.init.dirac_(torch.empty(s), g))} for s, g in [((4, 3, 3), 1), ((6, 2, 5), 3), ((4, 4, 3, 4), 2), ((2, 3, 2, 3, 4), 1)]]

out = dict(torch=torch.__version__, axes=axes, prelu=prelu, crossEntropy=cross, pointwise=pointwise, clip=clip, structured=structured)
path = pathlib.Path(__file__).parent / 'functional.json'
path.write_text(json.dumps(out, separators=(',', ':')).replace('},{', '},\n{') + '\n')
print(path.stat().st_size)
