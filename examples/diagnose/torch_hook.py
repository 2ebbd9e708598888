"""Writes a file for diagnose.network: write('network.json', model.eval(), functional.cross_entropy, x, labels)."""
import json, math, torch
from torch import nn

ACTIVATIONS = {**{name: name.lower() for name in ('ReLU', 'ReLU6', 'Tanh', 'Sigmoid', 'SiLU', 'Mish', 'SELU', 'Softsign')},
               'GELU': lambda m: ['gelu', {'approximate': getattr(m, 'approximate', 'none')}], 'Hardswish': 'hardSwish',
               'LeakyReLU': lambda m: ['leakyRelu', {'slope': m.negative_slope}], 'ELU': lambda m: ['elu', {'alpha': m.alpha}]}

def array(t):  # JSON has no NaN
    return {'shape': [*t.shape], 'data': [v if math.isfinite(v) else None for v in t.detach().flatten().tolist()]}

def write(path, model, loss, x, y):
    layers, weights = [], []
    def read(name, module, inputs, output):
        if not torch.is_tensor(output) or output.dim() < 2: return  # such as a recurrent layer's, which are several
        kind = type(module).__name__
        conv, activation = 'Conv' in kind, ACTIVATIONS.get(kind)
        linear = kind == 'Linear' or conv and 'Transpose' not in kind
        first = kind[-2:] in ('1d', '2d', '3d')  # these layers have the channels first, and others after them too
        axis = 1 if first else -1 if linear or not layers else layers[-1]['axis']
        layer = {'name': name, 'kind': 'conv' if conv else kind.lower(), 'axis': axis, 'activations': array(output)}
        if activation:
            activation = activation(module) if callable(activation) else activation
            layer.update(activation=activation, preactivations=array(inputs[0]))
        if linear:
            layer.update(weights=array(module.weight), **({} if module.bias is None else {'biases': array(module.bias)}))
            weights.append((layer, module.weight))
        if output.requires_grad: output.register_hook(lambda gradient: layer.update(gradients=array(gradient)))
        layers.append(layer)
    leaves = [(name, module) for name, module in model.named_modules() if not [*module.children()]]
    hooks = [module.register_forward_hook(lambda *given, name=name: read(name, *given)) for name, module in leaves]
    model.zero_grad()
    value = loss(model(x), y)
    value.backward()
    for hook in hooks: hook.remove()
    for layer, weight in weights:
        if weight.grad is not None: layer['weightGradients'] = array(weight.grad)
    data = {'input': array(x)} if x.is_floating_point() else {}  # numbers of words have no scale
    open(path, 'w').write(json.dumps({**data, 'loss': array(value)['data'][0], 'layers': layers}))
