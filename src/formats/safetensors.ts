// Tensors in files, as safetensors has them: eight bytes with the length of a header, the header (JSON: for each name
// its type, shape and offsets) and the values, little-endian, one after the other. https://github.com/huggingface/safetensors

import { attached, options, what } from '../check.js';
import { checkedShape, isTensor, type Tensor } from '../tensor.js';
import { type Dtype, dtypeOf, known, written } from './dtype.js';

/** What a header may have, as in the reference implementation: a hostile file is not to ask for more. */
const MOST = 100_000_000;
const where = { encode: 'safetensors.encode', decode: 'safetensors.decode' };

/** Bytes on memory of their own, as a Blob takes them: Uint8Array<ArrayBuffer>, which TypeScript before 5.7 does not know. */
export type Bytes = ReturnType<Uint8Array['slice']>;

/** Bytes that are there: a Uint8Array or another view of them, or their buffer. */
export function bytesOf(where: string, bytes: unknown): Uint8Array {
  const view = ArrayBuffer.isView(bytes);
  if (!view && !(bytes instanceof ArrayBuffer))
    throw new TypeError(`${where}: bytes is ${what(bytes)}; pass a Uint8Array or an ArrayBuffer`);
  attached(where, 'bytes', view ? bytes : ({ buffer: bytes, byteLength: bytes.byteLength } as ArrayBufferView));
  return view ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
}

/** Tensors by name, and whatever else a file says of itself. */
export interface Tensors {
  tensors: Record<string, Tensor>;
  metadata: Record<string, string>;
}

/** A file of named tensors. Names, in their order, may be any but '__metadata__'; metadata are texts. */
function encode(
  tensors: Readonly<Record<string, Tensor>>,
  passed?: { metadata?: Record<string, string> | undefined },
): Bytes {
  const { metadata } = options(where.encode, passed, ['metadata']);
  if (typeof tensors !== 'object' || tensors === null)
    throw new TypeError(`${where.encode}: tensors is ${what(tensors)}; pass an object of tensors by name`);
  const header: [string, unknown][] = [];
  if (metadata !== undefined) {
    if (!isObject(metadata) || ArrayBuffer.isView(metadata))
      throw new TypeError(`${where.encode}: metadata is ${what(metadata)}; pass an object of texts by name`);
    for (const [key, text] of Object.entries(metadata)) {
      if (typeof text !== 'string')
        throw new TypeError(`${where.encode}: metadata.${key} is ${what(text)}; pass texts, JSON.stringify makes one`);
    }
    header.push(['__metadata__', { ...metadata }]);
  }
  let end = 0;
  const named = Object.entries(tensors);
  for (const [name, value] of named) {
    if (name === '__metadata__')
      throw new RangeError(`${where.encode}: a tensor is called __metadata__, which is no name; take another`);
    if (!isTensor(where.encode, value))
      throw new TypeError(`${where.encode}: ${name} is ${what(value)}; pass a tensor, tensor(shape, values) makes one`);
    const to = end + written.bytes * value.data.length;
    header.push([name, { dtype: written.safetensors, shape: [...value.shape], data_offsets: [end, to] }]);
    end = to;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  // Values begin at a multiple of eight, so that they can be read in place.
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MOST) throw new RangeError(`${where.encode}: the names take ${length} bytes; split them over files`);
  const bytes = new Uint8Array(8 + length + end).fill(32, 8 + text.length, 8 + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  let at = 8 + length;
  for (const [, { data }] of named) {
    bytes.set(written.write(data), at);
    at += written.bytes * data.length;
  }
  return bytes;
}

const bad = (message: string) => new RangeError(`${where.decode}: ${message}; the file is damaged or something else`);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The tensors of a file, in new arrays. RangeError for a file that is damaged, or has other values than float32. */
function decode(bytes: Uint8Array | ArrayBuffer): Tensors {
  const file = bytesOf(where.decode, bytes);
  if (file.length < 8) throw bad(`${file.length} bytes have no room for a header`);
  const wide = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (wide > BigInt(Math.min(MOST, file.length - 8)))
    throw bad(
      `its first bytes say that the header has ${wide}, where the file has ${file.length} (and ${MOST} is the most)`,
    );
  const start = 8 + Number(wide);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file.subarray(8, start)));
  } catch (cause) {
    throw Object.assign(bad('the header is no JSON'), { cause });
  }
  if (!isObject(header)) throw bad(`the header is ${what(header)}, no object`);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isObject(metadata) || Object.values(metadata).some((text) => typeof text !== 'string'))
    throw bad('its metadata are no texts');
  const size = file.length - start;
  const found = Object.entries(entries).map(([name, entry]) => ({ name, ...entryOf(name, entry, size) }));
  // Every byte belongs to one tensor: neither two of them nor none, which would hide what is not named.
  let end = 0;
  for (const { name, from, to } of [...found].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) throw bad(`${shortened(name)} begins at ${from}, where ${end} is next`);
    end = to;
  }
  if (end !== size) throw bad(`${size} bytes of values, of which ${end} have a name`);
  const tensors = found.map(({ name, dtype, shape, from, to }): [string, Tensor] => {
    const data = dtype.read(file.subarray(start + from, start + to));
    return [name, { shape: Object.freeze(shape), data }];
  });
  return { tensors: Object.fromEntries(tensors), metadata: { ...(metadata as Record<string, string>) } };
}

/** A text of a file in a message: it may be as long as the file. */
export const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

interface Entry {
  dtype: Dtype;
  shape: number[];
  from: number;
  to: number;
}

/** What the header says of a tensor, checked against so many bytes of values. */
function entryOf(full: string, entry: unknown, size: number): Entry {
  const name = shortened(full);
  if (!isObject(entry)) throw bad(`${name} is ${what(entry)}, no object`);
  const { dtype: type, shape, data_offsets: offsets } = entry;
  if (typeof type !== 'string') throw bad(`${name} has no type`);
  const dtype = dtypeOf('safetensors', type);
  if (dtype === undefined)
    throw new RangeError(
      `${where.decode}: ${name} is ${shortened(type)}; this package has ${known}, store it as ${written.safetensors}`,
    );
  if (!Array.isArray(shape) || !shape.every(isCount)) throw bad(`${name} has the shape ${what(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw bad(`${name} stands at ${what(offsets)}`);
  const [from, to] = offsets;
  const { size: values } = checkedShape(where.decode, shape);
  if (to > size || to - from !== dtype.bytes * values)
    throw bad(`${name} of shape [${shortened(String(shape))}] stands from ${from} to ${to} of ${size} bytes`);
  return { dtype, shape, from, to };
}

/** Named tensors in a file, as PyTorch, JAX and Hugging Face read and write them. */
export const safetensors = { encode, decode };
