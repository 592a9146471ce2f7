/**
 * Server-sent events: how long one event takes to write, against better-sse and by hand, and to
 * read, against eventsource-parser.
 *
 *   npm run bench -- sse [--quick]
 *
 * Writers get the same type, id and data and must give a whole event as text; readers get the same
 * bytes, 64 KiB at a time or as one read for each event, and must deliver type, data and id.
 */
import { EventStreamReader, encodeEvent } from 'barewire/sse';
import { createEventBuffer } from 'better-sse';
import { createParser } from 'eventsource-parser';
import type { Case } from './support/suite.ts';
import { runSuites, type Suite } from './support/suite-command.ts';

const line = (length: number): string => JSON.stringify({ value: 'x'.repeat(length) });
const DATA: readonly (readonly [name: string, data: string])[] = [
  ['20 B, one line', line(8)],
  ['200 B, one line', line(188)],
  ['4 KiB, one line', line(4084)],
  ['4 KiB, 100 lines', Array.from({ length: 100 }, () => 'y'.repeat(40)).join('\n')],
];
const serializer = (text: unknown): string => text as string;

function writers(data: string): Case[] {
  // Its data would be serialised as JSON once more; this makes both equal.
  const buffer = createEventBuffer({ serializer });
  const contenders: (readonly [name: string, write: (id: string) => string])[] = [
    ['barewire', (id) => encodeEvent({ event: 'price', id, data })],
    ['by hand', (id) => writeByHand(id, data)],
  ];
  // It writes JSON, in which no line ends; one that is left as it is would break the event.
  if (!data.includes('\n')) {
    // One buffer for all events is the faster way, and the one in which its sessions use it.
    contenders.push(['better-sse', (id) => buffer.clear().push(data, 'price', id).read()]);
  }
  return contenders.map(([name, write]) => {
    checkEvent(write('1'), '1', data);
    checkEvent(write('2'), '2', data);
    let count = 0;
    return {
      name,
      run() {
        count += 1;
        return write(String(count)).charCodeAt(7);
      },
    };
  });
}

/** What who has no library writes. */
function writeByHand(id: string, data: string): string {
  const lines = data.split('\n').map((text) => `data: ${text}\n`);
  return `event: price\nid: ${id}\n${lines.join('')}\n`;
}

/** What was written must be this event, and nothing beside it. */
function checkEvent(text: string, id: string, data: string): void {
  const events: unknown[] = [];
  const reader = new EventStreamReader({
    event: (event) => events.push([event.type, event.data, event.lastEventId]),
    retry() {},
    failed(error) {
      throw error;
    },
  });
  reader.receive(Buffer.from(text));
  if (JSON.stringify(events) !== JSON.stringify([['price', data, id]])) {
    throw new Error(`not the event that was asked for: ${text}`);
  }
}

/** Events of a stream, and the reads they arrive in. */
function readers(data: string, eventsInRead: number): Case[] {
  const text = encodeEvent({ event: 'price', id: '12345', data });
  const bytes = Buffer.from(text.repeat(eventsInRead));
  let sum = 0;
  const take = (type: string, content: string, id: string): void => {
    sum += type.length + content.length + id.length;
  };
  const reader = new EventStreamReader({
    event: (event) => take(event.type, event.data, event.lastEventId),
    retry() {},
    failed(error) {
      throw error;
    },
  });
  const parser = createParser({
    onEvent: ({ event = '', data: content, id = '' }) => take(event, content, id),
  });
  const decoder = new TextDecoder();
  const expected = eventsInRead * ('price'.length + data.length + '12345'.length);
  const checked = (receive: () => void) => () => {
    sum = 0;
    receive();
    if (sum !== expected) throw new Error(`${sum} instead of ${expected}`);
    return sum;
  };
  return [
    { name: 'barewire', units: eventsInRead, run: checked(() => reader.receive(bytes)) },
    {
      name: 'eventsource-parser',
      units: eventsInRead,
      // It takes strings, which its users get from a stream of decoded text.
      run: checked(() => parser.feed(decoder.decode(bytes, { stream: true }))),
    },
  ];
}

const suites = DATA.flatMap(([name, data]): Suite[] => [
  { id: `write ${name}`, title: 'an event written', cases: () => writers(data) },
  { id: `read ${name}`, title: 'an event in a read of its own', cases: () => readers(data, 1) },
  {
    id: `bulk ${name}`,
    title: 'an event out of reads of 64 KiB',
    cases: () => readers(data, Math.ceil(65_000 / (data.length + 40))),
  },
]);
await runSuites('sse', suites);
