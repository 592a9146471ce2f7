import assert from 'node:assert/strict';
import { type EventFields, EventStreamReader, encodeComment, encodeEvent } from 'barewire/sse';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import t from 'tap';
import { readStream } from '../support/event-streams.ts';
import { cutAt } from '../support/feeding.ts';
import { runs } from '../support/laws.ts';

const text = fc.string({ unit: 'binary', maxLength: 30 });
const hardText = fc
  .array(fc.oneof(text, fc.constantFrom('\n', '\r', '\r\n', ' ', ':', 'data: x', '\0', '\ufeff')))
  .map((parts) => parts.join(''));
const oneLine = text.map((value) => value.replace(/[\r\n\0]/g, ''));

const fields: fc.Arbitrary<EventFields> = fc.record(
  { data: hardText, event: oneLine, id: oneLine, retry: fc.nat() },
  { requiredKeys: ['data'] },
);
const stream = fc.array(fc.oneof(fields, oneLine), { maxLength: 8 });
const cuts = fc.array(fc.nat(400), { maxLength: 8 });

const wire = (parts: readonly (EventFields | string)[]): Buffer =>
  Buffer.from(
    parts
      .map((part) => (typeof part === 'string' ? encodeComment(part) : encodeEvent(part)))
      .join(''),
  );

/** What the standard's reader must see, told without looking at the writer. */
const expected = (parts: readonly (EventFields | string)[]) => {
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

t.test('reads back what the writer wrote, however it is cut', (t) => {
  fc.assert(
    fc.property(stream, cuts, (parts, offsets) => {
      const { events, failures } = readStream(cutAt(wire(parts), offsets));
      assert.deepEqual(failures, []);
      return JSON.stringify(events) === JSON.stringify(expected(parts));
    }),
    runs(1000),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('writes what an independent reader reads the same way', (t) => {
  fc.assert(
    fc.property(stream, (parts) => {
      const events: { event: string | undefined; data: string; id: string | undefined }[] = [];
      const parser = createParser({
        onEvent: ({ event, data, id }) => events.push({ event, data, id }),
      });
      parser.feed(wire(parts).toString());
      const wanted = expected(parts).map(({ type, data }) => ({ type, data }));
      const found = events.map(({ event, data }) => ({ type: event || 'message', data }));
      return JSON.stringify(found) === JSON.stringify(wanted);
    }),
    runs(1000),
  );
  t.pass('no counterexample');
  t.end();
});

const letters = fc.constantFrom(
  ...['data', 'id', 'event', 'retry', ':', ': ', ' ', '\n', '\r', '\r\n', '\n\n', '7', 'x', '\0'],
);
const garbage = fc
  .array(
    fc.oneof(
      letters.map((part) => Buffer.from(part)),
      fc.uint8Array({ maxLength: 4 }),
    ),
    {
      maxLength: 60,
    },
  )
  .map((parts) => Buffer.concat(parts));
const bom = fc.constantFrom('', '\ufeff', '\ufeff\ufeff').map((mark) => Buffer.from(mark));
const almostStream = fc.tuple(bom, garbage).map((parts) => Buffer.concat(parts));

/**
 * The standard's own words, taken literally: decode everything, split everything, go through it.
 */
const naive = (input: Uint8Array) => {
  const lines = new TextDecoder()
    .decode(input)
    .split(/\r\n|\r|\n/)
    .slice(0, -1);
  const events: { type: string; data: string; lastEventId: string }[] = [];
  let [data, type, id, lastEventId] = ['', '', '', ''];
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (line === '') {
      lastEventId = id;
      if (data !== '')
        events.push({ type: type || 'message', data: data.slice(0, -1), lastEventId });
      [data, type] = ['', ''];
    } else {
      if (name === 'data') data += `${value}\n`;
      if (name === 'event') type = value;
      if (name === 'id' && !value.includes('\0')) id = value;
    }
  }
  return { events, lastEventId };
};

t.test('agrees with a literal reading of the standard on any bytes, however they are cut', (t) => {
  fc.assert(
    fc.property(almostStream, cuts, (input, offsets) => {
      const { events, lastEventId } = readStream(cutAt(input, offsets));
      return JSON.stringify({ events, lastEventId }) === JSON.stringify(naive(input));
    }),
    runs(5000),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('fails at the same place however the bytes are cut, and never throws', (t) => {
  fc.assert(
    fc.property(almostStream, cuts, fc.nat(40), (input, offsets, maxEventBytes) => {
      const whole = readStream([input], { maxEventBytes });
      const pieces = readStream(cutAt(input, offsets), { maxEventBytes });
      return JSON.stringify(whole) === JSON.stringify(pieces) && whole.failures.length <= 1;
    }),
    runs(3000),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('delivers the same with any pauses', (t) => {
  fc.assert(
    fc.property(stream, cuts, fc.array(fc.boolean()), (parts, offsets, pauses) => {
      const input = wire(parts);
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

t.test('takes an event exactly when it fits, however often its type is replaced', (t) => {
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
