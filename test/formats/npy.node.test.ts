// Files that NumPy writes, of every type, order of bytes, order of axes and version; and what it does with other versions.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { npy, tensor } from '../../src/index.js';
import { noise } from '../oracle.js';
import { has, newFolder, run } from './python.js';

const script = `
import json, sys, warnings
import numpy as np
warnings.simplefilter('ignore')
folder, index, rng = sys.argv[1], [], np.random.default_rng(1)
for type in ['f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'b1']:
    for shape in [(), (0, 3), (7,), (31, 17), (3, 5, 4, 6)]:
        size = int(np.prod(shape))
        bits = rng.integers(0, 256, size * np.dtype(type).itemsize, dtype=np.uint8)
        a = (bits % 2 == 1) if type == 'b1' else bits.view('<' + type)
        if type == 'f8':
            a = np.where(rng.random(size) < 0.5, rng.standard_normal(size) * 10.0 ** rng.integers(-50, 40, size), a)
        a = a.astype(type).reshape(shape)
        for sign in '<>':
            for order in 'CF':
                for version in (1, 2, 3):
                    name = str(len(index))
                    with open(folder + '/' + name + '.npy', 'wb') as f:
                        b = np.array(a.astype(sign + type), order=order)
                        np.lib.format.write_array(f, b, version=(version, 0))
                    f4 = a.astype('<f4')
                    open(folder + '/' + name + '.f4', 'wb').write(f4.tobytes())
                    # Python compares numbers exactly, whole ones with others too.
                    lost = sum(x == x and float(y) != x for x, y in zip(a.ravel().tolist(), f4.ravel().tolist()))
                    index.append([type, list(shape), lost, sign + order + str(version)])
json.dump(index, open(folder + '/index.json', 'w'))
theirs = []
for major in range(5):
    for minor in range(3):
        data = bytearray(open(folder + '/ours.npy', 'rb').read())
        if major > 1:
            data[8:10] = int.from_bytes(data[8:10], 'little').to_bytes(4, 'little')
        data[6:8] = bytes([major, minor])
        open(folder + '/version%d.%d.npy' % (major, minor), 'wb').write(data)
        try:
            theirs.append([major, minor, np.load(folder + '/version%d.%d.npy' % (major, minor)).tolist()])
        except ValueError:
            theirs.append([major, minor, None])
print(json.dumps(theirs))
`;

test.runIf(has('numpy'))('what NumPy writes is read, as its astype makes float32 of it', () => {
  const folder = newFolder();
  const ours = tensor([2, 3], noise(1, 6));
  writeFileSync(join(folder, 'ours.npy'), npy.encode(ours));
  const versions: [number, number, number[][] | null][] = JSON.parse(run(script, folder));
  const index: [string, number[], number, string][] = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
  expect(index.length).toBe(12 * 5 * 2 * 2 * 3);
  index.forEach(([type, shape, lost, written], i) => {
    const kind = `${type} ${shape} ${written}`;
    const read = npy.decode(readFileSync(join(folder, `${i}.npy`)));
    const expected = new Float32Array(new Uint8Array(readFileSync(join(folder, `${i}.f4`))).buffer);
    expect(read.shape, kind).toEqual(shape);
    expect(read.data, kind).toEqual(expected);
    expect(read.inexact ?? 0, kind).toBe(lost);
  });
  expect(index.some(([type, , lost]) => type === 'i8' && lost > 100)).toBe(true);

  for (const [major, minor, values] of versions) {
    const bytes = readFileSync(join(folder, `version${major}.${minor}.npy`));
    if (values === null) expect(() => npy.decode(bytes), `${major}.${minor}`).toThrow(/its version is/);
    else expect(npy.decode(bytes), `${major}.${minor}`).toEqual(ours);
  }
  expect(versions.filter(([, , values]) => values !== null).map(([major, minor]) => [major, minor])).toEqual([
    [1, 0],
    [2, 0],
    [3, 0],
  ]);
});
