// How a WebAssembly module becomes a text in the JavaScript; src/wasm/decode.ts makes the bytes again. All three modules are
// 25 kB of text, 17 gzipped (base64: 104 and 36; what DEFLATE makes of the bytes themselves: 29).
//
// - The code is told by its words. A word is an instruction without its local variable. A word that is used often has a
//   number; one that is not is spelled where a number would stand.
// - A local variable is told by move-to-front coding: how many others were used since it was. The four vectors of a turn
//   differ in nothing but the names of their variables, so they become four times the same, which gzip sees. Variables are
//   numbered in the order of their first use, and there is one for each value unless branches merge (asconfig.json's
//   ssa-nomerge: 0.5 kB, and no kernel is slower).
// - Words, variables read, variables written and the rest stand in parts of their own: their statistics differ.
// - A number is a character, or from 91 on two. The text is ASCII: a page in any encoding reads it. A server's gzip
//   packs it on its way.
//
// Not taken: DEFLATE inside the text (19 kB where it is installed, 1.3 kB less on the way, and an inflater of our own to
// debug); LZMA over the bytes (18.4 kB, and 18 ms); an arithmetic coder that mixes six orders of these numbers (15.9 kB, and
// 45 ms; three orders: 17.8 and 30).

/** Words used more often than that have a number. */
const OFTEN = 4;

/** Local variables of a function, as many as decode.ts keeps. */
const MOST = 1024;

/** An unsigned integer as WebAssembly has it. */
function leb(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

/** Reads numbers and instructions. */
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
  /** Passes over what an instruction has behind its code; one that is not known here would be read as something else. */
  const operands = (code, from) => {
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
    place: () => at,
    move: (to) => {
      at = to;
    },
    /** Its bytes; and if it reads or writes a local variable, its code and which. */
    instruction() {
      const from = at;
      const code = bytes[at++];
      if (code >= 0x20 && code <= 0x22) return { word: [code], local: number() };
      operands(code, from);
      return { word: [...bytes.subarray(from, at)] };
    },
  };
}

/** Where the section of functions begins and ends, and each: its parameters, the types of its local variables, its instructions. */
function functionsOf(bytes) {
  const { number, byte, place, move, instruction } = reader(bytes);
  const parameters = [];
  const types = [];
  const functions = [];
  let [begin, last] = [0, 0];
  while (place() < bytes.length) {
    const from = place();
    const section = byte();
    const end = number() + place();
    if (section === 1) {
      for (let count = number(); count > 0; count--) {
        byte();
        parameters.push(number());
        move(place() + parameters.at(-1));
        move(number() + place());
      }
    } else if (section === 3) for (let count = number(); count > 0; count--) types.push(number());
    else if (section === 10) {
      const count = number();
      begin = from;
      for (let i = 0; i < count; i++) {
        const close = number() + place();
        const taken = parameters[types[i]];
        const kinds = Array(taken).fill(0);
        for (let groups = number(); groups > 0; groups--) {
          const many = number();
          kinds.push(...Array(many).fill(byte()));
        }
        const code = [];
        while (place() < close) code.push(instruction());
        if (place() !== close) throw new Error(`function ${i} ends within an instruction`);
        functions.push({ parameters: taken, kinds, code });
      }
      last = end;
    }
    move(end);
  }
  if (begin === 0) throw new Error('a module without functions');
  return { begin, last, functions };
}

/** Names local variables in the order of their first use, behind the parameters; the types of those that are used. */
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
  if (names.size > MOST)
    throw new Error(`a function has more than ${MOST} variables, for which decode.ts has no space`);
  const groups = [];
  for (const kind of used) {
    if (groups.at(-1)?.[1] === kind) groups.at(-1)[0]++;
    else groups.push([1, kind]);
  }
  return { parameters, groups, code };
}

/** A module, its variables renamed; and what stands in it before the first function. */
function assemble(bytes, begin, last, functions) {
  const bodies = functions.flatMap(({ groups, code }) => {
    const body = leb(groups.length).concat(...groups.map(([many, kind]) => [...leb(many), kind]));
    for (const { word, local } of code) body.push(...word, ...(local === undefined ? [] : leb(local)));
    return [...leb(body.length), ...body];
  });
  const count = leb(functions.length);
  const head = [...bytes.subarray(0, begin), 10, ...leb(count.length + bodies.length), ...count];
  return { head, bytes: Uint8Array.from([...head, ...bodies, ...bytes.subarray(last)]) };
}

/** The first of the 91 characters that stand for digits, '#'; the backslash is left out. */
const FIRST = 35;
const letter = (digit) => String.fromCharCode(FIRST + digit + (digit >= 57 ? 1 : 0));

/** Digits from 80 on begin a number of two: 11 x 91 numbers more. */
const ONE = 80;

function characters(value) {
  if (value < ONE) return letter(value);
  const high = ONE + Math.floor((value - ONE) / 91);
  if (high > 90) throw new Error(`${value} has no characters in encode.mjs`);
  return letter(high) + letter((value - ONE) % 91);
}

/** A module as a text, and the bytes that the text gives: the same module, its local variables renumbered. */
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
    for (const [many, kind] of groups) put('functions', many, 0x7f - kind);
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
  // A page may have the file between its own tags.
  if (/<\/script|<!--/i.test(text)) throw new Error('the text has what ends a script in a page; order its parts anew');
  return { text, bytes };
}
