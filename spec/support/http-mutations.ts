/**
 * Messages that are almost valid, and bytes that were chosen to hurt. One character is one byte.
 */
import fc from 'fast-check';
import {
  characters,
  type GeneratedMessage,
  text,
  validRequests,
  validResponses,
} from './http-generators.ts';

const wireOf = (messages: readonly GeneratedMessage[]): string =>
  messages.map(({ wire }) => wire).join('');

/** What attackers put where it does not belong. */
const FRAGMENTS = [
  ...['\r', '\n', '\r\n', '\r\n\r\n', '\n\n', '\0', ' ', '\t', ':', ';', ',', '"', '\x7f', '\x80'],
  ...['0', '0\r\n\r\n', '1\r\na\r\n', 'ffffffffffffffff\r\n', '0x1', '+1', '-1'],
  ...['Host: a\r\n', 'Host: b\r\n', 'Content-Length: 3\r\n', 'Content-Length: 4\r\n'],
  ...['Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: gzip\r\n', 'Connection: close\r\n'],
  ...['GET / HTTP/1.1\r\n', 'HTTP/1.1 200 OK\r\n', ' HTTP/1.0', 'HTTP/2.0', 'Expect: x\r\n'],
  ...['Upgrade: websocket\r\n', 'Connection: upgrade\r\n', 'http://', 'CONNECT ', '*', '#', '%0a'],
];

type Edit = readonly [kind: 'insert' | 'replace' | 'delete' | 'cut', at: number, what: string];

const edit: fc.Arbitrary<Edit> = fc.tuple(
  fc.constantFrom('insert', 'replace', 'delete', 'cut'),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.oneof(fc.constantFrom(...FRAGMENTS), text(characters(0, 0xff), 1, 2)),
);

function applyEdit(wire: string, [kind, at, what]: Edit): string {
  const place = Math.floor(at * wire.length);
  if (kind === 'cut') return wire.slice(0, place);
  const skipped = { insert: 0, replace: what.length, delete: 1 }[kind];
  return wire.slice(0, place) + (kind === 'delete' ? '' : what) + wire.slice(place + skipped);
}

const almostValid = (valid: fc.Arbitrary<readonly GeneratedMessage[]>): fc.Arbitrary<string> =>
  fc
    .tuple(valid.map(wireOf), fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([wire, edits]) => edits.reduce(applyEdit, wire));

const hostile = fc
  .array(fc.oneof(fc.constantFrom(...FRAGMENTS), text(characters(0, 0xff), 1, 4)), {
    maxLength: 30,
  })
  .map((fragments) => fragments.join(''));

/** Anything that may arrive at a server: valid, almost valid, hostile. */
export const anyRequests: fc.Arbitrary<string> = fc.oneof(
  validRequests.map(wireOf),
  { weight: 3, arbitrary: almostValid(validRequests) },
  hostile,
);

/** Anything that may arrive at a client. */
export const anyResponses: fc.Arbitrary<string> = fc.oneof(
  validResponses.map(wireOf),
  { weight: 3, arbitrary: almostValid(validResponses) },
  hostile,
);

/** Where to cut an input, as fractions of its length. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.array(
  fc.double({ min: 0, max: 1, noNaN: true }),
  { maxLength: 12 },
);
