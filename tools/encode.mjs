// Encodes a WebAssembly module as a text that JavaScript carries. src/wasm/decode.ts decodes it. The three modules together
// are 25 kB of text, 17 kB gzipped (base64: 104 and 36; their bytes by DEFLATE: 29).
//
// - Code is a sequence of words. A word is an instruction without its local variable. A frequent word is written as its
//   number; another word is spelled out.
// - Local variables are written by move-to-front coding: how many other variables were used since this one was. The four
//   vectors of an iteration differ only in their variables, so that they become four equal sequences, which gzip finds.
//   Variables are numbered in the order of their first use. There is one for each value unless branches merge
//   (asconfig.json's ssa-nomerge: 0.5 kB less, and no kernel is slower).
// - Words, variables that are read, variables that are written and all else are separate parts, since their statistics
//   differ.
// - A number is one character, or two from 80 on. The text is ASCII, so that a page in any encoding can have it. A server's
//   gzip compresses it.
//
// Tried and left: DEFLATE inside the text (19 kB installed, 1.3 kB less to download, and an inflater of our own); LZMA over
// the bytes (18.4 kB, and 18 ms to decode); an arithmetic coder that mixes six orders of these numbers (15.9 kB, 45 ms; three
// orders: 17.8 and 30).

/** A word used more often than this has a number. */
const OFTEN = 4;

/** The most local variables of a function; decode.ts has an array for them. */
const MOST_LOCALS = 1024;

/** An unsigned integer in LEB128. */
function leb(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

/** Reads a module's numbers and instructions. */
function reader(bytes) {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  /** Skips the operands of an instruction. Error for an instruction that is not known here: its operands would be misread. */
  const skipOperands = (code, from) => {
    const within = (value, ...ranges) => ranges.some(([first, last]) => value >= first && value <= last);
    const unknown = (name) => new Error(`instruction ${name} at byte ${from} is not known to encode.mjs; add it there`);
    if (within(code, [0x02, 0x04])) {
      if (bytes[at] < 0x40) throw unknown('block with a type of its own');
      at++;
    } else if ([0x0c, 0x0d, 0x10, 0x23, 0x24, 0x3f, 0x40, 0x41, 0x42].includes(code)) number();
    else if (code === 0x0e) for (let labels = number(); labels >= 0; labels--) number();
    else if (code === 0x11 || within(code, [0x28, 0x3e])) number() + number();
    else if (code === 0x43) at += 4;
    else if (code === 0x44) at += 8;
    else if (code === 0xfc) {
      const bulk = number();
      if (bulk === 8 || bulk === 10) number() + number();
      else if (bulk === 9 || bulk === 11) number();
      else if (bulk > 7) throw unknown(`fc ${bulk}`);
    } else if (code === 0xfd) {
      const vector = number();
      if (vector === 12 || vector === 13) at += 16;
      else if (vector <= 11 || vector === 92 || vector === 93) number() + number();
      else if (within(vector, [21, 34])) at++;
      else if (within(vector, [84, 91])) number() + number() + at++;
      else if (vector > 255) throw unknown(`fd ${vector}`);
    } else if (!within(code, [0, 1], [5, 5], [0x0b, 0x0b], [0x0f, 0x0f], [0x1a, 0x1b], [0x45, 0xc4])) {
      throw unknown(code.toString(16));
    }
  };
  return {
    number,
    byte: () => bytes[at++],
    index: () => at,
    moveTo: (to) => {
      at = to;
    },
    /** The next instruction's bytes. If it reads or writes a local variable, its code alone and the variable. */
    instruction() {
      const from = at;
      const code = bytes[at++];
      if (code >= 0x20 && code <= 0x22) return { word: [code], local: number() };
      skipOperands(code, from);
      return { word: [...bytes.subarray(from, at)] };
    },
  };
}

/** The bounds of the code section, and its functions: parameters, types of local variables, and instructions. */
function functionsOf(bytes) {
  const { number, byte, index, moveTo, instruction } = reader(bytes);
  const parameters = [];
  const types = [];
  const functions = [];
  let [begin, last] = [0, 0];
  while (index() < bytes.length) {
    const from = index();
    const section = byte();
    const end = number() + index();
    if (section === 1) {
      for (let count = number(); count > 0; count--) {
        byte();
        parameters.push(number());
        moveTo(index() + parameters.at(-1));
        moveTo(number() + index());
      }
    } else if (section === 3) for (let count = number(); count > 0; count--) types.push(number());
    else if (section === 10) {
      const count = number();
      begin = from;
      for (let i = 0; i < count; i++) {
        const close = number() + index();
        const arity = parameters[types[i]];
        const kinds = Array(arity).fill(0);
        for (let groups = number(); groups > 0; groups--) {
          const length = number();
          kinds.push(...Array(length).fill(byte()));
        }
        const code = [];
        while (index() < close) code.push(instruction());
        if (index() !== close) throw new Error(`function ${i} ends within an instruction`);
        functions.push({ parameters: arity, kinds, code });
      }
      last = end;
    }
    moveTo(end);
  }
  if (begin === 0) throw new Error('a module without functions');
  return { begin, last, functions };
}

/** Renumbers local variables in the order of their first use, after the parameters. `groups` has the types of those used. */
function rename({ parameters, kinds, code }) {
  const names = new Map(Array.from({ length: parameters }, (_, i) => [i, i]));
  const used = [];
  for (const instruction of code) {
    const { local } = instruction;
    if (local === undefined) continue;
    if (!names.has(local)) {
      names.set(local, names.size);
      used.push(kinds[local]);
    }
    instruction.local = names.get(local);
  }
  if (names.size > MOST_LOCALS)
    throw new Error(`a function has more than ${MOST_LOCALS} variables, for which decode.ts has no space`);
  const groups = [];
  for (const kind of used) {
    if (groups.at(-1)?.[1] === kind) groups.at(-1)[0]++;
    else groups.push([1, kind]);
  }
  return { parameters, groups, code };
}

/** The module with its variables renumbered, and its bytes before the first function. */
function assemble(bytes, begin, last, functions) {
  const bodies = functions.flatMap(({ groups, code }) => {
    const body = leb(groups.length).concat(...groups.map(([length, kind]) => [...leb(length), kind]));
    for (const { word, local } of code) body.push(...word, ...(local === undefined ? [] : leb(local)));
    return [...leb(body.length), ...body];
  });
  const count = leb(functions.length);
  const head = [...bytes.subarray(0, begin), 10, ...leb(count.length + bodies.length), ...count];
  return { head, bytes: Uint8Array.from([...head, ...bodies, ...bytes.subarray(last)]) };
}

/** Digits are 91 characters, from '#' on without the backslash. */
const FIRST = 35;
const letter = (digit) => String.fromCharCode(FIRST + digit + (digit >= 57 ? 1 : 0));

/** Digits from this on are the first of two: 11 x 91 more numbers. */
const TWO_DIGITS = 80;

function characters(value) {
  if (value < TWO_DIGITS) return letter(value);
  const high = TWO_DIGITS + Math.floor((value - TWO_DIGITS) / 91);
  if (high > 90) throw new Error(`${value} has no characters in encode.mjs`);
  return letter(high) + letter((value - TWO_DIGITS) % 91);
}

/** A module as a text, and the bytes that decode.ts makes of the text: the same module, its local variables renumbered. */
export function encode(module) {
  const { begin, last, functions: found } = functionsOf(module);
  const functions = found.map(rename);
  const { head, bytes } = assemble(module, begin, last, functions);

  const counts = new Map();
  for (const { code } of functions) {
    for (const { word } of code) counts.set(word.join(), (counts.get(word.join()) ?? 0) + 1);
  }
  const known = [...counts].filter(([, count]) => count > OFTEN).sort(([, a], [, b]) => b - a);
  const numbers = new Map(known.map(([word], i) => [word, i + 2]));

  const parts = { head: '', functions: '', words: '', code: '', read: '', written: '', rest: '' };
  const put = (part, ...values) => {
    for (const value of values) parts[part] += characters(value);
  };
  const spell = (word) => put('words', word.length, ...word);
  put('head', ...head);
  put('rest', ...module.subarray(last));
  // Two numbers of 9 bits each: the size of the module.
  put('functions', bytes.length & 511, bytes.length >> 9, functions.length);
  put('words', known.length);
  for (const [word] of known) spell(word.split(',').map(Number));
  for (const { parameters, groups, code } of functions) {
    put('functions', parameters, groups.length);
    for (const [length, kind] of groups) put('functions', length, 0x7f - kind);
    const recent = Array.from({ length: parameters }, (_, i) => i);
    for (const { word, local } of code.slice(0, -1)) {
      const number = numbers.get(word.join());
      put('code', number ?? 1);
      if (number === undefined) spell(word);
      if (local === undefined) continue;
      const rank = recent.indexOf(local);
      put(word[0] === 0x20 ? 'read' : 'written', rank + 1);
      if (rank >= 0) recent.splice(rank, 1);
      recent.unshift(local);
    }
    put('code', 0);
  }
  const text = Object.values(parts).join('!');
  // A page may have the file in an inline script.
  if (/<\/script|<!--/i.test(text))
    throw new Error('the text would end an inline script; change the order of its parts');
  return { text, bytes };
}
