// The safetensors format for named tensors: eight bytes with the length of the header, the header (JSON: for each name its type,
// shape and offsets), and the values, little-endian, one tensor after the other. https://github.com/huggingface/safetensors

import { options, what } from '../check.js';
import { textOf, utf8 } from '../host.js';
import { isTensor, type Tensor } from '../tensor.js';
import { type Bytes, bytesOf, listed, shortened, shown } from './bytes.js';
import { bytesOfValues, dtypeNames, dtypeOf, type FileTensor, fileTensor, read, writtenDtype } from './dtype.js';
import { parse } from './json.js';

/** The largest length of a header in bytes, the reference implementation's: a hostile file must not make us read more. */
const MAX_HEADER = 100_000_000;
const where = { encode: 'safetensors.encode', decode: 'safetensors.decode' };

/** The tensors of a file by name, and its metadata. */
export interface Tensors {
  tensors: Record<string, FileTensor>;
  metadata: Record<string, string>;
}

/** RangeError for a text with half of a surrogate pair, of which UTF-8 has no bytes. */
function requireWellFormed(text: string): void {
  if (/\p{Surrogate}/u.test(text))
    throw new RangeError(`${where.encode}: ${shown(text)} has half of a surrogate pair; pass a well-formed text`);
}

/**
 * A file of named tensors, in the order of their names in the object. '__metadata__' cannot be a name. Metadata are texts by
 * name. TypeError or RangeError for anything else.
 */
function encode(
  tensors: Readonly<Record<string, Tensor>>,
  given?: { metadata?: Record<string, string> | undefined },
): Bytes {
  const { metadata } = options(where.encode, given, ['metadata']);
  if (typeof tensors !== 'object' || tensors === null)
    throw new TypeError(`${where.encode}: tensors is ${what(tensors)}; pass an object of tensors by name`);
  const header: [string, unknown][] = [];
  if (metadata !== undefined) {
    if (!isObject(metadata) || ArrayBuffer.isView(metadata))
      throw new TypeError(`${where.encode}: metadata is ${what(metadata)}; pass an object of texts by name`);
    for (const [key, text] of Object.entries(metadata)) {
      if (typeof text !== 'string')
        throw new TypeError(`${where.encode}: metadata.${key} is ${what(text)}; pass texts, JSON.stringify makes one`);
      requireWellFormed(key);
      requireWellFormed(text);
    }
    header.push(['__metadata__', { ...metadata }]);
  }
  let end = 0;
  const entries = Object.entries(tensors);
  for (const [name, value] of entries) {
    requireWellFormed(name);
    if (name === '__metadata__')
      throw new RangeError(`${where.encode}: a tensor is called __metadata__, which is no name; take another`);
    if (!isTensor(where.encode, value))
      throw new TypeError(`${where.encode}: ${name} is ${what(value)}; pass a tensor, tensor(shape, values) makes one`);
    const to = end + value.data.byteLength;
    header.push([name, { dtype: writtenDtype.safetensors, shape: [...value.shape], data_offsets: [end, to] }]);
    end = to;
  }
  const text = utf8(JSON.stringify(Object.fromEntries(header)));
  // Values begin at a multiple of eight, so that a reader can use them without a copy.
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_HEADER)
    throw new RangeError(`${where.encode}: the names take ${length} bytes; split them over files`);
  const bytes = new Uint8Array(8 + length + end).fill(32, 8 + text.length, 8 + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  let at = 8 + length;
  for (const [, { data }] of entries) {
    bytes.set(bytesOfValues(data), at);
    at += data.byteLength;
  }
  return bytes;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** A tensor's entry in the header. */
interface Entry {
  type: string;
  shape: number[];
  from: number;
  to: number;
}

/** A file whose header is read and checked, and whose values are not yet read. */
export interface OpenFile {
  metadata: Record<string, string>;
  /** By name, in the header's order. */
  entries: ReadonlyMap<string, Readonly<Entry>>;
  /** Reads a tensor of the file. RangeError for a type that this package does not read. */
  tensor(name: string): FileTensor;
}

/**
 * Opens a file, which is an argument of a function. RangeError for a damaged file. The rules are those of the reference
 * implementation (safetensors/src/tensor.rs), but for two entries of one name and numbers above 2^53, which are errors here.
 */
export function open(where: string, argument: string, bytes: unknown): OpenFile {
  const damaged = (message: string) => new RangeError(`${where}: ${message}; the file is damaged or something else`);
  const file = bytesOf(where, argument, bytes);
  if (file.length < 8) throw damaged(`${file.length} bytes have no room for a header`);
  const headerLength = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (headerLength > BigInt(Math.min(MAX_HEADER, file.length - 8)))
    throw damaged(
      `its first bytes say that the header has ${headerLength}, where the file has ${file.length} (and ${MAX_HEADER} is the most)`,
    );
  const start = 8 + Number(headerLength);
  let text: string;
  try {
    text = textOf(file.slice(8, start));
  } catch (cause) {
    throw Object.assign(damaged('the header is no UTF-8'), { cause });
  }
  const header = parse(text, damaged);
  if (!isObject(header)) throw damaged(`the header is ${what(header)}, no object`);
  const metadata = header.__metadata__ ?? {};
  if (!isObject(metadata) || Object.values(metadata).some((text) => typeof text !== 'string'))
    throw damaged('its metadata are no texts');
  delete header.__metadata__;
  const size = file.length - start;
  const entries = new Map(
    Object.entries(header).map(([name, entry]) => [name, entryOf(damaged, shown(name), entry, size)]),
  );
  // Each byte belongs to exactly one tensor: others could hide data, or have it twice.
  let end = 0;
  for (const [name, { from, to }] of [...entries].sort(([, a], [, b]) => a.from - b.from || a.to - b.to)) {
    if (from !== end) throw damaged(`${shown(name)} begins at ${from}, where ${end} is next`);
    end = to;
  }
  if (end !== size) throw damaged(`${size} bytes of values, of which ${end} have a name`);
  const tensor = (name: string): FileTensor => {
    const { type, shape, from, to } = entries.get(name) as Entry;
    const dtype = dtypeOf('safetensors', type);
    if (dtype === undefined)
      throw new RangeError(
        `${where}: ${shown(name)} is ${shown(type)}; this package reads ${dtypeNames('safetensors')}, ` +
          `store it as ${writtenDtype.safetensors} or leave it out`,
      );
    return fileTensor(shape, read(where, dtype, file.subarray(start + from, start + to)));
  };
  return { metadata: { ...(metadata as Record<string, string>) }, entries, tensor };
}

/** A tensor's entry in the header, checked against `size` bytes of values. */
function entryOf(damaged: (message: string) => RangeError, name: string, entry: unknown, size: number): Entry {
  if (!isObject(entry)) throw damaged(`${name} is ${what(entry)}, no object`);
  const { dtype: type, shape, data_offsets: offsets } = entry;
  if (typeof type !== 'string') throw damaged(`${name} has no type`);
  if (!Array.isArray(shape) || !shape.every(isCount)) throw damaged(`${name} has the shape ${what(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw damaged(`${name} stands at ${what(offsets)}`);
  const [from, to] = offsets;
  // 2^64 and more is an error even if a length after it is 0.
  const values = shape.reduce((product, length) => (product < 2 ** 64 ? product * length : product), 1);
  const bytes = dtypeOf('safetensors', type)?.array.BYTES_PER_ELEMENT;
  // The size of an unknown type is unknown.
  if (values >= 2 ** 64 || to > size || (bytes === undefined ? to < from : to - from !== bytes * values))
    throw damaged(`${name} of shape [${shortened(String(shape))}] stands from ${from} to ${to} of ${size} bytes`);
  return { type, shape, from, to };
}

/** The names that are asked for, in the file's order. RangeError for a name that the file does not have. */
function chosen(only: unknown, entries: OpenFile['entries']): string[] {
  const names = [...entries.keys()];
  if (typeof only === 'function') return names.filter((name) => only(name));
  const wanted = new Set(only as unknown[]);
  for (const name of wanted)
    if (!entries.has(name as string))
      throw new RangeError(
        `${where.decode}: only has ${what(name)}, which the file lacks; it has ${names.length > 0 ? listed(names) : 'none'}`,
      );
  return names.filter((name) => wanted.has(name));
}

/**
 * The tensors of a file, in new arrays, and its metadata. Values of other types are converted to float32; `inexact` of a
 * tensor counts those that are rounded. `only` is the names to read, or a function that returns whether a name is read; tensors
 * that are left out may have any type. RangeError for a damaged file or a type that this package does not read.
 */
function decode(
  bytes: Uint8Array | ArrayBuffer,
  given?: { only?: readonly string[] | ((name: string) => boolean) | undefined },
): Tensors {
  const { only = () => true } = options(where.decode, given, ['only']);
  if (typeof only !== 'function' && !Array.isArray(only))
    throw new TypeError(`${where.decode}: only is ${what(only)}; pass names, or a function of a name`);
  const { metadata, entries, tensor } = open(where.decode, 'bytes', bytes);
  const tensors = chosen(only, entries).map((name): [string, FileTensor] => [name, tensor(name)]);
  return { tensors: Object.fromEntries(tensors), metadata };
}

/** Files with named tensors, in the safetensors format, which PyTorch, JAX and Hugging Face read and write. */
export const safetensors = { encode, decode };
