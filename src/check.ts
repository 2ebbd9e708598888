// Checks of arguments, and their errors. An error says which function, which argument, what its value is, and what to pass
// instead. A wrong type is a TypeError, a wrong value a RangeError. Functions check all arguments before they write anything.

/** The items of an array, which may have lost its methods; or the value alone. */
export const partsOf = (value: unknown): unknown[] => (Array.isArray(value) ? Array.from(value) : [value]);

/** A value in the words of an error. */
export function what(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string')
    return `the string ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (Array.isArray(value)) {
    const shown = partsOf(value).slice(0, 8);
    for (const [i, v] of shown.entries()) if (typeof v !== 'number') shown[i] = Array.isArray(v) ? '[…]' : typeof v;
    return value.length > 8
      ? `the array [${shown.join(', ')}, …] of ${value.length}`
      : `the array [${shown.join(', ')}]`;
  }
  const name = String(value.constructor?.name ?? '');
  if (name === '' || name === 'Object') return 'an object';
  const named = `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
  return ArrayBuffer.isView(value) ? `${named} of ${(value as Float32Array).length ?? value.byteLength}` : named;
}

/** Other words for names, as other libraries have them. */
const synonyms: Readonly<Record<string, string>> = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  bce: 'binaryCrossEntropy',
  lrelu: 'leakyRelu',
  swish: 'silu',
  learningrate: 'lr',
  stddev: 'std',
};

/** Whether at most `edits` edits make b of a: a character inserted, left out or replaced, or two exchanged. */
function isNear(a: string, b: string, edits: number): boolean {
  if (a === b) return true;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return isNear(restA, restB, edits);
  const changed = [a[1] + a[0] + a.slice(2), restA, b[0] + a, b[0] + restA];
  return edits > 0 && changed.some((word) => isNear(word, b, edits - 1));
}

/** Which of the known names is meant by another, as the end of an error; '' if none is like it. */
function suggestion(name: string, known: readonly string[]): string {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const word = plain(name.slice(0, 40));
  for (const edits of [0, 1, 2]) {
    const meant = known.find((one) => {
      const other = plain(one);
      return (
        one === synonyms[word] ||
        (word.length > 2 * edits && (isNear(word, other, edits) || (edits > 0 && other.startsWith(word))))
      );
    });
    if (meant) return `; did you mean ${meant}?`;
  }
  return '';
}

/** Options before their check. Their values are unknown, so that none can be used unchecked. */
export type Unchecked<T> = { [K in keyof T]?: unknown };

/** A copy of the given options, each read once. TypeError for an unknown name and for null; undefined counts as left out. */
export function options<T extends object>(
  where: string,
  given: T | undefined,
  known: readonly (keyof T & string)[],
): Unchecked<T> {
  const copy: Record<string, unknown> = {};
  if (given === undefined) return copy as Unchecked<T>;
  if (typeof given !== 'object' || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) {
    throw new TypeError(`${where}: the options are ${what(given)}; pass an object with any of ${known.join(', ')}`);
  }
  for (const key of Object.keys(given)) {
    // __proto__ is no option, whatever the known names: to write it would change the copy's prototype.
    if (key === '__proto__' || !(known as readonly string[]).includes(key))
      throw new TypeError(
        `${where}: unknown option ${key}; there are ${known.length > 0 ? known.join(', ') : 'none'}${suggestion(key, known)}`,
      );
  }
  for (const key of known) {
    const value = notNull(where, key, (given as Record<string, unknown>)[key]);
    if (value !== undefined) copy[key] = value;
  }
  return copy as Unchecked<T>;
}

/** The value of an option. TypeError for null. */
export function notNull<V>(where: string, name: string, value: V): V {
  if (value === null) throw new TypeError(`${where}: ${name} is null; pass a value, or leave it out`);
  return value;
}

/**
 * Whether an object has no other properties than `first`, `second` and `third`, nor any of `others` by inheritance. Such
 * options can be read without `options`: this takes 7 ns, `options` 40 to 110. No value is read here, so that `options` can
 * still read each once.
 */
export function hasOnly<N extends string>(
  given: unknown,
  others: readonly string[],
  first: N,
  second = first,
  third = first,
): given is Partial<Record<N, unknown>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) return false;
  for (const name in given) if (name !== first && name !== second && name !== third) return false;
  for (let i = 0; i < others.length; i++) if (others[i] in given) return false;
  return true;
}

export interface Bounds {
  least?: number;
  most?: number;
  /** Whether the bounds themselves are excluded. */
  open?: boolean;
  /** Whether Infinity is allowed. */
  infinite?: boolean;
}

/** A number within bounds, which binary32 can represent. */
export function number(
  where: string,
  name: string,
  value: unknown,
  { least = -Infinity, most = Infinity, open, infinite }: Bounds = {},
): number {
  if (typeof value !== 'number') throw new TypeError(`${where}: ${name} is ${what(value)}; pass a number`);
  // A number must not round to an open bound in binary32, in which kernels compute.
  const inside = open ? value > least && Math.fround(value) > least && value < most : value >= least && value <= most;
  if (!inside || (!infinite && !Number.isFinite(value))) {
    const above = least === -Infinity ? '' : `${open ? 'greater than' : 'at least'} ${least}`;
    const below = most === Infinity ? '' : `${open ? 'less than' : 'at most'} ${most}`;
    const range = [above, below].filter(Boolean).join(' and ') || (infinite ? 'that is not NaN' : 'that is finite');
    throw new RangeError(`${where}: ${name} is ${what(value)}; pass a number ${range}`);
  }
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    throw new RangeError(`${where}: ${name} is ${value}, beyond binary32; pass a number of at most 3.4e38`);
  }
  return value;
}

/** A whole number within bounds. */
export function whole(
  where: string,
  name: string,
  value: unknown,
  { least = 0, most = Number.MAX_SAFE_INTEGER }: Bounds = {},
): number {
  if (typeof value !== 'number') throw new TypeError(`${where}: ${name} is ${what(value)}; pass a whole number`);
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    const range =
      most < Number.MAX_SAFE_INTEGER
        ? `from ${least} to ${most}`
        : value > most
          ? `of at most ${most}`
          : `at least ${least}`;
    throw new RangeError(`${where}: ${name} is ${what(value)}; pass a whole number ${range}`);
  }
  return value;
}

/** true or false. */
export function flag(where: string, name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${where}: ${name} is ${what(value)}; pass true or false`);
  return value;
}

/** One of several strings. */
export function choice<T extends string>(where: string, name: string, value: unknown, choices: readonly T[]): T {
  if (typeof value !== 'string')
    throw new TypeError(`${where}: ${name} is ${what(value)}; pass one of ${choices.join(', ')}`);
  if (!(choices as readonly string[]).includes(value)) {
    throw new RangeError(
      `${where}: ${name} is ${what(value)}; pass one of ${choices.join(', ')}${suggestion(value, choices)}`,
    );
  }
  return value as T;
}

const tagOf = /* @__PURE__ */ (() =>
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get!)();
/** The class name of a typed array of any realm, unless it has lost its methods; undefined for any other value. */
export const classOf = (value: unknown): string | undefined =>
  ArrayBuffer.isView(value) && 'set' in value ? tagOf.call(value) : undefined;

/** The end of an error: how a typed array of a class is made of numbers, or of rows of numbers. */
function conversion(kind: string, name: string, value: unknown): string {
  const isNumbers = (values: unknown[]) => values.every((v) => typeof v === 'number');
  const parts = partsOf(value);
  const source = !Array.isArray(value)
    ? /^(Ui|I|F)/.test(classOf(value) ?? '') && name
    : isNumbers(parts)
      ? name
      : isNumbers(parts.flat())
        ? `${name}.flat()`
        : parts.every(classOf) && `${name}.flatMap((row) => [...row])`;
  return source ? `; ${kind}.from(${source}) makes one` : '';
}

/** A typed array of a class. Its buffer is neither detached nor shared, unless it is a workspace's. */
function array<T extends Float32Array | Uint32Array>(where: string, name: string, value: unknown, kind: string): T {
  if (classOf(value) !== kind) {
    const isObject = typeof value === 'object' && value !== null;
    const said =
      isObject && 'data' in value && 'shape' in value
        ? 'is a tensor; pass its data'
        : isObject && !ArrayBuffer.isView(value) && value.constructor?.name === kind
          ? `is no ${kind} but a Proxy or an heir of one; pass the array itself`
          : `is ${what(value)}; pass a ${kind}${conversion(kind, name, value)}`;
    throw new TypeError(`${where}: ${name} ${said}`);
  }
  attached(where, name, value as T);
  return value as T;
}

/** The shared buffers of workspaces. While threads of a workspace work, its user has to wait; nothing else writes there. */
export const sharedBuffers = new WeakSet<ArrayBufferLike>();

/** The parameters of models of which threads make a step: what is written there is lost. */
export const lockedArrays = new Set<ArrayBufferView>();

/** Whether two views have bytes in common. */
const overlap = (a: ArrayBufferView, b: ArrayBufferView) =>
  a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;

/** TypeError where a view's buffer is detached, or shared and not a workspace's. Error for one of lockedArrays. */
export function attached(where: string, name: string, view: ArrayBufferView): void {
  const { buffer } = view;
  if (lockedArrays.size > 0)
    for (const parameters of lockedArrays)
      if (overlap(view, parameters))
        throw new Error(`${where}: ${name} is of a model of which threads make a step; wait for it`);
  // Only toString tells the class of a buffer of another realm. It takes 40 ns.
  if (!(buffer instanceof ArrayBuffer) && Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]') {
    if (sharedBuffers.has(buffer)) return;
    throw new TypeError(
      `${where}: ${name} is on shared memory, which may change while it is read; pass a copy, ${name}.slice()`,
    );
  }
  if (view.byteLength > 0) return;
  try {
    new Uint8Array(buffer);
    // The memory may be shorter than it was: then methods of an array throw.
    if ('keys' in view) (view as Uint8Array).keys();
  } catch (cause) {
    throw new TypeError(`${where}: ${name} is detached: its memory was transferred or cut; pass an array made since`, {
      cause,
    });
  }
}

export const float32 = (where: string, name: string, value: unknown): Float32Array =>
  array(where, name, value, 'Float32Array');
export const uint32 = (where: string, name: string, value: unknown): Uint32Array =>
  array(where, name, value, 'Uint32Array');

/** RangeError where two lengths differ. */
export function sameLength(where: string, name: string, length: number, other: string, expected: number): void {
  if (length !== expected)
    throw new RangeError(`${where}: ${name} has ${length} values and ${other} ${expected}; make them the same`);
}

/** RangeError where an output overlaps an input, unless it is the input itself. Not that either, if strictly. */
export function apart(
  where: string,
  name: string,
  out: ArrayBufferView,
  other: string,
  input: ArrayBufferView,
  strictly = false,
): void {
  if (out.buffer === input.buffer && !strictly && out.byteOffset === input.byteOffset) return;
  if (overlap(out, input)) {
    const itself = strictly ? '' : `${other} itself, or `;
    throw new RangeError(`${where}: ${name} overlaps ${other}; pass ${itself}an array apart from it`);
  }
}

/**
 * Results. They are on memory of their own, as a Blob takes them: Float32Array<ArrayBuffer>, which TypeScript before 5.7 does not
 * know. (With `out` a result is out, on whatever memory that is.)
 */
export type Floats = ReturnType<Float32Array['slice']>;
export type Words = ReturnType<Uint32Array['slice']>;

/** A new array of n zeros. RangeError where memory is too small. */
export function allocate<T extends Float32Array | Uint32Array>(
  where: string,
  n: number,
  kind: { new (n: number): T },
): T {
  try {
    return new kind(n);
  } catch (cause) {
    throw new RangeError(`${where}: ${n} values do not fit into memory; ask for fewer, or for a slice`, { cause });
  }
}

/** The array for a result: `out`, checked against one or two inputs, or a new array of their length. */
export function output(
  where: string,
  out: unknown,
  name: string,
  input: Float32Array,
  otherName?: string,
  otherInput?: Float32Array,
): Floats {
  if (out === undefined) return allocate(where, input.length, Float32Array);
  const result = float32(where, 'out', out);
  sameLength(where, 'out', result.length, name, input.length);
  apart(where, 'out', result, name, input);
  if (otherName !== undefined && otherInput !== undefined) apart(where, 'out', result, otherName, otherInput);
  return result as Floats;
}
