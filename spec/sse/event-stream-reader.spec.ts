import { readFileSync } from 'node:fs';
import { ProtocolError } from 'barewire/base';
import { type EventStreamEvent, EventStreamReader } from 'barewire/sse';
import t from 'tap';
import { readStream } from '../support/event-streams.ts';
import { type Feeding, feedings } from '../support/feeding.ts';
import { usedMemory } from '../support/memory.ts';

interface BodyCase {
  readonly name: string;
  readonly note: string;
  readonly inputBase64: string;
  readonly thenBody?: string;
  readonly thenExpect?: readonly EventStreamEvent[];
  readonly expect: {
    readonly events: readonly EventStreamEvent[];
    readonly lastEventId: string;
    readonly retry: number | null;
  };
}

/** The requirements of the standard that a case shows. */
const SHOWN: Readonly<Record<string, string>> = {
  'format-utf-8': 'sse-9.2.1-1',
  'x-invalid-utf8': 'sse-9.2.6-1',
  'format-bom': 'sse-9.2.6-2',
  'format-newlines': 'sse-9.2.5-5 sse-9.2.6-3',
  'event-data': 'sse-9.2.6-4 sse-9.2.6-6',
  'x-empty': 'sse-9.2.6-5',
  'x-crlf-only': 'sse-9.2.6-7 sse-9.2.6-14 sse-9.2.6-24',
  'format-comments': 'sse-9.2.6-8',
  'x-colon-in-value': 'sse-9.2.6-9',
  'format-leading-space': 'sse-9.2.6-10',
  'format-field-data': 'sse-9.2.6-11',
  'format-data-before-final-empty-line': 'sse-9.2.6-12',
  'format-field-parsing': 'sse-9.2.6-13',
  'x-trailing-newline-data': 'sse-9.2.6-15',
  'format-field-id-null': 'sse-9.2.6-16',
  'format-field-retry': 'sse-9.2.6-17',
  'format-field-retry-bogus': 'sse-9.2.6-17',
  'format-field-unknown': 'sse-9.2.6-18',
  'x-id-only-event': 'sse-9.2.6-20',
  'x-event-no-data': 'sse-9.2.6-21',
  'x-only-lf-data': 'sse-9.2.6-22',
  'format-field-event': 'sse-9.2.6-19 sse-9.2.6-25 sse-9.2.6-27',
};

const vectors = new URL('../../../spec/vectors/event-stream-cases.json', import.meta.url);
const CASES = JSON.parse(readFileSync(vectors, 'utf8')).cases as BodyCase[];

function* allFeedings(input: Buffer): Generator<Feeding> {
  yield* feedings(input);
  const pairs = Array.from({ length: Math.ceil(input.length / 2) }, (_, n) =>
    Buffer.from(input.subarray(n * 2, n * 2 + 2)),
  );
  yield { name: 'two bytes at a time', chunks: pairs };
  const spaced = Array.from(input, (byte) => [Buffer.of(byte), Buffer.alloc(0)]).flat();
  yield { name: 'byte by byte with empty reads between', chunks: spaced };
}

t.equal(CASES.length, 54, 'all body cases are here');

for (const vector of CASES) {
  const shown = SHOWN[vector.name];
  const ids = shown === undefined ? '' : ` [${shown}]`;
  t.test(`${vector.name}: ${vector.note}${ids}`, (t) => {
    const wrong = [...allFeedings(Buffer.from(vector.inputBase64, 'base64'))].flatMap((feeding) => {
      const { events, lastEventId, retry, failures } = readStream(feeding.chunks);
      const found = { events, lastEventId, retry, failures };
      const wanted = { ...vector.expect, failures: [] };
      return JSON.stringify(found) === JSON.stringify(wanted) ? [] : [{ ...found, ...feeding }];
    });
    t.same(wrong, []);
    if (vector.thenBody !== undefined) {
      const { lastEventId } = vector.expect;
      const second = readStream([Buffer.from(vector.thenBody)], { lastEventId });
      t.same(second.events, vector.thenExpect, 'the position survives a reconnection');
    }
    t.end();
  });
}

/** A reader that writes down what it is told. */
const recorder = (maxEventBytes?: number) => {
  const told: string[] = [];
  const reader = new EventStreamReader(
    {
      event: (event) => told.push(event.data),
      retry: (ms) => told.push(`retry ${ms}`),
      failed: (error) => told.push(error.code),
    },
    { maxEventBytes },
  );
  return { told, reader, feed: (text: string) => reader.receive(Buffer.from(text)) };
};

t.test('delivers an event as soon as its empty line is there', (t) => {
  const { told, feed } = recorder();
  feed('data: a\n');
  t.same(told, []);
  feed('\n');
  t.same(told, ['a']);
  feed('data: b\r\r');
  t.same(told, ['a', 'b'], 'also when only the CR of a CR LF may have come');
  feed('\ndata: c\n\n');
  t.same(told, ['a', 'b', 'c']);
  t.end();
});

t.test('cuts a reconnection time that no timer could hold', (t) => {
  const { told, feed } = recorder();
  feed(`retry: 2147483648\nretry: ${'9'.repeat(400)}\nretry: 0\n`);
  t.same(told, ['retry 2147483647', 'retry 2147483647', 'retry 0']);
  t.end();
});

t.test('delivers nothing while paused, and everything afterwards', (t) => {
  const told: string[] = [];
  const reader: EventStreamReader = new EventStreamReader({
    event(event) {
      told.push(event.data);
      reader.pause();
    },
    retry: () => undefined,
    failed: () => undefined,
  });
  const chunk = Buffer.from('data: 1\n\ndata: 2\n\ndata: 3');
  reader.receive(chunk);
  chunk.fill(0);
  t.same(told, ['1']);
  reader.receive(Buffer.from('3\n\n'));
  reader.receiveEnd();
  t.same(told, ['1']);
  reader.resume();
  t.same(told, ['1', '2']);
  reader.resume();
  t.same(told, ['1', '2', '33']);
  reader.resume();
  reader.receive(Buffer.from('data: 4\n\n'));
  t.same(told, ['1', '2', '33'], 'the end came before the last bytes');
  t.end();
});

t.test('may be paused and resumed in one callback', (t) => {
  const told: string[] = [];
  const reader: EventStreamReader = new EventStreamReader({
    event(event) {
      told.push(event.data);
      reader.pause();
      reader.resume();
    },
    retry: () => undefined,
    failed: () => undefined,
  });
  reader.receive(Buffer.from('data: 1\n\ndata: 2\n\n'));
  t.same(told, ['1', '2']);
  t.end();
});

t.test('says nothing after stop, not even what was already in the chunk [sse-9.2.6-26]', (t) => {
  const told: string[] = [];
  const reader: EventStreamReader = new EventStreamReader({
    event(event) {
      told.push(event.data);
      reader.stop();
    },
    retry: () => told.push('retry'),
    failed: () => told.push('failed'),
  });
  reader.receive(Buffer.from('id: 7\ndata: 1\n\nretry: 5\ndata: 2\n\n'));
  reader.receive(Buffer.from('data: 3\n\n'));
  t.same(told, ['1']);
  t.equal(reader.lastEventId, '7');
  t.end();
});

t.test('keeps no hold on the bytes that it was given', (t) => {
  const { told, reader } = recorder();
  const chunk = Buffer.from('data: abc');
  reader.receive(chunk);
  chunk.fill(0x78);
  reader.receive(Buffer.from('\n\n'));
  t.same(told, ['abc']);
  t.end();
});

t.test('fails once on an event that is too large, and is inert afterwards', (t) => {
  const bodies: readonly (readonly [title: string, body: string])[] = [
    ['one line without an end', `data: ${'x'.repeat(60)}`],
    ['one line', `data: ${'x'.repeat(60)}\n\n`],
    ['many lines', 'data: 1234567890\n'.repeat(9)],
    ['empty lines of data, which cost one byte each', 'data\n'.repeat(64)],
    ['a type and data', `event: ${'e'.repeat(30)}\ndata: ${'d'.repeat(30)}\n`],
    ['an unknown field', 'x'.repeat(65)],
    [
      'the second event',
      `event: ${'e'.repeat(50)}\n\nevent: ${'e'.repeat(50)}\ndata: ${'d'.repeat(30)}\n`,
    ],
  ];
  for (const [title, body] of bodies) {
    const input = Buffer.from(`${body}\n\ndata: late\n\n`);
    const results = [...feedings(input)].map((feeding) => {
      const { events, failures } = readStream(feeding.chunks, { maxEventBytes: 64 });
      return `${events.length} ${failures.map((error) => error.code).join()}`;
    });
    t.same([...new Set(results)], ['0 event-too-large'], title);
  }
  t.end();
});

t.test('takes any number of events that are each within the limit', (t) => {
  const { told, feed } = recorder(64);
  for (let n = 0; n < 100; n += 1) feed(`event: ${'e'.repeat(20)}\ndata: ${'x'.repeat(30)}\n\n`);
  t.equal(told.length, 100);
  feed('event: 0123456789\n'.repeat(50));
  feed('data: last\n\n');
  t.equal(told.at(-1), 'last', 'a type that replaces another does not add to it');
  t.end();
});

t.test('keeps nothing of a comment, however long it is', (t) => {
  const { told, feed } = recorder(64);
  feed(': ');
  for (let n = 0; n < 1000; n += 1) feed('x'.repeat(100));
  feed('\ndata: after\n\n');
  feed(`:${'y'.repeat(1000)}\ndata: again\n\n`);
  t.same(told, ['after', 'again']);
  t.end();
});

t.test(
  'lets the exception of a sink through, and goes on after the event that it was given',
  (t) => {
    const told: string[] = [];
    const reader = new EventStreamReader({
      event(event) {
        told.push(event.data);
        if (event.data === '1') throw new ProtocolError('bare-lf');
      },
      retry: () => undefined,
      failed: () => told.push('failed'),
    });
    t.throws(() => reader.receive(Buffer.from('data: 1\n\ndata: 2\n\n')), { code: 'bare-lf' });
    reader.receive(Buffer.from('data: 3\n\n'));
    t.same(told, ['1', '2', '3']);
    t.end();
  },
);

t.test('takes every kind of Uint8Array, and exactly its bytes', (t) => {
  const { told, reader } = recorder();
  const around = new TextEncoder().encode('xxxdata: a\n\nyyy');
  reader.receive(new Uint8Array(around.buffer, 3, 9));
  t.same(told, ['a']);
  for (const bad of ['data: a\n\n', around.buffer, new Uint16Array(4), 7, null, undefined]) {
    t.throws(() => reader.receive(bad as unknown as Buffer), { code: 'invalid-argument' });
  }
  t.end();
});

t.test('refuses to be fed by its own sink, and bad options', (t) => {
  const sink = { event: () => undefined, retry: () => undefined, failed: () => undefined };
  const reader: EventStreamReader = new EventStreamReader({
    ...sink,
    event: () => reader.receive(Buffer.from('x')),
  });
  t.throws(() => reader.receive(Buffer.from('data: 1\n\n')), { code: 'invalid-state' });
  t.throws(() => new EventStreamReader(sink, { maxEventBytes: -1 }), { code: 'invalid-option' });
  t.throws(() => new EventStreamReader(sink, { lastEventId: 7 as unknown as string }), {
    code: 'invalid-option',
  });
  t.end();
});

const ENDS: readonly (readonly [title: string, end: (reader: EventStreamReader) => void])[] = [
  ['the end of the stream', (reader) => reader.receiveEnd()],
  ['a stop', (reader) => reader.stop()],
  ['the end of the event', (reader) => reader.receive(Buffer.from('\n\n'))],
];

for (const [title, end] of ENDS) {
  t.test(`${title} lets go of what was held of an event`, (t) => {
    const sink = { event: () => undefined, retry: () => undefined, failed: () => undefined };
    const half = `data: ${'x'.repeat(400_000)}\n`;
    for (const body of [half, half + half, half.slice(0, -1)]) {
      const before = usedMemory();
      const readers = Array.from({ length: 16 }, () => new EventStreamReader(sink));
      for (const reader of readers) reader.receive(Buffer.from(body));
      t.ok(usedMemory() - before > 4e6, 'while the event is unfinished, it is held');
      for (const reader of readers) end(reader);
      t.ok(usedMemory() - before < 2e6, 'and then no longer');
      t.equal(readers.length, 16);
    }
    t.end();
  });
}
