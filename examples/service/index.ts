// tsx examples/service/index.ts [port]; SIGINT or SIGTERM ends it when open requests are answered, a second one at once.

import { start } from './service.js';

const { url, close } = await start({ port: Number(process.argv[2] ?? process.env.PORT ?? 8080) });
console.log(`${url} is ready`);
let closing = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, async () => {
    if (closing) process.exit(1);
    closing = true;
    await close();
    console.log('closed');
  });
}
