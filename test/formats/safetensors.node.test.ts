// Files exchanged with others. PyTorch reads ours and writes its own, by a reader and a writer of ten lines each; Hugging Face's
// parser reads ours. Without PyTorch its test is skipped; with FANWISE_TORCH=required that is an error.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSafetensorsMetadata } from '@huggingface/hub';
import { expect, test } from 'vitest';
import { nn, npy, random, safetensors, tensor } from '../../src/index.js';
import { hash } from '../oracle.js';

const python = '/usr/bin/python3';
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

const hasTorch = () => {
  try {
    execFileSync(python, ['-c', 'import torch, numpy'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env.FANWISE_TORCH === 'required') throw new Error('PyTorch is required, and python3 has none');
    return false;
  }
};

test.runIf(hasTorch())('PyTorch reads a network of ours and we one of PyTorch’s, with the same outputs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fanwise-'));
  const net = (seed: number) => {
    const rng = random.torch(seed);
    return nn.sequential([nn.linear(6, 9, { rng }), nn.activation('tanh'), nn.linear(9, 4, { rng })]);
  };
  const model = net(1);
  const x = random.philox(1).normal(6 * 5);
  writeFileSync(join(folder, 'x.npy'), npy.encode(tensor([5, 6], x)));
  writeFileSync(join(folder, 'ours.safetensors'), nn.save(model, { metadata: { format: 'pt' } }));
  execFileSync(python, ['-c', script, folder]);

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
