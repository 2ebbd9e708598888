// Prints the verdicts on a network whose arrays are in a file, such as torch_hook.py writes:
// npx tsx examples/diagnose network.json

import { readFileSync } from 'node:fs';
import { diagnose } from 'fanwise';

const [, , file] = process.argv;
if (file === undefined) throw new Error('pass the name of a file that torch_hook.py has written');
const { layers, ...given } = JSON.parse(readFileSync(file, 'utf8'));
const { verdicts } = diagnose.network(layers, given);
for (const { level, message, fix } of verdicts) console.log(`${level}: ${message}\n  ${fix.message}`);
if (verdicts.length === 0) console.log('Nothing is found.');
