// The bytes of files, and their texts in errors.

import { attached, what } from '../check.js';

/** Uint8Array<ArrayBuffer>, which a Blob takes. TypeScript before 5.7 has no type parameter here. */
export type Bytes = ReturnType<Uint8Array['slice']>;

/** Whether a value is an ArrayBuffer of any realm: of a frame, a vm context, Jest. The getter throws for any other value. */
function isArrayBuffer(value: unknown): value is ArrayBuffer {
  try {
    Reflect.get(ArrayBuffer.prototype, 'byteLength', value);
    return true;
  } catch {
    return false;
  }
}

/** A Uint8Array of bytes that are given as any view or as a buffer. TypeError where they are neither, shared, or detached. */
export function bytesOf(where: string, name: string, bytes: unknown): Uint8Array {
  const isView = ArrayBuffer.isView(bytes);
  if (!isView && !isArrayBuffer(bytes))
    throw new TypeError(`${where}: ${name} is ${what(bytes)}; pass a Uint8Array or an ArrayBuffer`);
  const { buffer, byteOffset } = isView ? bytes : { buffer: bytes, byteOffset: 0 };
  // Not the view itself: one whose memory was cut has no bytes, and the file is damaged.
  attached(where, name, { buffer, byteOffset, byteLength: bytes.byteLength });
  return isView ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
}

/** A file's text in an error, shortened: it may be as long as the file. */
export const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** A file's name of something in an error: in quotes where it is empty, or has spaces or characters that do not show. */
export const shown = (name: string) =>
  /^$|[\p{C}\p{Z}]/u.test(name) ? JSON.stringify(shortened(name)) : shortened(name);

/** Some names in an error. */
export const listed = (names: readonly string[]) =>
  (names.length > 6 ? [...names.slice(0, 6), '…'] : names).map(shown).join(', ');
