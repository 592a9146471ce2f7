/** Suites work at all: each bench once, with the least effort, and what it writes. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { hasFastPath } from 'barewire/base';
import t from 'tap';
import { measureSuite } from '../../bench/support/suite.ts';
import { checkReport, runBench } from '../support/bench.ts';

const least = ['--rounds', '1', '--ms', '1'];

// Many processes, one after the other: on a busy machine each takes seconds to start.
t.setTimeout(300_000);

t.test('masking, UTF-8, handshakes, events and deflate are measured', (t) => {
  const masking = runBench(t, 'masking', 'mask 20', ...least);
  const ways = ['barewire', 'new target', 'bytes', 'words', 'simd', 'bufferutil', 'plain loop'];
  checkReport(t, masking, ways);
  const utf8 = runBench(t, 'utf8', 'string ASCII, 20', ...least);
  checkReport(t, utf8, ['barewire', 'isUtf8, utf8Slice', 'TextDecoder']);
  checkReport(t, runBench(t, 'handshake', 'on a', ...least), ['barewire', 'ws']);
  checkReport(t, runBench(t, 'sse', 'write 20', ...least), ['barewire', 'by hand', 'better-sse']);
  const deflate = runBench(t, 'deflate', 'echo 100 1', ...least);
  checkReport(t, { ...deflate, rows: deflate.rows.slice(0, 1) }, [
    'barewire',
    'level 6',
    'as ws',
    'documented',
    'ws',
    'ws, our settings',
  ]);
  const [ours, level6, asWs, documented, ws, wsLikeOurs] = deflate.rows[0]!.entries.map(
    ({ parts }) => parts!['on the wire, B'],
  );
  t.ok(ours! > 0 && ours! < 100, 'less than was sent');
  t.ok(level6! < ours!, 'a higher level compresses more');
  t.equal(ws, asWs, 'the same settings give the same bytes');
  t.equal(ours, hasFastPath('zlib-handles') ? wsLikeOurs : documented);
  t.end();
});

t.test('rounds are those of memory, too, and growth is a row beside others', (t) => {
  const { rows } = runBench(t, 'deflate', 'memory', '--quick', '--rounds', '1');
  t.same(
    rows.map(({ id, entries }) => [id, ...entries.map(({ samples }) => samples.length)]),
    [
      ['memory 100', 1, 1],
      ['memory 1024', 1, 1],
    ],
  );
  const script = fileURLToPath(new URL('../../bench/http.bench.js', import.meta.url));
  const args = [script, 'HTTP handshake', 'growth', ...least];
  // How inputs grow in so short a time says nothing, and may be found to be too fast.
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  t.match(stdout, /^HTTP handshake {2}/m);
  t.match(stdout, /^hostile inputs: /m);
  t.end();
});

t.test('a row that does not exist is refused', (t) => {
  const script = fileURLToPath(new URL('../../bench/masking.bench.js', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, 'mask 21'], { encoding: 'utf8' });
  t.equal(status, 2);
  t.match(stderr, 'no row begins with mask 21');
  t.end();
});

t.test('cases take turns, are prepared, and may be asynchronous', async (t) => {
  let prepared = 0;
  let overlapping = 0;
  let running = 0;
  const row = await measureSuite(
    { id: 'X', title: 'x' },
    [
      {
        name: 'barewire',
        prepare: () => {
          prepared += 1;
        },
        run: () => Math.sqrt(prepared),
      },
      {
        name: 'waits',
        isAsync: true,
        async run() {
          running += 1;
          overlapping = Math.max(overlapping, running);
          await Promise.resolve();
          running -= 1;
          return 1;
        },
      },
    ],
    { rounds: 2, milliseconds: 1 },
  );
  t.ok(prepared > 2);
  t.equal(overlapping, 1);
  t.same(
    row.entries.map(({ samples }) => samples.length),
    [2, 2],
  );
});

t.test('a case whose runs give no number is not measured', async (t) => {
  const nothing = { name: 'idle', run: () => undefined as unknown as number };
  const effort = { rounds: 1, milliseconds: 1 };
  const measuring = measureSuite({ id: 'X', title: 'x' }, [nothing], effort);
  await t.rejects(measuring, { message: 'idle: its runs gave no numbers' });
});
