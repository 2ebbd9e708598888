// For runtimes with a process: prints the hashes, and the version of the runtime and its engine.

import { hashes } from './results.js';

// Bun has the versions of Node and V8 as well; only Bun has one of WebKit.
const { node, deno, bun, v8, webkit } = process.versions;
const engine = webkit ? `JavaScriptCore ${webkit.slice(0, 8)}` : `V8 ${v8.split('-')[0]}`;
console.log(JSON.stringify({ version: deno ?? bun ?? node, engine, hashes: await hashes() }));
