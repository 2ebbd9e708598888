"""Twenty steps of PyTorch's optimizers in float64 (in float32 its Adam is off by up to 1.6e-4 here), from weights
w[i] = (i - 5) / 4 along gradients g[i] = ((7 i + 13 k) mod 11 - 5) / 8 at step k. Writes optimizer.json.

    apt-get install python3-torch && python3 test/vectors/optimizer.py
"""
import json, pathlib
import torch

CASES = [
    ('sgd', torch.optim.SGD, dict(lr=0.1)),
    ('sgd', torch.optim.SGD, dict(lr=0.1, weight_decay=0.01)),
    ('sgd', torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
    ('sgd', torch.optim.SGD, dict(lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1)),
    ('sgd', torch.optim.SGD, dict(lr=0.1, momentum=0.9, dampening=0.5)),
    ('sgd', torch.optim.SGD, dict(lr=0.05, momentum=0.5, dampening=1.0, weight_decay=0.1)),
    ('adam', torch.optim.Adam, dict()),
    ('adam', torch.optim.Adam, dict(lr=0.1, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    ('adamW', torch.optim.AdamW, dict()),
    ('adamW', torch.optim.AdamW, dict(lr=0.1, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.3)),
    ('rmsprop', torch.optim.RMSprop, dict()),
    ('rmsprop', torch.optim.RMSprop, dict(lr=0.05, alpha=0.9, eps=1e-6, weight_decay=0.1)),
    ('rmsprop', torch.optim.RMSprop, dict(momentum=0.9)),
    ('rmsprop', torch.optim.RMSprop, dict(centered=True)),
    ('rmsprop', torch.optim.RMSprop, dict(lr=0.05, alpha=0.9, momentum=0.5, centered=True, weight_decay=0.1)),
]
NAMES = dict(weight_decay='weightDecay', eps='epsilon')
out = []
for name, optimizer, options in CASES:
    w = torch.nn.Parameter((torch.arange(12).double() - 5) / 4)
    o = optimizer([w], **options)
    for k in range(20):
        w.grad = ((7 * torch.arange(12).double() + 13 * k) % 11 - 5) / 8
        o.step()
    given = {NAMES.get(key, key): value for key, value in options.items()}
    out.append({'name': name, 'options': given, 'weights': w.detach().tolist()})
path = pathlib.Path(__file__).parent / 'optimizer.json'
path.write_text(json.dumps({'torch': torch.__version__, 'cases': out}, indent=1) + '\n')
