/** The laws of reading requests, for valid, almost valid and hostile bytes. */
import assert from 'node:assert/strict';
import { type HttpLimitOptions, RequestReader } from 'barewire/http';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { cutAt, feedings } from '../support/feeding.ts';
import { type Recording, recordRequests } from '../support/http-driver.ts';
import { validRequests } from '../support/http-generators.ts';
import {
  assertLimits,
  assertMemory,
  chunkedLimits,
  type LimitCase,
} from '../support/http-limits.ts';
import { anyRequests, cuts } from '../support/http-mutations.ts';
import { readLiterally } from '../support/http-oracle.ts';
import { runs } from '../support/laws.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const read = (text: string): Recording => recordRequests([bytes(text)]);

t.test('reads generated requests as they were meant, pipelined or not', (t) => {
  fc.assert(
    fc.property(validRequests, (requests) => {
      const found = read(requests.map(({ wire }) => wire).join(''));
      assert.equal(found.failure, undefined);
      const wanted = requests.map(({ head, body, trailers }) => {
        return { head, body, trailers, isComplete: true };
      });
      return JSON.stringify(found.messages) === JSON.stringify(wanted);
    }),
    runs(100),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('reads the same however the bytes are cut', (t) => {
  fc.assert(
    fc.property(anyRequests, cuts, (text, places) => {
      const input = bytes(text);
      const whole = JSON.stringify(recordRequests([input]));
      const offsets = places.map((place) => Math.floor(place * input.length));
      const inPieces = JSON.stringify(recordRequests(cutAt(input, offsets)));
      const inBytes = JSON.stringify(recordRequests([...feedings(input, 1)][1]!.chunks));
      return inPieces === whole && inBytes === whole;
    }),
    runs(1500),
  );
  t.pass('in each of 1500 inputs');
  t.end();
});

t.test('reads the same when every report pauses it', (t) => {
  fc.assert(
    fc.property(anyRequests, cuts, (text, places) => {
      const input = bytes(text);
      const offsets = places.map((place) => Math.floor(place * input.length));
      const chunks = cutAt(input, offsets);
      return JSON.stringify(log(chunks, true)) === JSON.stringify(log(chunks, false));
    }),
    runs(100),
  );
  t.pass('in each input');
  t.end();
});

/** What a reader reports, bodies joined; with pauses it is resumed from outside, once a report. */
function log(chunks: readonly Buffer[], pauses: boolean): string[] {
  const events: string[] = [];
  const note = (event: string): void => {
    events.push(event);
    if (pauses) reader.pause();
  };
  const reader: RequestReader = new RequestReader({
    head: (head) => note(`head ${head.method} ${head.target} ${[...head.fields]}`),
    body: (part) => note(`body ${part.toString('latin1')}`),
    end: (trailers) => note(`end ${[...(trailers ?? [])]}`),
    failed: (error) => note(`failed ${error.code}`),
  });
  for (const chunk of chunks) reader.receive(chunk);
  for (let turn = 0; reader.isPaused && turn < 10_000; turn += 1) reader.resume();
  return events.join('\n').replaceAll('\nbody ', '').split('\n');
}

t.test('turns whatever comes into results and at most one failure, and is inert then', (t) => {
  fc.assert(
    fc.property(anyRequests, anyRequests, (text, later) => {
      const alone = recordRequests([bytes(text)], { eof: true });
      const followed = recordRequests([bytes(text), bytes(later)], { eof: true });
      if (alone.failures > 1 || followed.failures > 1) return false;
      const { failure } = recordRequests([bytes(text)]);
      return failure === undefined || JSON.stringify(followed) === JSON.stringify(alone);
    }),
    runs(1000),
  );
  t.pass('never a throw');
  t.end();
});

t.test('agrees with a reader that takes the grammar literally', (t) => {
  const seen = { bad: 0, open: 0, end: 0 };
  fc.assert(
    fc.property(anyRequests, (text) => {
      const { requests, outcome } = readLiterally(text);
      const found = read(text);
      seen[outcome] += 1;
      const complete = found.messages.filter(({ isComplete }) => isComplete);
      const asOracle = complete.map(({ head, body, trailers }) => {
        const { method, target, version, headers } = head;
        const isLast = head['keepAlive'] !== true || head['upgrade'] === true;
        return { method, target, version, headers, body, trailers, isLast };
      });
      if (JSON.stringify(asOracle) !== JSON.stringify(requests)) return false;
      // An end in the middle of a request is a fault; behind one it is none.
      const ended = recordRequests([bytes(text)], { eof: true });
      const cause = found.failure?.code ?? (outcome === 'open' ? 'premature-eof' : undefined);
      if (ended.failure?.code !== cause) return false;
      if (outcome === 'open') return true;
      return (found.failure !== undefined) === (outcome === 'bad');
    }),
    runs(3000),
  );
  t.ok(Math.min(seen.bad, seen.open, seen.end) > 50, `all kinds came up: ${JSON.stringify(seen)}`);
  t.end();
});

const oftenFirst = (first: string, ...others: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(first) }, fc.constantFrom(...others));

/** Request lines of parts that go together, and that do not; some of them are at a limit. */
const requestLines = fc
  .tuple(
    fc.constantFrom('GET', 'CONNECT', 'OPTIONS', 'PATCHED', 'g', 'M'.repeat(8), '', 'G(T', 'G T'),
    fc.constantFrom('/', '/a?b', '//', '*', 'a:1', 'http://a/', `/${'a'.repeat(19)}`, '', '/\x7f'),
    oftenFirst('HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2', 'HTTP/2.1', 'HTTP/11', 'http/1.1', ''),
    oftenFirst('\r\n', '\n', '\r', ' \r\n'),
  )
  .map(([method, target, version, end]) => `${method} ${target} ${version}${end}Host: a\r\n\r\n`);

t.test('law: a request line says the same as a whole and octet by octet', (t) => {
  const limits = { maxMethodBytes: 8, maxTargetBytes: 20 };
  const seen = { good: 0, bad: 0 };
  fc.assert(
    fc.property(fc.array(requestLines, { minLength: 1, maxLength: 3 }), (lines) => {
      const input = bytes(lines.join(''));
      const whole = recordRequests([input], { limits });
      const crumbs = recordRequests(cutAt(input, [...input.keys()]), { limits });
      assert.deepEqual(whole, crumbs);
      seen[whole.failure === undefined ? 'good' : 'bad'] += 1;
    }),
    runs(1500),
  );
  t.ok(Math.min(seen.good, seen.bad) > 50, JSON.stringify(seen));
  t.end();
});

const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** For each limit: its error, and a request that is `size` large in what the limit counts. */
const LIMITS: readonly LimitCase[] = [
  [
    'maxMethodBytes',
    'method-too-long',
    (size) => `${'M'.repeat(size)} / HTTP/1.1\r\nHost: a\r\n\r\n`,
  ],
  ['maxTargetBytes', 'target-too-long', (size) => `GET /${'a'.repeat(size - 1)} HTTP/1.0\r\n\r\n`],
  [
    'maxTargetBytes',
    'target-too-long',
    (size) => `GET /${'a'.repeat(size - 1)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  ],
  [
    'maxHeaderBytes',
    'headers-too-large',
    (size) => `GET / HTTP/1.0\r\nX:${'a'.repeat(size - 6)}\r\n\r\n`,
  ],
  [
    'maxHeaderBytes',
    'headers-too-large',
    (size) => `GET / HTTP/1.0\r\n${'x'.repeat(size - 5)}:\r\n\r\n`,
  ],
  ['maxHeaderBytes', 'headers-too-large', (size) => `${'\r\n'.repeat(size)}`.slice(0, size)],
  [
    'maxHeaderCount',
    'too-many-headers',
    (size) => `GET / HTTP/1.0\r\n${'x:\r\n'.repeat(size)}\r\n`,
  ],
  ['maxBodyBytes', 'body-too-large', (size) => `PUT / HTTP/1.0\r\nContent-Length: ${size}\r\n\r\n`],
  ...chunkedLimits(CHUNKED),
];

t.test('draws each limit at the byte, however the bytes are cut', (t) => {
  assertLimits(LIMITS, recordRequests, 100);
  t.pass('no counterexample');
  t.end();
});

t.test('law: keeps no more than its limits say, and what waits behind a pause', (t) => {
  const makeReader = (limits: HttpLimitOptions, pauses: boolean): RequestReader => {
    const head = (): void => {
      if (pauses) reader.pause();
    };
    const reader = new RequestReader({ head, body() {}, end() {}, failed() {} }, limits);
    return reader;
  };
  const heads = ['GET / HTTP/1.1\r\nHost: a\r\nX:', 'M', 'GET /', CHUNKED, `${CHUNKED}0\r\n`];
  const seen = assertMemory(anyRequests, heads, makeReader, 400);
  for (const [what, count] of Object.entries(seen)) t.ok(count > 10, `${what}: ${count}`);
  t.end();
});
