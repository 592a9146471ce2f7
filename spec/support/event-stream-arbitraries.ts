/** Event streams: what a writer may be given, what it must refuse, and bytes of any kind. */
import { type EventFields, encodeComment, encodeEvent } from 'barewire/sse';
import { fc } from './fast-check.ts';

const text = fc.string({ unit: 'binary', maxLength: 30 });
/** Text that likes to contain what would begin a line, a field or an event of its own. */
const hardText = fc
  .array(
    fc.oneof(
      text,
      fc.constantFrom(
        ...['\n', '\r', '\r\n', '\n\n', ' ', ':', 'data: x', 'id: 9', '\0', '\ufeff'],
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));
/** What an id, a type or a comment may be. */
const oneLine = text.map((value) => value.replace(/[\r\n\0]/g, ''));

/** An event, or a comment. */
export type StreamPart = EventFields | string;

/** Events and comments that can be written. */
export const streams: fc.Arbitrary<readonly StreamPart[]> = fc.array(
  fc.oneof(
    fc.record(
      { data: hardText, event: oneLine, id: oneLine, retry: fc.nat() },
      { requiredKeys: ['data'] },
    ),
    oneLine,
  ),
  { maxLength: 8 },
);

/** Their bytes. */
export const wireOf = (parts: readonly StreamPart[]): Buffer =>
  Buffer.from(
    parts
      .map((part) => (typeof part === 'string' ? encodeComment(part) : encodeEvent(part)))
      .join(''),
  );

/** Numbers that are a time, and such that are none. */
const anyRetry = fc.oneof(fc.nat(), fc.constantFrom(-1, 1.5, Number.NaN, Infinity, 2 ** 53));

/** What a caller may give, whether or not it can be written. */
export const anyFields: fc.Arbitrary<EventFields> = fc.record(
  { data: hardText, event: hardText, id: hardText, retry: anyRetry },
  { requiredKeys: [] },
);

/** What a caller may give as a comment. */
export const anyComment: fc.Arbitrary<string> = hardText;

const letters = fc.constantFrom(
  ...['data', 'id', 'event', 'retry', ':', ': ', ' ', '\n', '\r', '\r\n', '\n\n', '7', 'x', '\0'],
);
const garbage = fc
  .array(
    fc.oneof(
      letters.map((part) => Buffer.from(part)),
      fc.uint8Array({ maxLength: 4 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.concat(parts));
/** Lines that are whole, so that blocks with a type and no data, say, come before others. */
const hostileLines = fc
  .array(
    fc.oneof(
      fc.constantFrom('data', 'data:', 'data: a', 'data:  b', 'event', 'event: x', 'event: y', ''),
      fc.constantFrom('id', 'id: 7', 'id: \0', ': comment', 'other: x', 'data : x', ' data: x', ''),
      fc.constantFrom('retry', 'retry: 5', 'retry: -1', 'retry: 1.5', 'retry: 1e3', 'retry: 007'),
      fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 53, 1e30).map((ms) => `retry: ${BigInt(ms)}`),
    ),
    { maxLength: 20 },
  )
  .chain((lines) =>
    fc.constantFrom('\n', '\r', '\r\n').map((end) => lines.map((line) => line + end).join('')),
  )
  .map((text) => Buffer.from(text));
const bom = fc.constantFrom('', '\ufeff', '\ufeff\ufeff').map((mark) => Buffer.from(mark));

/** Bytes that are almost a stream, whatever they are. */
export const anyStream: fc.Arbitrary<Buffer> = fc
  .tuple(bom, fc.oneof({ weight: 3, arbitrary: garbage }, hostileLines))
  .map((parts) => Buffer.concat(parts));

/** Streams that never dispatch what they say: long lines, many lines, types that are replaced. */
export const endlessStreams: fc.Arbitrary<Buffer> = fc
  .array(
    fc.tuple(
      fc.constantFrom('data: ', 'data', 'event: ', 'id: ', 'retry: ', 'x: ', ': ', '\xef\xbb\xbf'),
      fc.oneof(fc.nat(30), fc.nat(2000)),
      fc.constantFrom('', '', '\n', '\n', '\r\n', '\r', '\n\n'),
      fc.integer({ min: 1, max: 40 }),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) =>
    Buffer.concat(
      parts.map(([name, length, end, times]) =>
        Buffer.from(`${name}${'x'.repeat(length)}${end}`.repeat(times), 'latin1'),
      ),
    ),
  );
