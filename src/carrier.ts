// The WebAssembly from the text that carries it. A module that is part of the JavaScript needs no request and no
// configuration of a bundler; ../carrier.mjs says how its text is made, and why so.

import { flags, text } from '#wasm';
import { inflate } from './inflate.js';

/** Two characters are 13 bits, the lower 91st first; 92 is a backslash. */
function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array((13 * text.length) >> 4);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < text.length; i += 2) {
    const low = text.charCodeAt(i);
    const high = text.charCodeAt(i + 1);
    held |= (low - (low > 92 ? 36 : 35) + 91 * (high - (high > 92 ? 36 : 35))) << bits;
    for (bits += 13; bits > 7; bits -= 8) {
      bytes[at++] = held;
      held >>>= 8;
    }
  }
  return bytes;
}

/** The numbers in bytes, and where each of their parts begins: 255 ends one, and 252 to 254 need the byte behind. */
function numbersOf(bytes: Uint8Array): { numbers: Uint16Array; starts: number[] } {
  const numbers = new Uint16Array(bytes.length);
  const starts = [0];
  let count = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 255) starts.push(count);
    else numbers[count++] = byte < 252 ? byte : 252 + ((byte - 252) << 8) + bytes[++i];
  }
  return { numbers, starts };
}

/** Puts an unsigned integer as WebAssembly has it (LEB128); the place behind it. */
function put(bytes: Uint8Array, at: number, value: number): number {
  for (; value > 127; value >>>= 7) bytes[at++] = (value & 127) | 128;
  bytes[at++] = value;
  return at;
}

/**
 * The bytes of a module from its text. One loop over arrays, with few calls: it runs once, before an engine has optimised
 * anything (with a function that gives the next number, and arrays that grow, 15 ms; so 6).
 */
export function unpack(text: string): Uint8Array<ArrayBuffer> {
  // Behind the sizes of what follows and of the module.
  const packed = bytesOf(text);
  const [size, room] = new Uint32Array(packed.buffer, 0, 2);
  const { numbers, starts } = numbersOf(inflate(packed.subarray(8), size));
  let [, head, word, code, read, written, rest, last] = starts;
  const bytes = new Uint8Array(room + 5);
  bytes.set(numbers.subarray(0, head));
  let at = head;

  // Where each word stands: its length, then its bytes. The first two numbers are no words.
  const known = new Uint16Array(numbers[word++] + 2);
  for (let i = 2; i < known.length; i++) {
    known[i] = word;
    word += 1 + numbers[word];
  }
  // The local variables of a function, that used last first.
  const recent = new Uint16Array(1024);
  for (let functions = numbers[head++]; functions > 0; functions--) {
    let locals = numbers[head++];
    for (let i = 0; i < locals; i++) recent[i] = i;
    // Its size stands before it, and is known behind it.
    const begin = at + 5;
    let groups = numbers[head++];
    let end = put(bytes, begin, groups);
    for (; groups > 0; groups--) {
      end = put(bytes, end, numbers[head++]);
      bytes[end++] = 0x7f - numbers[head++];
    }
    // 0 is its end; 1 a word that has no number, and is the next.
    for (let number = numbers[code++]; number > 0; number = numbers[code++]) {
      let from = known[number];
      if (number === 1) {
        from = word;
        word += 1 + numbers[word];
      }
      const first = numbers[from + 1];
      for (const to = from + numbers[from]; from < to; ) bytes[end++] = numbers[++from];
      if (first < 0x20 || first > 0x22) continue;
      // 0 is a variable that was not used yet.
      let rank = numbers[first === 0x20 ? read++ : written++] - 1;
      const local = rank < 0 ? locals : recent[rank];
      if (rank < 0) rank = locals++;
      recent.copyWithin(1, 0, rank);
      recent[0] = local;
      end = put(bytes, end, local);
    }
    bytes[end++] = 0x0b;
    at = put(bytes, at, end - begin);
    bytes.copyWithin(at, begin, end);
    at += end - begin;
  }
  bytes.set(numbers.subarray(rest, last), at);
  return bytes.slice(0, room);
}

let given: WebAssembly.Module | undefined;
/** Makes a module the one that is used: for runtimes that compile no bytes. */
export function carry(module: WebAssembly.Module): void {
  given = module;
}

const modules: [WebAssembly.Module?, WebAssembly.Module?] = [];
/**
 * The module, compiled once, for memory of its own or for memory that threads share. Such memory is imported by other
 * words: bit 1 of the byte `flags` (of the import's limits).
 */
export function compile(shared = false): WebAssembly.Module {
  if (given) {
    if (shared) throw new Error('workspace: this runtime has no threads; leave threads out');
    return given;
  }
  const made = modules[+shared];
  if (made) return made;
  const bytes = unpack(text);
  if (shared) bytes[flags] |= 2;
  try {
    return (modules[+shared] = new WebAssembly.Module(bytes));
  } catch (cause) {
    // An engine's own words differ, and Chromium's name what is not needed.
    const advice = WebAssembly.validate(bytes)
      ? "a content security policy has to have 'wasm-unsafe-eval' in script-src"
      : 'this engine or processor has no WebAssembly SIMD';
    throw new Error(`fanwise: the WebAssembly could not be compiled; ${advice}`, { cause });
  }
}
