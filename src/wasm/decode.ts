// Decodes the text of a WebAssembly module. tools/encode.mjs describes the encoding and the reasons for it. A module that is
// part of the JavaScript needs no request, and no configuration of a bundler.

/** Digits from this on are the first of two. */
const TWO_DIGITS = 80;

/** The numbers of a text, and the index at which each of its parts begins. '!' ends a part. */
function numbersOf(text: string): { numbers: Uint16Array; starts: number[] } {
  const numbers = new Uint16Array(text.length);
  const starts = [0];
  let count = 0;
  let high = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 33) {
      starts.push(count);
      continue;
    }
    // A digit is one of 91 characters, from '#' on without the backslash.
    const digit = code - (code > 92 ? 36 : 35);
    if (high > 0) {
      numbers[count++] = TWO_DIGITS + (high - TWO_DIGITS) * 91 + digit;
      high = 0;
    } else if (digit < TWO_DIGITS) numbers[count++] = digit;
    else high = digit;
  }
  return { numbers, starts };
}

/** Writes an unsigned integer in LEB128 at an index; returns the index after it. */
function putInteger(bytes: Uint8Array, at: number, value: number): number {
  for (; value > 127; value >>>= 7) bytes[at++] = (value & 127) | 128;
  bytes[at++] = value;
  return at;
}

/**
 * The bytes of a module from its text. It is one loop over arrays, with few calls, because it runs once, before an engine
 * optimises it. (With a function that returns the next number, and arrays that grow, it took 2.5 times as long.)
 */
export function decode(text: string): Uint8Array<ArrayBuffer> {
  const { numbers, starts } = numbersOf(text);
  let [head, list, word, code, read, written, rest] = starts;
  const size = numbers[list++] + (numbers[list++] << 9);
  // A function's size is written before it but known after it, so that a function is first written five bytes later.
  const bytes = new Uint8Array(size + 5);
  let at = 0;
  while (head < starts[1]) bytes[at++] = numbers[head++];

  // The index of each word: its length, then its bytes. Numbers 0 and 1 are not words.
  const words = new Uint16Array(numbers[word++] + 2);
  for (let i = 2; i < words.length; i++) {
    words[i] = word;
    word += 1 + numbers[word];
  }
  // The local variables of a function, in the order of their last use.
  const recent = new Uint16Array(1024);
  for (let functions = numbers[list++]; functions > 0; functions--) {
    let locals = numbers[list++];
    for (let i = 0; i < locals; i++) recent[i] = i;
    const begin = at + 5;
    let groups = numbers[list++];
    let end = putInteger(bytes, begin, groups);
    for (; groups > 0; groups--) {
      end = putInteger(bytes, end, numbers[list++]);
      bytes[end++] = 0x7f - numbers[list++];
    }
    // 0 ends the function. 1 is a word that is spelled out; it comes next in the list of words.
    for (let number = numbers[code++]; number > 0; number = numbers[code++]) {
      let from = words[number];
      if (number === 1) {
        from = word;
        word += 1 + numbers[word];
      }
      const first = numbers[from + 1];
      for (const to = from + numbers[from]; from < to; ) bytes[end++] = numbers[++from];
      // local.get, local.set and local.tee have a variable. Rank 0 is a variable that was not used before.
      if (first < 0x20 || first > 0x22) continue;
      let rank = numbers[first === 0x20 ? read++ : written++] - 1;
      const local = rank < 0 ? locals : recent[rank];
      if (rank < 0) rank = locals++;
      recent.copyWithin(1, 0, rank);
      recent[0] = local;
      end = putInteger(bytes, end, local);
    }
    bytes[end++] = 0x0b;
    at = putInteger(bytes, at, end - begin);
    bytes.copyWithin(at, begin, end);
    at += end - begin;
  }
  while (at < size) bytes[at++] = numbers[rest++];
  return bytes.slice(0, size);
}
