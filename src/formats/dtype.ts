// The types of values in files, a row each.

export interface Dtype {
  /** The type's names in safetensors and, little-endian, in NumPy's headers. */
  safetensors: string;
  npy: string;
  /** Bytes a value. */
  bytes: number;
  /** Converts bytes of a file, at any offset, to values, and values to bytes. */
  read(bytes: Uint8Array): Float32Array;
  write(values: Float32Array): Uint8Array;
}

export const dtypes = {
  float32: {
    safetensors: 'F32',
    npy: '<f4',
    bytes: 4,
    read: (bytes) => new Float32Array(bytes.slice().buffer),
    write: ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  },
} satisfies Record<string, Dtype>;

const rows: readonly Dtype[] = Object.values(dtypes);

/** The row with a name in a format; undefined if there is none. */
export const dtypeOf = (format: 'safetensors' | 'npy', name: string): Dtype | undefined =>
  rows.find((dtype) => dtype[format] === name);

/** The type in which tensors are written. */
export const writtenDtype: Dtype = dtypes.float32;
/** The names of all rows, for errors. */
export const dtypeNames = Object.keys(dtypes).join(', ');
