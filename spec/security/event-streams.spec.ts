/** What went wrong in other implementations of event streams, and must not go wrong here. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in use after everything that is free has been freed. */
const memoryInUse = (): number => {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

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
  const before = memoryInUse();
  for (let n = 0; n < 1_000_000; n += 1) log.append({ data: '' });
  const grown = memoryInUse() - before;
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
  const before = memoryInUse();
  const piece = Buffer.from('data\n');
  for (let n = 0; n < 1_000_000; n += 1) reader.receive(piece.subarray(n % 5, (n % 5) + 1));
  const grown = memoryInUse() - before;
  t.ok(grown < 8_000_000, `${grown} bytes grown`);
  reader.stop();
  t.end();
});
