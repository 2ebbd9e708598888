// What a host may have beside the language (ECMAScript) and WebAssembly, and what is done where it has not: an AudioWorklet has
// no performance, no crypto and no TextEncoder, and a bare engine has nothing. All of it is looked for when it is used.

/** Node's process, as Bun and Deno have it too. */
interface Process {
  on?(event: 'exit', listener: (code: number) => void): void;
  off?(event: 'exit', listener: (code: number) => void): void;
}
type Host = Partial<
  Pick<
    typeof globalThis,
    'console' | 'crypto' | 'FinalizationRegistry' | 'performance' | 'MessageChannel' | 'setTimeout' | 'TextDecoder'
  >
> & { process?: Process };
const host = globalThis as Host;

/** Two words of the system's random bits. Error where the host gives none. */
export function systemBits(where: string): Uint32Array {
  if (!host.crypto?.getRandomValues)
    throw new Error(`${where}: without a seed it needs crypto.getRandomValues, which is not here; pass a seed`);
  return host.crypto.getRandomValues(new Uint32Array(2));
}

/** Milliseconds since some time. */
export const milliseconds = (): number => (host.performance ?? Date).now();

/** Lets the event loop have its turn. A message rather than a timer, which browsers hold back by 4 ms. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    try {
      const { port1, port2 } = new host.MessageChannel!();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(0);
    } catch {
      // There is none, or one that throws when it is used, as in Next's edge runtime. Where no event loop is known, the turn is
      // that of other promises.
      if (host.setTimeout) host.setTimeout(resolve);
      else resolve();
    }
  });
}

/** Writes a warning to the console, if there is one. */
export const warn = (text: string): void => host.console?.warn?.(text);

/** What is said of each object that is not used yet, by a token that stands for it. */
const unused = new Map<object, () => void>();
let registry: FinalizationRegistry<object> | undefined;
const atExit = (code: number) => {
  if (code === 0) for (const say of unused.values()) say();
};
/** Listens to the end of the process, or no longer. */
function listen(method: 'on' | 'off'): void {
  try {
    host.process?.[method]?.('exit', atExit);
  } catch {} // Next's edge runtime throws at what it does not have.
}
function forget(token: object): void {
  unused.delete(token);
  if (unused.size === 0) listen('off');
}
function collected(token: object): void {
  unused.get(token)?.();
  forget(token);
}

/**
 * Calls `say`, which must not refer to the object, if the object is collected before the function that is returned is called, or
 * if the process ends before, without an error: a short program ends before anything is collected.
 */
export function ifUnused(object: object, say: () => void): () => void {
  const token = {};
  registry ??= host.FinalizationRegistry && new host.FinalizationRegistry(collected);
  registry?.register(object, token, token);
  if (unused.size === 0) listen('on');
  unused.set(token, say);
  return () => {
    registry?.unregister(token);
    forget(token);
  };
}

/** The bytes of a text in UTF-8, as TextEncoder makes them: half of a surrogate pair is U+FFFD. */
export function utf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0)!;
    const code = point >= 0xd800 && point < 0xe000 ? 0xfffd : point;
    // How many bytes follow the first.
    const more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    bytes.push(more === 0 ? code : ((0xff00 >> (more + 1)) & 0xff) | (code >> (6 * more)));
    for (let i = more - 1; i >= 0; i--) bytes.push(0x80 | ((code >> (6 * i)) & 0x3f));
  }
  return bytes;
}

/** The text of bytes in UTF-8. An error where they are none. */
export function textOf(bytes: Uint8Array): string {
  if (host.TextDecoder) return new host.TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  // ECMAScript's own decoder, of %41%42: as strict, and a hundred times as slow.
  return decodeURIComponent(Array.from(bytes, (byte) => `%${(0x100 + byte).toString(16).slice(1)}`).join(''));
}
