// What a host may have beside the language (ECMAScript) and WebAssembly, and what is done where it has not: an AudioWorklet has
// no performance, no crypto and no TextEncoder, and a bare engine has nothing. All of it is looked for when it is used.

type Host = Partial<Pick<typeof globalThis, 'crypto' | 'performance' | 'MessageChannel' | 'setTimeout'>>;
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
