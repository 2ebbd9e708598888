"""The learning rates of PyTorch's schedules at 200 steps, from 0.3. Writes schedule.json.

    apt-get install python3-torch && python3 test/vectors/schedule.py
"""
import json, pathlib, warnings
import torch
from torch.optim import lr_scheduler as S

LR, N = 0.3, 200

def rates(make):
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)
    s, out = make(o), []
    for _ in range(N):
        out.append(o.param_groups[0]['lr'])
        o.step(); s.step()
    return out

def ended(schedule, over, last):
    """PyTorch's cosine goes up again after its end, and ours stays there."""
    values = rates(schedule)
    return values[:over] + [last] * (N - over)

warnings.simplefilter('ignore')
warm = {'over': 40, 'from': 0.1, 'next': {'name': 'cosine', 'options': {'over': 160}}}
CASES = [
    ('stepDecay', {'gamma': 0.7, 'every': 3}, rates(lambda o: S.StepLR(o, 3, 0.7))),
    ('stepDecay', {'gamma': 0.96}, rates(lambda o: S.StepLR(o, 1, 0.96))),
    ('exponentialDecay', {'gamma': 0.97}, rates(lambda o: S.ExponentialLR(o, 0.97))),
    ('cosine', {'over': 190, 'least': 0.02}, ended(lambda o: S.CosineAnnealingLR(o, 190, 0.02), 190, 0.02)),
    ('cosine', {'over': 200}, rates(lambda o: S.CosineAnnealingLR(o, 200))),
    ('warmUp', {'over': 5}, rates(lambda o: S.LinearLR(o, 1 / 3, 1, 5))),
    ('warmUp', warm, rates(lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, 1, 40), S.CosineAnnealingLR(o, 160)], [40]))),
]
cases = [{'name': name, 'options': options, 'rates': values} for name, options, values in CASES]
path = pathlib.Path(__file__).parent / 'schedule.json'
text = json.dumps({'torch': torch.__version__, 'lr': LR, 'cases': cases}, separators=(',', ':'))
path.write_text(text.replace('},{', '},\n{') + '\n')
