/**
 * The event stream reader [HTML §9.2.6] against a literal reading, and against
 * `eventsource-parser`.
 *
 * Invariants, for any bytes, cut anywhere, paused anywhere, with any limit:
 * - the reader never throws, fails at most once, and is inert afterwards;
 * - it reports the same events, retry times and position, however it is fed;
 * - without a limit in the way, it reports what a literal reading of the standard finds;
 * - `eventsource-parser` finds the same events.
 *
 * Accepted differences to `eventsource-parser`:
 * - *replacement*: it reads text, so the bytes are decoded for it by `TextDecoder`;
 * - *CR at the end*: it waits for a line feed, which is given to it;
 * - *a mark of three characters*: it takes U+00EF U+00BB U+00BF, a byte order mark that was decoded
 *   badly, for one; so a line feed, which means nothing there, stands before the text;
 * - *the last event id*: it reports the id of an event, not the position after it; so ids are not
 *   compared, but by the literal reading.
 */
import type { ProtocolError } from 'barewire/base';
import { EventStreamReader } from 'barewire/sse';
import { createParser } from 'eventsource-parser';
import { cutAt } from '../spec/support/feeding.ts';
import { Choices } from './engine/choices.ts';
import { Stutter } from './engine/stutter.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';
import { readEventsLiterally } from './oracles/event-stream.ts';

interface Outcome {
  readonly lines: string[];
  code: string | undefined;
}

function read(chunks: readonly Buffer[], pattern: number, limit: number | undefined): Outcome {
  const outcome: Outcome = { lines: [], code: undefined };
  const stutter = new Stutter(pattern);
  const step = (line: string): void => {
    expectLaw(outcome.code === undefined, 'is inert after a failure');
    stutter.step();
    outcome.lines.push(line);
  };
  const reader = new EventStreamReader(
    {
      event: ({ type, data, lastEventId }) => step(JSON.stringify({ type, data, lastEventId })),
      retry: (ms) => step(`retry ${ms}`),
      failed: (error: ProtocolError) => {
        expectLaw(outcome.code === undefined, 'fails once');
        outcome.code = error.code;
      },
    },
    { maxEventBytes: limit },
  );
  stutter.attach(reader);
  for (const chunk of chunks) {
    const given = Buffer.from(chunk);
    reader.receive(given);
    expectLaw(given.equals(chunk), 'the input is not changed');
    given.fill(0);
    stutter.settle();
  }
  reader.receiveEnd();
  stutter.settle();
  if (outcome.code === undefined) outcome.lines.push(`position ${reader.lastEventId}`);
  return outcome;
}

/** Type and data of the events that `eventsource-parser` finds. */
function readWithParser(bytes: Uint8Array): string[] {
  const events: string[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => events.push(JSON.stringify([event ?? 'message', data])),
  });
  const text = `\n${new TextDecoder().decode(bytes)}`;
  parser.feed(text.endsWith('\r') ? `${text}\n` : text);
  return events;
}

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const limit = choices.pick([undefined, undefined, 0, 1, 5, 20, 100]);
  const pattern = choices.byte();
  const cuts = choices.cuts(6);
  const bytes = choices.rest;
  const whole = read([Buffer.from(bytes)], 0, limit);
  const cut = read(cutAt(bytes, cuts), pattern, limit);
  expectLaw(JSON.stringify(whole) === JSON.stringify(cut), 'cuts and pauses do not matter', () =>
    JSON.stringify({ whole, cut }),
  );
  if (whole.code !== undefined) {
    expectLaw(limit !== undefined, 'fails only at a limit');
    return;
  }
  const literal = readEventsLiterally(bytes);
  expectLaw(literal.join('\n') === whole.lines.join('\n'), 'agrees with a literal reading', () =>
    JSON.stringify({ literal, ours: whole.lines }),
  );
  const ours = whole.lines
    .filter((line) => line.startsWith('{'))
    .map((line) => {
      const { type, data } = JSON.parse(line);
      return JSON.stringify([type, data]);
    });
  const theirs = readWithParser(bytes);
  expectLaw(ours.join('\n') === theirs.join('\n'), 'eventsource-parser finds the same', () =>
    JSON.stringify({ ours, theirs }),
  );
}

const SEEDS = [
  'data: hi\n\n',
  '\ufeffevent: price\r\nid: 7\r\nretry: 3000\r\ndata: a\r\ndata: b\r\n\r\n',
  ': comment\rdata\rdata:\r\r',
  'id\ndata: x\n\nid: a\0b\ndata:  y\n\n',
  'data: cut off',
  'retry: 12a\nretry: 5\nevent: only\n\ndata: κόσμε\n\n',
  'ï»¿data: x\n\n',
];

/** Event streams, differential. */
export const target: FuzzTarget = {
  name: 'event-stream-reader',
  subjects: ['sse/event-stream-reader', 'sse/line-cutter'],
  seeds: SEEDS.map((text) => Buffer.from(`${text}\0\0\0`)),
  dictionary: ['data: ', 'event: ', 'id: ', 'retry: ', '\n\n', '\r\n', '\ufeff'],
  maxLength: 300,
  run,
};
