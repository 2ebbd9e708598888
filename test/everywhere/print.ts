// Where there is a process: the hashes on its output, and who made them.

import { hashes } from './results.js';

// Bun calls itself Node and V8 as well; what sets it apart is its WebKit.
const { node, deno, bun, v8, webkit } = process.versions;
const engine = webkit ? `JavaScriptCore ${webkit.slice(0, 8)}` : `V8 ${v8.split('-')[0]}`;
console.log(JSON.stringify({ version: deno ?? bun ?? node, engine, hashes: await hashes() }));
