import { ReplayLog, type ReplayLogOptions } from 'barewire/sse';
import t from 'tap';
import { usedMemory } from '../support/memory.ts';

const filled = (count: number, options: Partial<ReplayLogOptions> = {}): ReplayLog => {
  const log = new ReplayLog({ epoch: 'e1', ...options });
  for (let n = 1; n <= count; n += 1) log.append({ data: `event ${n}` });
  return log;
};

t.test('numbers events and writes the number into them', (t) => {
  const log = new ReplayLog({ epoch: 'e1' });
  t.equal(log.lastId, 'e1-0');
  t.same(log.append({ event: 'price', data: '7', retry: 100 }), {
    id: 'e1-1',
    text: 'event: price\nid: e1-1\nretry: 100\ndata: 7\n\n',
  });
  t.equal(log.append({ data: 'b' }).id, 'e1-2');
  t.equal(log.lastId, 'e1-2');
  t.equal(log.length, 2);
  t.end();
});

t.test('gives back everything after a position, in order', (t) => {
  const log = filled(5);
  const after = (id: string): unknown => {
    const replay = log.since(id);
    return replay.kind === 'caught-up' ? replay.events.map((entry) => entry.id) : replay;
  };
  t.same(after('e1-3'), ['e1-4', 'e1-5']);
  t.same(after('e1-5'), []);
  t.same(after('e1-0'), ['e1-1', 'e1-2', 'e1-3', 'e1-4', 'e1-5']);
  t.end();
});

t.test('calls a client without a position fresh', (t) => {
  t.same(filled(3).since(undefined), { kind: 'fresh' });
  t.same(filled(3).since(''), { kind: 'fresh' });
  t.end();
});

t.test('tells how many events are lost when a position is too old', (t) => {
  const log = filled(10, { maxReplayEvents: 4 });
  t.equal(log.length, 4);
  t.same(log.since('e1-5'), { kind: 'gap', reason: 'too-old', missed: 1 });
  t.same(log.since('e1-0'), { kind: 'gap', reason: 'too-old', missed: 6 });
  t.equal(log.since('e1-6').kind, 'caught-up');
  t.end();
});

t.test('tells that a position belongs to another log', (t) => {
  t.same(filled(9).since('e0-5'), { kind: 'gap', reason: 'other-epoch', missed: undefined });
  t.end();
});

t.test('tells that a position was never given out', (t) => {
  t.same(filled(3).since('e1-4'), { kind: 'gap', reason: 'too-new', missed: undefined });
  t.equal((filled(3).since('e1-9999999999999999') as { reason: string }).reason, 'too-new');
  t.end();
});

for (const id of [
  '7',
  '77',
  '-',
  'e1-',
  '-1',
  'e1-01',
  'e1--1',
  'e1-1e0',
  'e1-0x1',
  'e1-1 ',
  ' e1-1',
  'é-1',
  'e1-٣',
  'e1-99999999999999999',
  `${'e'.repeat(65)}-1`,
  '__proto__',
  'x'.repeat(100_000),
]) {
  t.test(`takes "${id.slice(0, 20)}" for an unknown position`, (t) => {
    t.same(filled(3).since(id), { kind: 'gap', reason: 'unknown', missed: undefined });
    t.end();
  });
}

t.test('keeps no more bytes than it may, and counts what each event costs beside its text', (t) => {
  const log = new ReplayLog({ epoch: 'e', maxReplayBytes: 10_000 });
  let most = 0;
  for (let n = 0; n < 1000; n += 1) {
    log.append({ data: '' });
    most = Math.max(most, log.byteLength);
  }
  t.ok(most <= 10_000, `${most} bytes at most`);
  t.ok(log.length < 10_000 / 64, `${log.length} events kept`);
  t.ok(log.length > 50);
  t.end();
});

t.test('numbers an event that is larger than the log, and reports it as lost', (t) => {
  const log = new ReplayLog({ epoch: 'e', maxReplayBytes: 200 });
  log.append({ data: 'small' });
  t.match(log.append({ data: 'x'.repeat(500) }), { id: 'e-2' });
  t.equal(log.length, 0);
  t.equal(log.byteLength, 0);
  t.same(log.since('e-2'), { kind: 'caught-up', events: [] });
  t.same(log.since('e-1'), { kind: 'gap', reason: 'too-old', missed: 1 });
  t.end();
});

t.test('keeps nothing when it may keep nothing', (t) => {
  const log = filled(3, { maxReplayEvents: 0 });
  t.equal(log.length, 0);
  t.equal(log.lastId, 'e1-3');
  t.end();
});

t.test('holds no memory of what it has forgotten', (t) => {
  const log = filled(100, { maxReplayEvents: 100 });
  const before = usedMemory();
  for (let n = 0; n < 100_000; n += 1) log.append({ data: `event ${n}` });
  const grown = usedMemory() - before;
  t.ok(grown < 1_000_000, `${grown} bytes after 100,000 events`);
  t.equal(log.length, 100);
  t.end();
});

t.test('shows the newest events to a first-time visitor who asks for them', (t) => {
  const log = filled(5, { maxReplayEvents: 3 });
  t.same(
    log.recent(2).map((entry) => entry.id),
    ['e1-4', 'e1-5'],
  );
  t.equal(log.recent(100).length, 3);
  t.equal(log.recent(0).length, 0);
  t.end();
});

t.test('writes the beginning of a stream: a position, the missed events, or a reset', (t) => {
  const log = filled(3, { maxReplayEvents: 2 });
  t.equal(log.catchUp(undefined), 'id: e1-3\n\n');
  t.equal(log.catchUp('e1-1'), 'id: e1-2\ndata: event 2\n\nid: e1-3\ndata: event 3\n\n');
  t.equal(log.catchUp('e1-3'), '');
  t.equal(log.catchUp('e1-0'), 'event: reset\nid: e1-3\ndata: {"reason":"too-old","missed":1}\n\n');
  t.equal(log.catchUp('e0-1\r\n'), 'event: reset\nid: e1-3\ndata: {"reason":"unknown"}\n\n');
  t.end();
});

t.test('is unchanged when an event is refused', (t) => {
  const log = filled(2);
  t.throws(() => log.append({ event: 'a\nb', data: '' }), { code: 'invalid-argument' });
  t.throws(() => log.append({} as never), { code: 'invalid-argument' });
  t.equal(log.lastId, 'e1-2');
  t.equal(log.length, 2);
  t.end();
});

t.test('refuses an epoch that would not survive as part of an id', (t) => {
  for (const epoch of ['', 'a-b', 'a b', 'a\nb', 'ä', 'x'.repeat(65), 7, undefined]) {
    t.throws(() => new ReplayLog({ epoch: epoch as string }), { code: 'invalid-option' });
  }
  t.throws(() => filled(0, { maxReplayEvents: -1 }), { code: 'invalid-option' });
  t.throws(() => filled(0, { maxReplayBytes: 1.5 }), { code: 'invalid-option' });
  t.end();
});

t.test('takes a number for no position, also when it begins like the epoch', (t) => {
  const log = new ReplayLog({ epoch: '7' });
  log.append({ data: 'event' });
  t.same(log.since('71'), { kind: 'gap', reason: 'unknown', missed: undefined });
  t.equal(log.since('7-1').kind, 'caught-up');
  t.end();
});
