// Every row of the table of the types of values in files.

import { expect, test } from 'vitest';
import { type Dtype, dtypeOf, dtypes } from '../../src/formats/dtype.js';
import { hash, sweep } from '../oracle.js';

const rows = Object.entries(dtypes as Record<string, Dtype>);

test.each(rows)('%s is found by its names, and reads at any offset what it wrote', (_, dtype) => {
  for (const format of ['safetensors', 'npy'] as const) expect(dtypeOf(format, dtype[format])).toBe(dtype);
  const values = dtype.read(dtype.write(sweep()));
  const bytes = dtype.write(values);
  expect(bytes.length).toBe(dtype.bytes * values.length);
  const odd = new Uint8Array(bytes.length + 3);
  odd.set(bytes, 3);
  const back = dtype.read(odd.subarray(3));
  expect(hash(back)).toBe(hash(values));
  expect(back.buffer).not.toBe(odd.buffer);
});

test('no two rows share a name, and an unknown name has no row', () => {
  for (const format of ['safetensors', 'npy'] as const) {
    expect(new Set(rows.map(([, dtype]) => dtype[format])).size).toBe(rows.length);
    expect(dtypeOf(format, 'float99')).toBe(undefined);
  }
});
