// Files exchanged with others. PyTorch reads ours and writes its own, by a reader and a writer of ten lines each; Hugging Face's
// parser reads ours.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSafetensorsMetadata } from '@huggingface/hub';
import { expect, test } from 'vitest';
import { nn, npy, random, safetensors, tensor } from '../../src/index.js';
import { hash } from '../oracle.js';
import { has, newFolder, run } from './python.js';

const script = `
import json, struct, sys
import numpy as np, torch
folder = sys.argv[1]

def read(path):
    data = open(path, 'rb').read()
    n = struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:8 + n])
    header.pop('__metadata__', None)
    def one(entry):
        a, b = entry['data_offsets']
        return torch.frombuffer(bytearray(data[8 + n + a:8 + n + b]), dtype=torch.float32).reshape(entry['shape'])
    return {name: one(entry) for name, entry in header.items()}

def write(path, tensors):
    header, values = {}, b''
    for name, t in tensors.items():
        raw = t.detach().numpy().astype('<f4').tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(t.shape), 'data_offsets': [len(values), len(values) + len(raw)]}
        values += raw
    text = json.dumps(header).encode()
    open(path, 'wb').write(struct.pack('<Q', len(text)) + text + values)

def net():
    return torch.nn.Sequential(torch.nn.Linear(6, 9), torch.nn.Tanh(), torch.nn.Linear(9, 4))

x = torch.from_numpy(np.load(folder + '/x.npy'))
ours = net()
ours.load_state_dict(read(folder + '/ours.safetensors'), strict=True)
np.save(folder + '/ours.npy', ours(x).detach().numpy())
torch.manual_seed(3)
theirs = net()
write(folder + '/theirs.safetensors', theirs.state_dict())
np.save(folder + '/theirs.npy', theirs(x).detach().numpy())
`;

test.runIf(has('torch, numpy'))(
  'PyTorch reads a network of ours and we one of PyTorch’s, with the same outputs',
  () => {
    const folder = newFolder();
    const net = (seed: number) => {
      const rng = random.torch(seed);
      return nn.sequential([nn.linear(6, 9, { rng }), nn.activation('tanh'), nn.linear(9, 4, { rng })]);
    };
    const model = net(1);
    const x = random.philox(1).normal(6 * 5);
    writeFileSync(join(folder, 'x.npy'), npy.encode(tensor([5, 6], x)));
    writeFileSync(join(folder, 'ours.safetensors'), nn.save(model, { metadata: { format: 'pt' } }));
    run(script, folder);

    const other = net(2);
    nn.load(readFileSync(join(folder, 'theirs.safetensors')), other);
    // torch.manual_seed(3) initialised it: the same bits as from random.torch(3).
    const expected = Object.values(net(3).parameters).map(({ data }) => hash(data.slice()));
    expect(Object.values(other.parameters).map(({ data }) => hash(data.slice()))).toEqual(expected);
    for (const [name, one] of [
      ['ours', model],
      ['theirs', other],
    ] as const) {
      const { shape, data } = npy.decode(readFileSync(join(folder, `${name}.npy`)));
      expect(shape).toEqual([5, 4]);
      one.forward(x).forEach((y, i) => expect(Math.abs(y - data[i])).toBeLessThan(1e-6));
    }
    expect(Object.keys(safetensors.decode(readFileSync(join(folder, 'theirs.safetensors'))).tensors)).toEqual(
      Object.keys(model.parameters),
    );
  },
);

const types = `
import json, struct, sys
import torch
torch.manual_seed(1)
half = torch.arange(-32768, 32768).short()
whole = lambda *values: torch.tensor(values, dtype=torch.int64)
tensors = {
    'F16': half.view(torch.float16), 'BF16': half.view(torch.bfloat16),
    'F64': torch.cat([torch.randn(200).double() * 10.0 ** torch.arange(-60, 40).repeat(2), torch.randn(200).double()]),
    'I64': torch.cat([torch.randint(-2 ** 63, 2 ** 63 - 1, (500,)), whole(2 ** 63 - 1, -2 ** 63, 2 ** 60 + 2 ** 36 + 1)]),
    'I32': torch.cat([torch.randint(-2 ** 31, 2 ** 31, (500,)), whole(2 ** 31 - 1, -2 ** 31, 2 ** 24 + 1)]).int(),
    'I16': half, 'I8': torch.arange(-128, 128).to(torch.int8), 'U8': torch.arange(256).to(torch.uint8),
    'BOOL': torch.tensor([True, False, True]),
}
norm = torch.nn.BatchNorm1d(3)
norm(torch.randn(5, 3))
for name, t in norm.state_dict().items():
    tensors[name] = t
names = {torch.float32: 'F32', torch.int64: 'I64'}
header, values = {}, b''
for name, t in tensors.items():
    raw = t.contiguous().reshape(-1)
    raw = (raw.view(torch.int16) if t.dtype in (torch.bfloat16, torch.float16) else raw).numpy().tobytes()
    type = names.get(t.dtype, name)
    header[name] = {'dtype': type, 'shape': list(t.shape), 'data_offsets': [len(values), len(values) + len(raw)]}
    values += raw
text = json.dumps(header).encode()
open(sys.argv[1] + '/types.safetensors', 'wb').write(struct.pack('<Q', len(text)) + text + values)
for name, t in tensors.items():
    open(sys.argv[1] + '/' + name, 'wb').write(t.float().numpy().tobytes())
# Python compares numbers exactly, whole ones with others too.
lost = lambda t: sum(x == x and y != x for x, y in zip(t.reshape(-1).tolist(), t.float().reshape(-1).tolist()))
print(json.dumps({name: lost(t) for name, t in tensors.items()}))
`;
test.runIf(has('torch'))('every type of PyTorch becomes float32 as by PyTorch, and its batch norm can be read', () => {
  const folder = newFolder();
  const inexact: Record<string, number> = JSON.parse(run(types, folder));
  const bytes = readFileSync(join(folder, 'types.safetensors'));
  const { tensors } = safetensors.decode(bytes);
  expect(Object.keys(tensors).sort()).toEqual(Object.keys(inexact).sort());
  expect(inexact.F64).toBeGreaterThan(150);
  expect(inexact.I64).toBeGreaterThan(490);
  for (const [name, { data, inexact: count = 0 }] of Object.entries(tensors)) {
    const expected = new Float32Array(new Uint8Array(readFileSync(join(folder, name))).buffer);
    const wrong = Array.from(data.keys()).filter((i) => !Object.is(data[i], expected[i]));
    expect(wrong, name).toEqual([]);
    expect(count, name).toBe(inexact[name]);
  }
  expect(tensors.num_batches_tracked).toEqual({ shape: [], data: Float32Array.of(1) });
  const own = safetensors.decode(bytes, { only: (name) => /^(weight|bias|running_)/.test(name) }).tensors;
  expect(Object.keys(own).sort()).toEqual(['bias', 'running_mean', 'running_var', 'weight']);
});

test('the parser of Hugging Face reads the header', async () => {
  const model = nn.sequential([nn.linear(6, 9, { seed: 1 }), nn.activation('tanh'), nn.linear(9, 4, { seed: 2 })]);
  const bytes = nn.save(model, { metadata: { format: 'pt' } });
  // The ranges of the file that it would request from the hub.
  const served: typeof fetch = async (_, init) => {
    const [, from, to] = /bytes=(\d+)-(\d+)?/.exec(new Headers(init?.headers).get('Range') ?? 'bytes=0-') ?? [];
    const part = bytes.slice(Number(from), to === undefined ? undefined : Number(to) + 1);
    return new Response(part, {
      status: 206,
      headers: { ETag: '"1"', 'Content-Range': `bytes ${from}-${to}/${bytes.length}` },
    });
  };
  const { header, parameterCount } = (await parseSafetensorsMetadata({
    repo: 'fanwise/test',
    path: 'model.safetensors',
    fetch: served,
    computeParametersCount: true,
  })) as { header: Record<string, { dtype?: string; shape?: number[] }>; parameterCount: Record<string, number> };
  expect(Object.keys(header).sort()).toEqual(['0.bias', '0.weight', '2.bias', '2.weight', '__metadata__']);
  expect(header['0.weight']).toMatchObject({ dtype: 'F32', shape: [9, 6] });
  expect(parameterCount).toEqual({ F32: 9 * 6 + 9 + 4 * 9 + 4 });
});
