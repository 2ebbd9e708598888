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

  /** A file of a version, with a header and a number of bytes of values, or these. */
  const text = (header: string, values: number | ArrayBufferView = 0, version = 1, minor = 0) => {
    const at = version === 1 ? 10 : 12;
    const body = typeof values === 'number' ? new Uint8Array(values) : new Uint8Array(values.buffer);
    const bytes = new Uint8Array(at + header.length + body.length);
    bytes.set([0x93, 78, 85, 77, 80, 89, version, minor]);
    const view = new DataView(bytes.buffer);
    if (version === 1) view.setUint16(8, header.length, true);
    else view.setUint32(8, header.length, true);
    bytes.set(new TextEncoder().encode(header), at);
    bytes.set(body, at + header.length);
    return bytes;
  };
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  const of = (type: string, shape: string, order = 'False') =>
    `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${shape}), }`;

  test('a file as NumPy writes it, of each of its versions', () => {
    expect(npy.decode(text(`${header}      \n`, 24)).shape).toEqual([2, 3]);
    for (const version of [1, 2, 3]) expect(npy.decode(text(`${header}\n`, 24, version)).shape).toEqual([2, 3]);
  });

  test.each([
    [1, 1],
    [2, 2],
    [3, 1],
    [1, 255],
    [0, 0],
    [4, 0],
    [255, 0],
  ])('version %d.%d, which NumPy does not read either, is an error', (major, minor) => {
    const bytes = text(header, 24, major, minor);
    if (major !== 1) new DataView(bytes.buffer).setUint32(8, header.length, true);
    expect(() => npy.decode(bytes)).toThrow(
      `npy.decode: its version is ${major}.${minor}, not 1.0, 2.0 or 3.0; the file is damaged`,
    );
  });

  test.each([
    `  {"descr": "<f4", "fortran_order": False, "shape": (2, 3)}`,
    `{'shape':(2,3),'fortran_order':False,'descr':'<f4'}`,
    `{ 'descr' : '<f4' ,\n\t'fortran_order' : False , 'shape' : ( 2 , 3 , ) , } \n`,
    `{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }`,
  ])('the literal may be written otherwise: %j', (literal) => {
    expect(npy.decode(text(literal, 24)).shape).toEqual([2, 3]);
  });

  test.each<[string, ArrayBufferView, number[], number?]>([
    ['<f4', Float32Array.of(1.5, -2), [1.5, -2]],
    ['=f4', Float32Array.of(1.5, -2), [1.5, -2]],
    ['f4', Float32Array.of(1.5, -2), [1.5, -2]],
    ['>f4', Uint8Array.of(0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0), [1.5, -2]],
    ['<f2', Uint16Array.of(0x3e00, 0xc000), [1.5, -2]],
    ['>f2', Uint8Array.of(0x3e, 0, 0xc0, 0), [1.5, -2]],
    ['<f8', Float64Array.of(1.5, -0.1), [1.5, Math.fround(-0.1)], 1],
    ['>i8', Uint8Array.of(...Array(7).fill(255), 254, 0, 0, 0, 0, 1, 0, 0, 1), [-2, 2 ** 24], 1],
    ['|b1', Uint8Array.of(1, 0), [1, 0]],
    ['|u1', Uint8Array.of(255, 0), [255, 0]],
    ['|i1', Uint8Array.of(255, 1), [-1, 1]],
    ['>u2', Uint8Array.of(1, 0, 0, 1), [256, 1]],
  ])('%s becomes float32', (type, values, expected, inexact) => {
    expect(npy.decode(text(of(type, '2,'), values))).toEqual({
      shape: [2],
      data: Float32Array.from(expected),
      ...(inexact && { inexact }),
    });
  });

  test.each([[[2, 3]], [[3, 2, 4]], [[1, 5, 1, 2]], [[7]], [[]], [[0, 3]], [[2, 0, 2]], [[2, 2, 2, 2, 2]]])(
    'columns first of shape %o are turned into rows first',
    (shape) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const rows = Float32Array.from({ length: size }, (_, i) => i);
      // The place in the file of the value at i, by its indices.
      const columns = new Float32Array(size);
      rows.forEach((value, i) => {
        let [rest, at] = [i, 0];
        for (let axis = shape.length - 1; axis >= 0; axis--) {
          at += (rest % shape[axis]) * shape.slice(0, axis).reduce((a, b) => a * b, 1);
          rest = Math.floor(rest / shape[axis]);
        }
        columns[at] = value;
      });
      const tuple = shape.map((n) => `${n},`).join(' ');
      expect(npy.decode(text(of('<f4', tuple, 'True'), columns))).toEqual({ shape, data: rows });
    },
  );

  test('columns first, with a thousand axes of one value, take no longer', () => {
    const since = performance.now();
    const bytes = text(of('<f4', `${'1,'.repeat(4000)}1000000`, 'True'), 4_000_000);
    expect(npy.decode(bytes).data.length).toBe(1_000_000);
    expect(performance.now() - since).toBeLessThan(2000);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /does not begin as NumPy’s files do/],
    ['other magic bytes', text(header, 24).fill(0, 0, 1), /does not begin/],
    ['a header longer than the file', text(header, 24).subarray(0, 40), /a header of 59 bytes in a file of 40/],
    [
      'complex numbers',
      text(header.replace('<f4', '<c8'), 48),
      /^npy.decode: the values are '<c8'; this package reads f4, f8, f2, i1, .*, b1, save a.astype\('f4'\)$/,
    ],
    ['objects', text(header.replace("'<f4'", "'|O'"), 24), /the values are '\|O'/],
    ['bfloat16, of which NumPy knows no name', text(header.replace("'<f4'", "'<V2'"), 12), /the values are '<V2'/],
    ['a long type', text(header.replace('<f4', 'x'.repeat(4000)), 24), /the values are 'x{59}…; this/],
    [
      'records',
      text(header.replace("'<f4'", "[('a', '<f4')]"), 24),
      /header of \d+ bytes is none of an array of numbers/,
    ],
    ['an order that is a text', text(header.replace('False', "'False'"), 24), /header of \d+ bytes is none/],
    ['a shape that is a text', text(header.replace('(2, 3)', "'2'"), 24), /header of \d+ bytes is none/],
    ['a type that is true', text(header.replace("'<f4'", 'True'), 24), /header of \d+ bytes is none/],
    ['a quote that is not closed by its like', text(header.replace("<f4'", '<f4"'), 24), /header of \d+ bytes is none/],
    ['one key twice', text(header.replace('fortran_order', 'descr'), 24), /header of \d+ bytes is none/],
    ['a header of more bytes than NumPy reads', text(header + ' '.repeat(9_950), 24), /of 10009 bytes is none/],
    ['no shape', text("{'descr': '<f4', 'fortran_order': False, }", 24), /header of \d+ bytes is none of an array/],
    [
      'a call in place of the shape',
      text("{'descr': '<f4', 'fortran_order': False, 'shape': (exit(),), }", 24),
      /header of \d+ bytes is none of an array/,
    ],
    [
      'a long number that ends wrong',
      text(header.replace('2, 3', `${'1'.repeat(4000)}x`), 24),
      /header of \d+ bytes is none/,
    ],
    [
      'many numbers that end wrong',
      text(header.replace('2, 3', `${'1 '.repeat(2000)}x`), 24),
      /header of \d+ bytes is none/,
    ],
    ['numbers without commas', text(header.replace('2, 3', '2 3'), 24), /header of \d+ bytes is none/],
    ['a tuple of one without its comma', text(header.replace('2, 3', '6'), 24), /header of \d+ bytes is none/],
    ['entries without commas', text(header.replaceAll(", '", " '"), 24), /header of \d+ bytes is none/],
    ['a negative length', text(header.replace('2, 3', '-2, 3'), 24), /header of \d+ bytes is none/],
    ['too few values', text(header, 20), /20 bytes of values, where shape \[2,3\] has 24/],
    ['too many values', text(header, 28), /28 bytes of values/],
    ['a shape of more than 2^53 values', text(header.replace('2, 3', '9999999999, 9999999999'), 24), /more than 2\^53/],
  ])('%s is an error', (_, bytes, message) => {
    expect(() => npy.decode(bytes)).toThrow(RangeError);
    expect(() => npy.decode(bytes)).toThrow(message);
  });
});
