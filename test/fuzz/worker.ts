// A thread that computes all golden hashes once.

import { parentPort } from 'node:worker_threads';
import { hashes } from '../everywhere/results.js';

parentPort?.postMessage(`${JSON.stringify(await hashes(), null, 2)}\n`);
