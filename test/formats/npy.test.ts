// Files of NumPy: written, read, and refused where they are wrong.

import { describe, expect, test } from 'vitest';
import { npy, tensor } from '../../src/index.js';
import { noise } from '../oracle.js';

describe('npy', () => {
  test.each([[[]], [[0]], [[5]], [[2, 3]], [[2, 0, 3]], [[1, 2, 3, 4]]])(
    'shape %o is written and read again',
    (shape) => {
      const written = tensor(
        shape,
        noise(
          3,
          shape.reduce((a, b) => a * b, 1),
        ),
      );
      const bytes = npy.encode(written);
      expect(npy.decode(bytes)).toEqual(written);
      expect(bytes.length % 64).toBe((4 * written.data.length) % 64);
      const odd = new Uint8Array(bytes.length + 1);
      odd.set(bytes, 1);
      expect(npy.decode(odd.subarray(1))).toEqual(written);
    },
  );

  const text = (header: string, size: number, version = 1) => {
    const bytes = new Uint8Array(10 + header.length + size);
    bytes.set([0x93, 78, 85, 77, 80, 89, version, 0]);
    new DataView(bytes.buffer).setUint16(8, header.length, true);
    bytes.set(new TextEncoder().encode(header), 10);
    return bytes;
  };
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  test('a file as NumPy writes it, and one of version 2.0', () => {
    expect(npy.decode(text(`${header}      \n`, 24)).shape).toEqual([2, 3]);
    const two = text(`__${header}\n`, 24, 2);
    new DataView(two.buffer).setUint32(8, header.length + 1, true);
    expect(npy.decode(two).shape).toEqual([2, 3]);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /does not begin as NumPy’s files do/],
    ['other magic bytes', text(header, 24).fill(0, 0, 1), /does not begin/],
    ['version 4', text(header, 24, 4), /its version is 4/],
    ['a header longer than the file', text(header, 24).subarray(0, 40), /a header of 59 bytes in a file of 40/],
    ['float64', text(header.replace('<f4', '<f8'), 48), /the values are '<f8'; this package has float32/],
    ['big-endian', text(header.replace('<f4', '>f4'), 24), /the values are '>f4'/],
    ['column-major order', text(header.replace('False', 'True'), 24), /columns come first/],
    ['objects', text(header.replace("'<f4'", "'|O'"), 24), /the values are '\|O'/],
    ['no shape', text("{'descr': '<f4', 'fortran_order': False, }", 24), /its header is none of an array/],
    [
      'a call in place of the shape',
      text("{'descr': '<f4', 'fortran_order': False, 'shape': (exit(),), }", 24),
      /its header is none of an array/,
    ],
    ['a long number that ends wrong', text(header.replace('2, 3', `${'1'.repeat(4000)}x`), 24), /its header is none/],
    ['many numbers that end wrong', text(header.replace('2, 3', `${'1 '.repeat(2000)}x`), 24), /its header is none/],
    ['numbers without commas', text(header.replace('2, 3', '2 3'), 24), /its header is none/],
    ['a tuple of one without its comma', text(header.replace('2, 3', '6'), 24), /its header is none/],
    ['entries without commas', text(header.replaceAll(", '", " '"), 24), /its header is none/],
    ['a negative length', text(header.replace('2, 3', '-2, 3'), 24), /its header is none/],
    ['too few values', text(header, 20), /20 bytes of values, where shape \[2,3\] has 24/],
    ['too many values', text(header, 28), /28 bytes of values/],
    ['a shape of more than 2^53 values', text(header.replace('2, 3', '9999999999, 9999999999'), 24), /more than 2\^53/],
  ])('%s is an error', (_, bytes, message) => {
    expect(() => npy.decode(bytes)).toThrow(RangeError);
    expect(() => npy.decode(bytes)).toThrow(message);
  });
});
