// The encoder of modules, which is a script of the build, and a module to encode.

const encoder = '../../tools/encode.mjs';
export const { encode } = (await import(encoder)) as {
  encode(module: Uint8Array): { text: string; bytes: Uint8Array };
};

/** A module of one function without parameters, with that code. */
export const moduleOf = (...code: number[]) => {
  const body = [0, ...code, 0x0b];
  const sections = [
    [1, 4, 1, 0x60, 0, 0],
    [3, 2, 1, 0],
    [10, body.length + 2, 1, body.length, ...body],
  ];
  return Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat());
};
