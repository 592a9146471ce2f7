/**
 * Inputs that have been quadratic somewhere: a parser that starts again at every read, a list that
 * is split again and again, a buffer that is joined with every piece [RFC 9112 §11].
 *
 * Each takes a size, and doubling the size may at most double the time. The limits that would end
 * most of them early are lifted, because it is the algorithm that is looked at.
 */
import { readUpgradeRequest } from 'barewire/handshake';
import { RequestReader, ResponseReader } from 'barewire/http';

/** An input that grows with `size` (bytes, or lines, as its title says) and what reads it. */
export interface HostileInput {
  readonly title: string;
  /** Prepares the input; the function that comes back reads it once, from the beginning. */
  prepare(size: number): () => unknown;
}

const NO_LIMITS = {
  maxTargetBytes: Number.POSITIVE_INFINITY,
  maxHeaderBytes: Number.POSITIVE_INFINITY,
  maxHeaderCount: Number.POSITIVE_INFINITY,
  maxReasonBytes: Number.POSITIVE_INFINITY,
  maxChunkExtBytes: Number.POSITIVE_INFINITY,
  maxTrailerBytes: Number.POSITIVE_INFINITY,
  maxTrailerCount: Number.POSITIVE_INFINITY,
  maxBodyBytes: Number.POSITIVE_INFINITY,
} as const;

/** What was reported, as one number: a sink that no engine may leave out. */
let reports = 0;
const sink = {
  head: (): unknown => (reports += 1),
  body: (bytes: Buffer): unknown => (reports += bytes.length),
  end: (): unknown => (reports += 1),
  failed: (): unknown => (reports += 1),
};

const HEAD = 'GET / HTTP/1.1\r\nHost: a\r\n';
const CHUNKED = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`;

/** Reads requests out of `text`, in pieces of `piece` bytes. */
function requests(text: string, piece: number = Number.POSITIVE_INFINITY): () => number {
  const bytes = Buffer.from(text, 'latin1');
  return () => {
    const reader = new RequestReader(sink, NO_LIMITS);
    if (piece >= bytes.length) reader.receive(bytes);
    else {
      for (let at = 0; at < bytes.length; at += piece) {
        reader.receive(bytes.subarray(at, at + piece));
      }
    }
    return reports;
  };
}

const bytewise = (title: string, make: (size: number) => string): HostileInput => ({
  title: `${title}, byte by byte`,
  prepare: (size) => requests(make(size), 1),
});

const whole = (title: string, make: (size: number) => string): HostileInput => ({
  title,
  prepare: (size) => requests(make(size)),
});

/** An opening handshake with one more field. */
function handshake(name: string, value: string): () => unknown {
  const fields = new Map([
    ['host', 'a'],
    ['upgrade', 'websocket'],
    ['connection', 'upgrade'],
    ['sec-websocket-version', '13'],
    ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ]);
  fields.set(name, value);
  const lookup = {
    get: (wanted: string) => fields.get(wanted),
    getAll: (wanted: string) => (fields.has(wanted) ? [fields.get(wanted)!] : []),
  };
  const request = { method: 'GET', target: '/', version: '1.1', fields: lookup } as const;
  return () => readUpgradeRequest(request, { maxExtensionOffers: Number.POSITIVE_INFINITY });
}

const offered = (title: string, name: string, unit: string, last = ''): HostileInput => ({
  title,
  prepare: (size) => handshake(name, unit.repeat(Math.ceil(size / unit.length)) + last),
});

/** Pauses after every message, so that all that follows waits. */
function paused(text: string): () => number {
  const bytes = Buffer.from(text, 'latin1');
  return () => {
    let due = true;
    const reader = new RequestReader(
      {
        ...sink,
        end: () => {
          reports += 1;
          due = true;
          reader.pause();
        },
      },
      NO_LIMITS,
    );
    reader.pause();
    for (let at = 0; at < bytes.length; at += 16) reader.receive(bytes.subarray(at, at + 16));
    while (due) {
      due = false;
      reader.resume();
    }
    return reports;
  };
}

function statusLine(size: number): () => number {
  const bytes = Buffer.from(`HTTP/1.1 200 ${'a'.repeat(size)}`, 'latin1');
  return () => {
    const reader = new ResponseReader(sink, NO_LIMITS);
    reader.expect('GET');
    for (let at = 0; at < bytes.length; at += 1) reader.receive(bytes.subarray(at, at + 1));
    return reports;
  };
}

const per = (size: number, unit: string): string => unit.repeat(Math.ceil(size / unit.length));

/** All of them. `size` is in bytes throughout. */
export const HOSTILE_INPUTS: readonly HostileInput[] = [
  bytewise('one field value', (size) => `${HEAD}Cookie: ${'a'.repeat(size)}\r\n\r\n`),
  bytewise(
    'one field value of obs-text',
    (size) => `${HEAD}Cookie: ${'\xff'.repeat(size)}\r\n\r\n`,
  ),
  bytewise('one field name', (size) => `${HEAD}${'a'.repeat(size)}: b\r\n\r\n`),
  bytewise('empty fields', (size) => `${HEAD}${per(size, 'a:\r\n')}\r\n`),
  bytewise('an origin-form target', (size) => `GET /${'a'.repeat(size)} HTTP/1.1\r\n`),
  bytewise('an absolute-form target', (size) => `GET http://a/${'a'.repeat(size)} HTTP/1.1\r\n`),
  bytewise('empty lines before a request', (size) => per(size, '\r\n')),
  bytewise('white space before a value', (size) => `${HEAD}A:${' '.repeat(size)}\r\n\r\n`),
  bytewise('chunks of one byte', (size) => `${CHUNKED}${per(size, '1\r\nz\r\n')}0\r\n\r\n`),
  bytewise('a chunk extension', (size) => `${CHUNKED}1;${'a'.repeat(size)}\r\nz\r\n0\r\n\r\n`),
  bytewise('trailers', (size) => `${CHUNKED}0\r\n${per(size, 'a:\r\n')}\r\n`),
  whole('chunks of one byte, whole', (size) => `${CHUNKED}${per(size, '1\r\nz\r\n')}0\r\n\r\n`),
  whole('empty fields, whole', (size) => `${HEAD}${per(size, 'a:\r\n')}\r\n`),
  whole('Connection lines', (size) => `${HEAD}${per(size, 'Connection: a\r\n')}\r\n`),
  whole('a Connection list', (size) => `${HEAD}Connection: ${per(size, 'a, ')}\r\n\r\n`),
  whole('commas in Connection', (size) => `${HEAD}Connection: ${','.repeat(size)}\r\n\r\n`),
  whole('commas in Expect', (size) => `${HEAD}Expect: ${','.repeat(size)}\r\n\r\n`),
  whole(
    'Transfer-Encoding lines',
    (size) => `${HEAD}${per(size, 'Transfer-Encoding: chunked\r\n')}\r\n`,
  ),
  whole('digits of Content-Length', (size) => `${HEAD}Content-Length: ${'9'.repeat(size)}\r\n\r\n`),
  whole('Content-Length lines', (size) => `${HEAD}${per(size, 'Content-Length: 1\r\n')}\r\n`),
  whole('colons in Host', (size) => `GET / HTTP/1.1\r\nHost: [${':'.repeat(size)}]\r\n\r\n`),
  whole('percent signs in Host', (size) => `GET / HTTP/1.1\r\nHost: ${per(size, '%41')}\r\n\r\n`),
  whole(
    'white space around a value',
    (size) => `${HEAD}A: ${per(size, ' \t')}b${per(size, ' \t')}\r\n\r\n`,
  ),
  {
    title: 'pipelined requests that wait',
    prepare: (size) => paused(per(size, `${HEAD}\r\n`)),
  },
  { title: 'a reason phrase, byte by byte', prepare: statusLine },
  offered('subprotocols', 'sec-websocket-protocol', 'a,', 'a'),
  offered('commas in subprotocols', 'sec-websocket-protocol', ','),
  offered('white space in subprotocols', 'sec-websocket-protocol', ' \t', 'a'),
  offered('extensions', 'sec-websocket-extensions', 'a,', 'a'),
  offered('extension parameters', 'sec-websocket-extensions', 'a;', 'a'),
  offered('backslashes in an extension', 'sec-websocket-extensions', '\\'),
  {
    title: 'escapes in a quoted parameter',
    prepare: (size) => handshake('sec-websocket-extensions', `a;b="${per(size, '\\a')}"`),
  },
];
