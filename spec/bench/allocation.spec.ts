/** The allocation bench works at all. */
import t from 'tap';
import { checkReport, runBench, runScript } from '../support/bench.ts';

// Many processes, one after the other: on a busy machine each takes seconds to start.
t.setTimeout(300_000);

t.test('the frame reader alone allocates less than an object for each frame', (t) => {
  const report = runBench(t, 'allocation', 'ALLOC codec decode binary', '--rounds', '1');
  checkReport(t, report, ['barewire', 'frames', 'ws']);
  const [, frames, ws] = report.rows[0]!.entries;
  t.ok(frames!.median < ws!.median / 2);
  t.end();
});

t.test(
  'asked for sites, it names the functions that allocate, and the frame reader for no object',
  (t) => {
    const row = 'ALLOC codec decode binary';
    const { status, stdout, stderr } = runScript('allocation', row, '--rounds', '1', '--sites');
    t.equal(status, 0, stderr);
    // What comes first may be a function of Node's, while ours is not compiled yet.
    t.match(
      stdout,
      /barewire allocates for each message\n(?: +\d+ B {2}.+\n)*? +\d+ B {2}\S+ lib\//,
    );
    const [, frames = ''] =
      /frames allocates for each message\n([\s\S]*?) {2}ws/.exec(stdout) ?? [];
    const sizes = [...frames.matchAll(/(\d+) B {2}\S/g)].map(([, size]) => Number(size));
    // No object has less: what is below is made now and then, as while a function is compiled.
    t.strictSame(
      sizes.filter((size) => size >= 16),
      [],
      stdout,
    );
    t.match(stdout, /frames allocates for each message\n/);
    t.end();
  },
);

t.test('servers are measured while they echo', (t) => {
  const report = runBench(t, 'allocation', 'ALLOC server binary burst', '--rounds', '1');
  checkReport(t, report, ['barewire', 'ws', 'net.Socket']);
  t.same(Object.keys(report.rows[0]!.entries[0]!.parts!), ['heap', 'buffers']);
  t.end();
});
