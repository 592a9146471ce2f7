/** Laws of reading event streams: what was written, whatever comes, and what is kept of it. */
import assert from 'node:assert/strict';
import { EventStreamReader } from 'barewire/sse';
import { createParser } from 'eventsource-parser';
import t from 'tap';
import { readEventsLiterally } from '../../fuzz/oracles/event-stream.ts';
import {
  anyStream,
  endlessStreams,
  type StreamPart,
  streams,
  wireOf,
} from '../support/event-stream-arbitraries.ts';
import { readStream } from '../support/event-streams.ts';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { runs } from '../support/laws.ts';
import { mostHeld, watchQueues } from '../support/watched-queues.ts';

const cuts = fc.array(fc.nat(400), { maxLength: 8 });

/** What the standard's reader must see, told without looking at the writer. */
const expected = (parts: readonly StreamPart[]) => {
  let lastEventId = '';
  const seen = (value: string): string => Buffer.from(value).toString();
  return parts.flatMap((part) => {
    if (typeof part === 'string') return [];
    lastEventId = part.id === undefined ? lastEventId : seen(part.id);
    const data = seen(part.data ?? '')
      .split(/\r\n|\r|\n/)
      .join('\n');
    return [{ type: seen(part.event || 'message'), data, lastEventId }];
  });
};

t.test('law: reads back what the writer wrote, however it is cut', (t) => {
  fc.assert(
    fc.property(streams, cuts, (parts, offsets) => {
      const { events, failures } = readStream(cutAt(wireOf(parts), offsets));
      assert.deepEqual(failures, []);
      return JSON.stringify(events) === JSON.stringify(expected(parts));
    }),
    runs(1000),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: writes what an independent reader reads the same way', (t) => {
  fc.assert(
    fc.property(streams, (parts) => {
      const events: { event: string | undefined; data: string; id: string | undefined }[] = [];
      const parser = createParser({
        onEvent: ({ event, data, id }) => events.push({ event, data, id }),
      });
      parser.feed(wireOf(parts).toString());
      const wanted = expected(parts).map(({ type, data }) => ({ type, data }));
      const found = events.map(({ event, data }) => ({ type: event || 'message', data }));
      return JSON.stringify(found) === JSON.stringify(wanted);
    }),
    runs(1000),
  );
  t.pass('no counterexample');
  t.end();
});

/** All that is reported, in the words of the oracle. */
function reportsOf(chunks: readonly Buffer[]): string[] {
  const reports: string[] = [];
  const reader = new EventStreamReader({
    event: ({ type, data, lastEventId }) => {
      reports.push(JSON.stringify({ type, data, lastEventId }));
    },
    retry: (ms) => reports.push(`retry ${ms}`),
    failed: (error) => reports.push(error.code),
  });
  for (const chunk of chunks) reader.receive(chunk);
  reader.receiveEnd();
  return [...reports, `position ${reader.lastEventId}`];
}

t.test(
  'law: agrees with a literal reading of the standard on any bytes, however they are cut',
  (t) => {
    fc.assert(
      fc.property(anyStream, cuts, (input, offsets) => {
        assert.deepEqual(reportsOf(cutAt(input, offsets)), readEventsLiterally(input));
      }),
      runs(5000),
    );
    t.pass('no counterexample');
    t.end();
  },
);

t.test('law: fails at the same place however the bytes are cut, and never throws', (t) => {
  fc.assert(
    fc.property(anyStream, cuts, fc.nat(40), (input, offsets, maxEventBytes) => {
      const whole = readStream([input], { maxEventBytes });
      const pieces = readStream(cutAt(input, offsets), { maxEventBytes });
      return JSON.stringify(whole) === JSON.stringify(pieces) && whole.failures.length <= 1;
    }),
    runs(3000),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: delivers the same with any pauses', (t) => {
  fc.assert(
    fc.property(streams, cuts, fc.array(fc.boolean()), (parts, offsets, pauses) => {
      const input = wireOf(parts);
      const events: unknown[] = [];
      const reader: EventStreamReader = new EventStreamReader({
        event(event) {
          events.push(event);
          if (pauses[events.length % (pauses.length + 1)] === true) reader.pause();
        },
        retry: () => reader.pause(),
        failed: () => events.push('failed'),
      });
      for (const chunk of cutAt(input, offsets)) {
        reader.receive(chunk);
        if (chunk.length % 2 === 0) reader.resume();
      }
      reader.receiveEnd();
      for (let n = 0; n < 40; n += 1) reader.resume();
      return JSON.stringify(events) === JSON.stringify(expected(parts));
    }),
    runs(1000),
  );
  t.pass('no counterexample');
  t.end();
});

const fieldLine = fc.tuple(fc.constantFrom('data', 'event'), fc.nat(24));

/** What a reader holds, counted as the limit says: types replace each other, data lines add up. */
const fitsWithin = (limit: number, lines: readonly (readonly [string, number])[]): boolean => {
  let [type, data] = [0, 0];
  return lines.every(([name, length]) => {
    if (`${name}: `.length + length > limit - type - data) return false;
    if (name === 'data') data += length + 1;
    else type = length;
    return true;
  });
};

t.test('law: takes an event exactly when it fits, however often its type is replaced', (t) => {
  fc.assert(
    fc.property(
      fc.array(fieldLine, { maxLength: 12 }),
      fc.integer({ min: 24, max: 120 }),
      (lines, limit) => {
        const body = lines.map(([name, length]) => `${name}: ${'x'.repeat(length)}\n`).join('');
        const { failures } = readStream([Buffer.from(body)], { maxEventBytes: limit });
        return (failures.length === 0) === fitsWithin(limit, lines);
      },
    ),
    runs(1000),
  );
  t.pass('no counterexample');
  t.end();
});

/**
 * What is unfinished at the end, counted line by line as the limit says: type, data, half a line.
 * Infinite once a line had no room behind what was there before it.
 */
function unfinishedBytes(input: Buffer, limit: number): number {
  const lines = input.toString('latin1').split(/\r\n|\r|\n/);
  const half = lines.pop()!;
  let [type, data] = [0, 0];
  const hasRoom = (line: string): boolean => line[0] === ':' || line.length <= limit - type - data;
  for (const line of lines) {
    if (!hasRoom(line)) return Number.POSITIVE_INFINITY;
    const [, name, value = ''] = /^(?:\xef\xbb\xbf)?([^:]*):? ?(.*)$/s.exec(line)!;
    if (line === '') [type, data] = [0, 0];
    else if (name === 'event') type = value.length;
    else if (name === 'data') data += value.length + 1;
  }
  if (!hasRoom(half)) return Number.POSITIVE_INFINITY;
  return type + data + (half[0] === ':' ? 0 : half.length);
}

t.test('law: keeps no more than its limit, whatever comes and however it is cut', (t) => {
  const seen = { failed: 0, open: 0, full: 0 };
  const limit = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20_000 }));
  const places = fc.array(fc.nat(20_000), { maxLength: 12 });
  fc.assert(
    fc.property(endlessStreams, limit, places, (input, maxEventBytes, offsets) => {
      let hasFailed = false;
      const failed = (): void => {
        hasFailed = true;
      };
      const sink = { event() {}, retry() {}, failed };
      const reader = new EventStreamReader(sink, { maxEventBytes });
      watchQueues((heldBytes) => {
        let taken = 0;
        for (const chunk of cutAt(input, offsets)) {
          reader.receive(chunk);
          taken += chunk.length;
          // The line feed behind the last line may be one too many.
          const most = mostHeld(maxEventBytes + 1, 3);
          assert.ok(heldBytes() <= most, `${heldBytes()} bytes are held, ${most} may be`);
          const unfinished = unfinishedBytes(input.subarray(0, taken), maxEventBytes);
          assert.equal(hasFailed, unfinished > maxEventBytes + 1, `${unfinished} are unfinished`);
          if (!hasFailed && unfinished > maxEventBytes / 2) seen.full += 1;
        }
      });
      seen[hasFailed ? 'failed' : 'open'] += 1;
    }),
    runs(400),
  );
  t.ok(Math.min(seen.failed, seen.open, seen.full) > 20, JSON.stringify(seen));
  t.end();
});
