// Several processes give the results of one, to the last bit: shards of a matrix larger than a machine, and a sweep with and
// without a queue. Processes are killed in the middle.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSafetensorsMetadata } from '@huggingface/hub';
import { init, random, safetensors } from 'fanwise';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

const running = new Set<ChildProcess>();
function program(file: string, ...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', `examples/${file}.ts`, ...args], { detached: true });
  running.add(child);
  let [said, complained] = ['', ''];
  child.stdout.on('data', (data) => (said += data));
  child.stderr.on('data', (data) => (complained += data));
  const closed = once(child, 'close').finally(() => running.delete(child));
  /** Resolves as soon as it has said that. */
  const says = async (what: RegExp) => {
    while (!what.test(said)) await Promise.race([once(child.stdout, 'data'), closed.then(() => Promise.reject(said))]);
  };
  const ended = closed.then(([code, signal]) => ({ code, signal, said, complained }));
  return { child, says, ended, complained: () => complained };
}
/** The output of a program that succeeds. On a busy machine a worker may lose the lock on its job, which must do no harm. */
async function run(file: string, ...args: string[]): Promise<string> {
  const { code, said, complained } = await program(file, ...args).ended;
  expect(complained).toMatch(/^(worker \d+: .*\block\b.*\n)*$/i);
  expect(code).toBe(0);
  return said;
}
/** Kills it and all that it has started, as when a machine fails. */
const killAll = ({ pid }: ChildProcess) => {
  try {
    process.kill(-pid!, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // all of them have just ended
  }
};
afterEach(() => {
  for (const child of running) killAll(child);
});

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'fanwise-distributed-'));
});
afterAll(() => rmSync(root, { recursive: true }));
const folder = (name: string) => join(root, name);
const contents = (name: string) =>
  Object.fromEntries(
    readdirSync(folder(name))
      .sort()
      .map((file) => [
        file,
        createHash('sha256')
          .update(readFileSync(join(folder(name), file)))
          .digest('hex'),
      ]),
  );
const count = (text: string, what: RegExp) => text.match(new RegExp(what, 'g'))?.length ?? 0;

describe('shards of 2^32 values', () => {
  const shards = (processes: number, out: string, ...more: string[]) =>
    run('shards/index', '--processes', String(processes), '--out', folder(out), ...more);
  const hash = '4ba0739a91e655b2a21cdc026ac5ef6017dbd135f636b4fe26f16bd4bc94a5b5';
  const same = RegExp(`shards  ${hash}\n.+ ${hash}, the same\n`);

  test('one process, and three: the same files', { timeout: 60_000 }, async () => {
    const [one, three] = [await shards(1, 'one'), await shards(3, 'three')];
    for (const said of [one, three]) {
      expect(said).toMatch(same);
      expect(count(said, / wrote /)).toBe(12);
      expect(said).toContain('25 slices of 4294967296 values, 11 of them across shards');
      // No process has the 17 GB.
      expect(Number(/more than (\S+) MB of memory/.exec(said)![1])).toBeLessThan(500);
    }
    expect(new Set(three.match(/process \d/g))).toEqual(new Set(['process 1', 'process 2', 'process 3']));
    expect(contents('three')).toEqual(contents('one'));
    expect(Object.keys(contents('one'))).toHaveLength(13);
  });

  test('the index is Hugging Face’s, and what it names is the matrix', { timeout: 60_000 }, async () => {
    const at = (file: string) => join(folder('one'), file);
    const { metadata, weight_map: map } = JSON.parse(readFileSync(at('model.safetensors.index.json'), 'utf8'));
    const names = Object.keys(map);
    expect(names).toEqual([...names].sort());
    expect(names).toHaveLength(36);
    let total = 0;
    for (const file of new Set<string>(Object.values(map))) {
      const { tensors } = safetensors.decode(readFileSync(at(file)));
      expect(Object.keys(tensors)).toEqual(names.filter((name) => map[name] === file));
      for (const [name, { data }] of Object.entries(tensors)) {
        const [from, to] = name.replace('weight.', '').split('-').map(Number);
        total += data.byteLength;
        expect(data).toHaveLength(to - from);
        // Drawn by itself from another place: the last three of them.
        const rng = random.philox(42).fork('weight');
        expect(data.slice(-3)).toEqual(init.xavierNormal([65_536, 65_536], { rng, slice: [to - 3, to] }));
      }
    }
    expect(metadata).toEqual({ total_size: total });
    expect([names[0], names.at(-1)]).toEqual(['weight.0000000000-0000262145', 'weight.4294705151-4294967296']);

    const served: typeof fetch = async (url, options) => {
      const bytes = readFileSync(at(String(url).split('/').at(-1)!));
      const [, from, to] = /bytes=(\d+)-(\d+)?/.exec(new Headers(options?.headers).get('Range') ?? 'bytes=0-') ?? [];
      const part = new Uint8Array(bytes.subarray(Number(from), to === undefined ? undefined : Number(to) + 1));
      const headers = { ETag: '"1"', 'Content-Range': `bytes ${from}-${to}/${bytes.length}` };
      return new Response(part, { status: 206, headers });
    };
    const { sharded, parameterCount } = await parseSafetensorsMetadata({
      repo: 'fanwise/test',
      path: 'model.safetensors.index.json',
      fetch: served,
      computeParametersCount: true,
    });
    expect(sharded).toBe(true);
    expect(parameterCount).toEqual({ F32: total / 4 });
  });

  test('five, of which one is killed in the middle of a file', { timeout: 60_000 }, async () => {
    const said = await shards(5, 'five', '--kill');
    expect(said).toMatch(/process 1 was killed by SIGKILL; another one does what it has left\n/);
    expect(said).toMatch(/process 1 keeps model-/);
    expect(said).toMatch(same);
    expect(contents('five')).toEqual(contents('one'));
  });

  test('all of them killed, and done again by another number of them', { timeout: 60_000 }, async () => {
    const { child, says, ended } = program('shards/index', '--processes', '2', '--out', folder('again'));
    await says(/ wrote /);
    killAll(child);
    await ended;
    const whole = readdirSync(folder('again')).filter((name) => name.startsWith('model-'));
    if (whole.length < 12) expect(existsSync(join(folder('again'), 'model.safetensors.index.json'))).toBe(false);
    const said = await shards(3, 'again');
    expect(count(said, / keeps /)).toBe(whole.length);
    expect(count(said, / wrote /)).toBe(12 - whole.length);
    expect(said).toMatch(same);
    expect(contents('again')).toEqual(contents('one'));

    // One is gone, one has lost its end; the others stay as they are.
    const [gone, cut, ...rest] = readdirSync(folder('again')).map((name) => join(folder('again'), name));
    const times = () => rest.filter((path) => !path.endsWith('.json')).map((path) => statSync(path).mtimeMs);
    const before = times();
    rmSync(gone);
    truncateSync(cut, 1_000_000);
    const third = await shards(1, 'again');
    expect([count(third, / keeps /), count(third, / wrote /)]).toEqual([10, 2]);
    expect(times()).toEqual(before);
    expect(contents('again')).toEqual(contents('one'));

    // Values that are not the matrix's are seen by the hash.
    const bytes = readFileSync(cut);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(cut, bytes);
    const { code, said: other } = await program('shards/index', '--out', folder('again')).ended;
    expect(code).toBe(1);
    expect(other).toContain('another: remove the folder');
  });
});

describe('sweep', () => {
  const JOBS = 16;
  const sweep = (out: string, ...more: string[]) => run('sweep/index', '--quick', '--out', folder(out), ...more);
  /** Each job's line is there once. */
  const complete = (said: string, jobs = JOBS) => {
    const lines = said.match(/^\[.+$/gm) ?? [];
    expect(lines).toHaveLength(jobs);
    expect(new Set(lines.map((line) => line.slice(8))).size).toBe(jobs);
  };
  let hash = '';
  const hashIn = (said: string) => /sha256 of all results (\w{64})\n/.exec(said)![1];

  beforeAll(async () => {
    const said = await sweep('local', '--workers', '1');
    complete(said);
    hash = hashIn(said);
    expect(Object.keys(contents('local'))).toHaveLength(JOBS);
  }, 60_000);

  test('three workers of this machine, one killed in the middle of a job', { timeout: 60_000 }, async () => {
    const said = await sweep('killed', '--workers', '3', '--kill');
    complete(said);
    const [, lost] = /is to die in (.+)\n/.exec(said)!;
    expect(said).toContain('was killed by SIGKILL');
    expect(said).toContain(`${lost} was lost, and is done again`);
    expect(hashIn(said)).toBe(hash);
    expect(contents('killed')).toEqual(contents('local'));
  });

  test('a second start does what is missing', { timeout: 60_000 }, async () => {
    const { child, says, ended } = program('sweep/index', '--quick', '--out', folder('resumed'));
    await says(/\[ 4\/16\]/);
    killAll(child);
    await ended;
    const there = readdirSync(folder('resumed')).filter((name) => name.endsWith('.json'));
    expect(there.length).toBeGreaterThan(3);
    const said = await sweep('resumed');
    expect(said).toContain(`16 jobs, ${there.length} of them done before`);
    complete(said, JOBS - there.length);
    expect(hashIn(said)).toBe(hash);
    complete(await sweep('resumed'), 0);
    for (const [file, sha] of Object.entries(contents('local'))) expect(contents('resumed')[file]).toBe(sha);
  });

  test('what is wrong is said', { timeout: 60_000 }, async () => {
    const [zero, alone] = [program('sweep/index', '--workers', '0'), program('sweep/worker')];
    expect(await zero.ended).toMatchObject({
      code: 1,
      complained: expect.stringContaining('pass a whole number from 1'),
    });
    expect(await alone.ended).toMatchObject({ code: 1, complained: expect.stringContaining('pass --redis redis://') });
  });

  const missing = [
    ...(existsSync('examples/sweep/node_modules/bullmq') ? [] : ['bullmq (npm ci in examples/sweep)']),
    ...(existsSync('/usr/bin/redis-server') ? [] : ['redis-server']),
  ].join(' and ');
  if (missing && process.env.FANWISE_REDIS === 'required')
    throw new Error(`Redis is required, and there is no ${missing}`);
  if (missing) console.warn(`Left out: the sweep on BullMQ (there is no ${missing})`);

  describe.skipIf(missing)('on BullMQ', () => {
    let server: ChildProcess;
    let port = 0;
    let url = '';
    const redis = (...command: string[]) =>
      execFileSync('/usr/bin/redis-cli', ['-p', String(port), ...command], { encoding: 'utf8' }).trim();
    const key = (name: string) => `bull:fanwise-sweep:${name}`;
    /** Of each job, how often it has completed, in the queue's own account. */
    const completions = () => {
      const words = redis('xrange', key('events'), '-', '+').split('\n');
      const ids = words.flatMap((word, i) => (word === 'completed' && words[i - 1] === 'event' ? [words[i + 2]] : []));
      return ids.sort();
    };
    const each = () => Object.keys(contents('local')).map((file) => file.replace('.json', ''));

    beforeAll(async () => {
      const probe = createServer().listen(0, '127.0.0.1');
      await once(probe, 'listening');
      ({ port } = probe.address() as AddressInfo);
      probe.close();
      await once(probe, 'close');
      url = `redis://127.0.0.1:${port}`;
      const options = {
        port: String(port),
        bind: '127.0.0.1',
        dir: mkdtempSync(join(root, 'redis-')),
        save: '',
        appendonly: 'no',
      };
      server = spawn(
        '/usr/bin/redis-server',
        Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
      );
      let log = '';
      server.stdout!.on('data', (data) => (log += data));
      while (!log.includes('Ready to accept connections'))
        await Promise.race([
          once(server.stdout!, 'data'),
          once(server, 'close').then(() => Promise.reject(new Error(`redis-server ended: ${log}`))),
        ]);
    }, 60_000);
    afterAll(async () => {
      const closed = once(server, 'close');
      server.kill();
      await closed;
    });

    test('three workers, one killed: each result once, and the same', { timeout: 60_000 }, async () => {
      redis('flushall');
      const said = await sweep('redis', '--redis', url, '--kill', '--lock', '1000');
      complete(said);
      const [, lost] = /is to die in (.+)\n/.exec(said)!;
      expect(said).toContain('was killed by SIGKILL');
      expect(said).toContain(`${lost} was lost, and is done again`);
      expect(hashIn(said)).toBe(hash);
      expect(contents('redis')).toEqual(contents('local'));
      expect(completions()).toEqual(each());
      expect([redis('zcard', key('completed')), redis('zcard', key('failed'))]).toEqual(['16', '0']);

      // Another machine's folder: the results are in Redis, and nobody trains.
      complete(await sweep('other', '--redis', url, '--workers', '0'));
      expect(contents('other')).toEqual(contents('local'));
      expect(completions()).toEqual(each());
    });

    test('all of it killed: a second start does what is missing', { timeout: 60_000 }, async () => {
      redis('flushall');
      const args = ['--quick', '--out', folder('redis-resumed'), '--redis', url, '--lock', '1000'];
      const { child, says, ended } = program('sweep/index', ...args);
      await says(/\[ 4\/16\]/);
      killAll(child);
      await ended;
      const said = await run('sweep/index', ...args);
      const [, before] = /, (\d+) of them done before/.exec(said)!;
      expect(Number(before)).toBeGreaterThan(3);
      complete(said, JOBS - Number(before));
      expect(hashIn(said)).toBe(hash);
      expect(completions()).toEqual(each());
    });

    test('a worker that was only asleep comes too late', { timeout: 60_000 }, async () => {
      redis('flushall');
      const help = () => program('sweep/worker', '--redis', url, '--lock', '1000');
      const sleeper = help();
      const main = program('sweep/index', '--quick', '--out', folder('asleep'), '--redis', url, '--workers', '0');
      while (redis('llen', key('active')) === '0') await new Promise((later) => setTimeout(later, 5));
      process.kill(sleeper.child.pid!, 'SIGSTOP');
      const other = help();
      const { code, said } = await main.ended;
      expect(code).toBe(0);
      complete(said);
      expect(said).toContain('was lost, and is done again');
      process.kill(sleeper.child.pid!, 'SIGCONT');
      while (!/Missing lock/.test(sleeper.complained())) await new Promise((later) => setTimeout(later, 20));
      // What is under way is finished, and then they end.
      for (const { child } of [sleeper, other]) child.kill();
      for (const { ended } of [sleeper, other]) expect((await ended).code).toBe(0);
      expect(contents('asleep')).toEqual(contents('local'));
      expect(completions()).toEqual(each());
    });

    test('no Redis, and no such address', { timeout: 60_000 }, async () => {
      const at = (address: string) =>
        program('sweep/index', '--quick', '--out', folder('none'), '--redis', address).ended;
      const [nobody, strange] = await Promise.all([at('redis://127.0.0.1:1'), at('http://127.0.0.1')]);
      expect(nobody).toMatchObject({
        code: 1,
        complained: expect.stringContaining('there is no Redis at redis://127'),
      });
      expect(strange).toMatchObject({ code: 1, complained: expect.stringContaining('pass redis://host:port') });
    });
  });
});
