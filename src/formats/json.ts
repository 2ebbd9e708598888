// JSON as serde_json reads it, which the reference implementation of safetensors uses. JSON.parse also accepts 1.0 and 1e0 for
// whole numbers, lone surrogates, and any depth. Unlike both, this refuses an object with two entries of one name.

import { shown } from './bytes.js';

/** How deep arrays and objects may be nested, as in serde_json. */
const MAX_DEPTH = 127;

/**
 * The value of a text. Its objects have no prototype, and a whole number that is not written in digits alone stays a text. Throws
 * what `refuse` makes of a message.
 */
export function parse(text: string, refuse: (message: string) => Error): unknown {
  let [at, depth] = [0, 0];
  const wrong = (cause?: unknown) => Object.assign(refuse('the header is no JSON'), { cause });
  const isSpace = (code: number) => code === 32 || code === 10 || code === 13 || code === 9;
  const skip = () => {
    while (isSpace(text.charCodeAt(at))) at++;
  };
  /** Skips spaces, then a character if it comes next; returns whether it did. */
  const passes = (character: string): boolean => {
    skip();
    const is = text[at] === character;
    if (is) at++;
    return is;
  };
  /** The value of the text from `from` to here: a string, a number or a literal. */
  const simple = (from: number): unknown => {
    try {
      return JSON.parse(text.slice(from, at));
    } catch (cause) {
      throw wrong(cause);
    }
  };
  /** A string, after its first quote. */
  const string = (): string => {
    const from = at - 1;
    let isPlain = true;
    for (let code: number; (code = text.charCodeAt(at)) !== 34; at++) {
      if (Number.isNaN(code)) throw wrong();
      if (code === 92) at++;
      if (code === 92 || code < 32) isPlain = false;
    }
    at++;
    if (isPlain) return text.slice(from + 1, at - 1);
    const made = simple(from) as string;
    if (/\p{Surrogate}/u.test(made)) throw wrong();
    return made;
  };
  /** Reads the items of an array or an object, after its first bracket. */
  const items = (close: string, item: () => void) => {
    if (++depth > MAX_DEPTH) throw refuse(`the header nests more than ${MAX_DEPTH} deep`);
    if (passes(close)) return depth--;
    do item();
    while (passes(','));
    if (!passes(close)) throw wrong();
    return depth--;
  };
  const value = (): unknown => {
    if (passes('"')) return string();
    if (passes('[')) {
      const list: unknown[] = [];
      items(']', () => list.push(value()));
      return list;
    }
    if (passes('{')) {
      const object: Record<string, unknown> = Object.create(null);
      items('}', () => {
        if (!passes('"')) throw wrong();
        const name = string();
        if (name in object) throw refuse(`${shown(name)} is in the header twice`);
        if (!passes(':')) throw wrong();
        object[name] = value();
      });
      return object;
    }
    const from = at;
    for (let code: number; !isSpace((code = text.charCodeAt(at))) && code !== 44 && code !== 93 && code !== 125; at++)
      if (Number.isNaN(code)) break;
    const made = simple(from);
    if (made === Infinity || made === -Infinity) throw wrong();
    const word = text.slice(from, at);
    return Number.isInteger(made) && String(made) !== word ? word : made;
  };
  const made = value();
  skip();
  if (at < text.length) throw wrong();
  return made;
}
