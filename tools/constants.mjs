// The numbers that src/ shares with the kernels (assembly/constants.ts), read from the compiled WebAssembly.

import asc from 'assemblyscript/asc';

const ENTRY = 'assembly/constants.ts';

/** The shared numbers by name. With `readFile`, which asc calls by name, a test can replace a source. */
export async function readConstants(readFile) {
  let binary;
  const writeFile = (_, contents) => {
    binary = contents;
  };
  const { error } = await asc.main([ENTRY, '--outFile', 'constants.wasm'], {
    stderr: process.stderr,
    writeFile,
    ...(readFile && { readFile }),
  });
  if (error) throw error;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
  const globals = Object.entries(exports).filter(([, value]) => value instanceof WebAssembly.Global);
  return Object.fromEntries(globals.map(([name, { value }]) => [name, value]));
}

/** The shared numbers as a file of TypeScript. */
export const constantsFile = (constants) =>
  [
    `// Made by tools/build.mjs from ${ENTRY}.\n\n`,
    ...Object.entries(constants).map(([name, value]) => `export const ${name} = ${value};\n`),
  ].join('');
