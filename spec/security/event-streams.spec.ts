/** What went wrong in other implementations of event streams, and must not go wrong here. */

import { createServer, type EventStreamPeer, type ExchangeReport } from 'barewire/server';
import {
  type EventFields,
  EventStreamReader,
  encodeComment,
  encodeEvent,
  ReplayLog,
} from 'barewire/sse';
import { createParser } from 'eventsource-parser';
import t from 'tap';
import { readStream } from '../support/event-streams.ts';
import { FakeTime } from '../support/fake-time.ts';
import { usedMemory } from '../support/memory.ts';
import { RawClient } from '../support/sockets.ts';

const LINE_ENDS = ['\n', '\r', '\r\n', '\n\r', '\n\n', '\r\r'];

/** Reads with our reader and with an independent one; both must see the same. */
const seenBy = (wire: string): { ours: unknown[]; theirs: unknown[] } => {
  const theirs: unknown[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => theirs.push({ type: event || 'message', data }),
  });
  // That parser waits for what follows a CR; the comment makes it go on.
  parser.feed(`${wire}:\n\n`);
  const ours = readStream([Buffer.from(wire)]).events.map(({ type, data }) => ({ type, data }));
  return { ours, theirs };
};

t.test('data cannot become another field, whatever line end it holds', (t) => {
  for (const end of LINE_ENDS) {
    for (const attack of ['event: owned', 'id: 9', 'retry: 1', 'data: y', ':', '']) {
      const data = `x${end}${attack}${end}${end}event: owned${end}data: z${end}${end}`;
      const wanted = [{ type: 'message', data: data.split(/\r\n|\r|\n/).join('\n') }];
      const { ours, theirs } = seenBy(encodeEvent({ data }));
      t.same(ours, wanted);
      t.same(theirs, wanted);
    }
  }
  t.end();
});

t.test('no value of one line can begin another line [sse-9.2.5-4 sse-9.2.4-2]', (t) => {
  for (const end of [...LINE_ENDS, '\0']) {
    const value = `x${end}data: owned${end}${end}`;
    const fields: readonly object[] = [
      { data: '', event: value },
      { data: '', id: value },
      { data: '', retry: value },
      { data: '', retry: { toString: () => value } },
      { data: '', event: [value] },
      { data: '', id: { toString: () => value } },
    ];
    for (const attack of fields) {
      t.throws(() => encodeEvent(attack as EventFields), { code: 'invalid-argument' });
    }
    t.throws(() => encodeComment(value), { code: 'invalid-argument' });
  }
  t.end();
});

t.test('a value is read once: what was checked is what is written', (t) => {
  let reads = 0;
  const shifty = {
    data: 'x',
    get event() {
      reads += 1;
      return reads === 1 ? 'harmless' : 'a\ndata: owned';
    },
  };
  t.equal(encodeEvent(shifty), 'event: harmless\ndata: x\n\n');
  t.end();
});

t.test('a position from the network is never echoed', (t) => {
  const log = new ReplayLog({ epoch: 'e' });
  log.append({ data: 'kept' });
  for (const id of [
    'x\r\ndata: owned\r\n\r\n',
    '"}\n\ndata: owned',
    'e-1\n',
    `${'9'.repeat(10_000)}`,
  ]) {
    const text = log.catchUp(id);
    t.notMatch(text, 'owned');
    t.same(seenBy(text).ours, [{ type: 'reset', data: '{"reason":"unknown"}' }]);
  }
  t.end();
});

t.test('an event that never ends is refused at the limit, whatever it is made of', (t) => {
  const endless: readonly (readonly [title: string, piece: string])[] = [
    ['a line', 'x'],
    ['data lines', 'data: x\n'],
    ['empty data lines', 'data\n'],
    ['one data line', 'data'],
  ];
  for (const [title, piece] of endless) {
    let fed = 0;
    const chunk = Buffer.from(piece.repeat(Math.ceil(4096 / piece.length)));
    const endlessly = function* (): Generator<Buffer> {
      for (; fed < 40 * 1024 * 1024; fed += chunk.length) yield chunk;
    };
    const { failures, events } = readStream(endlessly(), { maxEventBytes: 100_000 });
    t.same(
      failures.map((error) => error.code),
      ['event-too-large'],
      title,
    );
    t.same(events, []);
  }
  t.end();
});

t.test('a million tiny events cost a replay log no more than its limit', (t) => {
  const log = new ReplayLog({ epoch: 'e', maxReplayEvents: 10_000_000, maxReplayBytes: 200_000 });
  const before = usedMemory();
  for (let n = 0; n < 1_000_000; n += 1) log.append({ data: '' });
  const grown = usedMemory() - before;
  t.ok(log.byteLength <= 200_000);
  t.ok(log.length <= 200_000 / 64, `${log.length} kept`);
  t.ok(grown < 8_000_000, `${grown} bytes grown`);
  t.end();
});

t.test('a million one-byte reads of one event cost a reader no more than its limit', (t) => {
  const reader = new EventStreamReader(
    { event: () => t.fail(), retry: () => t.fail(), failed: () => t.fail() },
    { maxEventBytes: 400_000 },
  );
  const before = usedMemory();
  const piece = Buffer.from('data\n');
  for (let n = 0; n < 1_000_000; n += 1) reader.receive(piece.subarray(n % 5, (n % 5) + 1));
  const grown = usedMemory() - before;
  t.ok(grown < 8_000_000, `${grown} bytes grown`);
  reader.stop();
  t.end();
});

t.test('pausing in every event does not build a tower of calls', (t) => {
  let count = 0;
  const reader: EventStreamReader = new EventStreamReader({
    event() {
      count += 1;
      reader.pause();
      reader.resume();
    },
    retry: () => t.fail(),
    failed: () => t.fail(),
  });
  reader.receive(Buffer.from('data\n\n'.repeat(100_000)));
  t.equal(count, 100_000);
  t.end();
});

// ── clients that are not there any more ──────────────────────────────────────────────────────

/** A server with one event stream open, on a clock that stands still. */
const openStream = async (owner: { teardown(end: () => unknown): void }) => {
  const time = new FakeTime();
  const reports: ExchangeReport[] = [];
  const aborts: unknown[] = [];
  let opened = (_events: EventStreamPeer): void => {};
  const isOpen = new Promise<EventStreamPeer>((done) => {
    opened = done;
  });
  const server = createServer({
    time,
    request(exchange) {
      exchange.onClose((report) => reports.push(report));
      exchange.signal.addEventListener('abort', () => aborts.push(exchange.signal.reason));
      opened(exchange.eventStream({ maxBufferedBytes: 1024 * 1024 }));
    },
  });
  const { port } = await server.listen(0, '127.0.0.1');
  const client = new RawClient(port);
  owner.teardown(async () => {
    client.close();
    await server.close({ deadlineMs: 0 });
  });
  client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const events = await isOpen;
  await client.until(':\n\n');
  const isOver = async (): Promise<void> => {
    while (reports.length === 0) await new Promise((done) => setImmediate(done));
  };
  /** Waits for what the server does by itself: it needs some turns and no network. */
  const isCut = async (): Promise<void> => {
    for (let turn = 0; turn < 1000 && reports.length === 0; turn += 1) {
      await new Promise((done) => setImmediate(done));
    }
  };
  return { time, client, events, reports, aborts, isOver, isCut };
};

/** More than the kernel holds for a connection whose other end does not read. */
const KERNEL_BYTES = 16 * 1024 * 1024;
const LARGE = { data: 'x'.repeat(64 * 1024) };

t.test('a stream without events is proved alive by a heartbeat', async (t) => {
  const { time, client, events } = await openStream(t);
  const before = client.byteLength;
  time.advance(14_000);
  t.equal(client.byteLength, before);
  time.advance(2_000);
  t.equal(events.isOpen, true);
  events.close();
  await client.until('\r\n0\r\n\r\n');
  t.match(client.text, /:\n\n.*:\n\n/s);
});

t.test('a client that never reads is cut at the byte limit', async (t) => {
  const { client, events, reports, aborts, isCut } = await openStream(t);
  client.socket.pause();
  let [sent, most] = [0, 0];
  while (events.isOpen && sent < KERNEL_BYTES) {
    events.send(LARGE);
    sent += LARGE.data.length;
    most = Math.max(most, events.bufferedAmount);
    await new Promise((done) => setImmediate(done));
  }
  await isCut();
  t.equal(events.isOpen, false);
  t.ok(most <= 1024 * 1024 + 2 * LARGE.data.length, `${most} bytes waited at most`);
  t.match(reports, [{ reason: 'slow-consumer' }]);
  t.equal(aborts.length, 1);
});

t.test('a client that never reads is cut at the write deadline, with little waiting', async (t) => {
  const { time, client, events, reports, aborts, isCut } = await openStream(t);
  client.socket.pause();
  // The kernel takes some megabytes; what matters is what waits when it takes no more.
  for (let quiet = 0; quiet < 50; quiet += 1) {
    if (events.bufferedAmount < 256 * 1024) {
      events.send(LARGE);
      quiet = 0;
    }
    await new Promise((done) => setImmediate(done));
  }
  t.equal(events.isOpen, true);
  time.advance(20_000);
  t.same(reports, []);
  time.advance(12_000);
  await isCut();
  t.match(reports, [{ reason: 'write-timeout' }]);
  t.equal(aborts.length, 1);
});

t.test('a client that resets the connection is forgotten, once and without a noise', async (t) => {
  const { client, events, reports, aborts, isOver } = await openStream(t);
  client.socket.resetAndDestroy();
  await isOver();
  t.equal(events.send({ data: 'late' }), false);
  events.close();
  events.abort();
  t.equal(reports.length, 1);
  t.equal(aborts.length, 1);
  t.equal(events.isOpen, false);
});
