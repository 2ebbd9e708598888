// The types that values have in files, a row each.

export interface Dtype {
  /** Its name in safetensors, and in NumPy's headers, little-endian. */
  safetensors: string;
  npy: string;
  /** Bytes a value. */
  bytes: number;
  /** Values from the bytes of a file, which may stand anywhere in it, and the bytes of values. */
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

/** The row of a type's name in a format; undefined if it is of none. */
export const dtypeOf = (format: 'safetensors' | 'npy', name: string): Dtype | undefined =>
  rows.find((dtype) => dtype[format] === name);

/** What tensors are written as. */
export const written: Dtype = dtypes.float32;
/** The names of all rows, for messages. */
export const known = Object.keys(dtypes).join(', ');
