/**
 * Messages that are almost valid, and bytes that were chosen to hurt. One character is one byte.
 */
import { fc } from './fast-check.ts';
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

/** Names of trailers that a reader refuses, and further ones that nobody sends. */
export const STEERING_TRAILERS: readonly string[] = [
  ...['content-length', 'transfer-encoding', 'host', 'connection', 'upgrade', 'te', 'trailer'],
  ...['content-encoding', 'expect', 'authorization', 'cookie'],
];
export const LATE_TRAILERS: readonly string[] = [
  ...['content-language', 'content-location', 'content-range', 'content-type', 'set-cookie'],
  ...['proxy-authenticate', 'proxy-authorization', 'www-authenticate', 'max-forwards', 'range'],
  ...['if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since'],
  ...['age', 'cache-control', 'date', 'expires', 'location', 'pragma', 'retry-after', 'vary'],
  'keep-alive',
];

/** A size around the most digits that are read, nearly all of them zeros. */
const longSize = fc
  .tuple(fc.integer({ min: 14, max: 18 }), fc.nat(3))
  .map(([digits, size]) => ({ size, text: size.toString(16).padStart(digits, '0') }));

const trailer = fc
  .oneof(
    fc.constantFrom(...STEERING_TRAILERS),
    fc.constantFrom(...LATE_TRAILERS, 'x', 'tea', 'cookie2', 'te-x'),
  )
  .chain((name) => fc.constantFrom(name, name.toUpperCase()))
  .map((name) => `${name}: 1\r\n`);

/** Chunked bodies at the edge: sizes of many digits, and trailers that nobody may send. */
const edgyChunks = fc
  .tuple(fc.array(longSize, { maxLength: 2 }), fc.array(trailer, { maxLength: 2 }))
  .map(([sizes, trailers]) => {
    const chunks = sizes.map(({ size, text }) =>
      // No size is the last chunk.
      size === 0 ? '' : `${text}\r\n${'a'.repeat(size)}\r\n`,
    );
    const last = sizes.find(({ size }) => size === 0)?.text ?? '0';
    return `Transfer-Encoding: chunked\r\n\r\n${chunks.join('')}${last}\r\n${trailers.join('')}\r\n`;
  });

/** Anything that may arrive at a server: valid, almost valid, hostile. */
export const anyRequests: fc.Arbitrary<string> = fc.oneof(
  validRequests.map(wireOf),
  { weight: 3, arbitrary: almostValid(validRequests) },
  edgyChunks.map((body) => `POST / HTTP/1.1\r\nHost: a\r\n${body}`),
  hostile,
);

/** Anything that may arrive at a client. */
export const anyResponses: fc.Arbitrary<string> = fc.oneof(
  validResponses.map(wireOf),
  { weight: 3, arbitrary: almostValid(validResponses) },
  edgyChunks.map((body) => `HTTP/1.1 200 OK\r\n${body}`),
  hostile,
);

/** Where to cut an input, as fractions of its length. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.array(
  fc.double({ min: 0, max: 1, noNaN: true }),
  { maxLength: 12 },
);
