/** The laws of reading responses, for valid, almost valid and hostile bytes. */
import assert from 'node:assert/strict';
import { type HttpLimitOptions, ResponseReader } from 'barewire/http';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { cutAt, feedings } from '../support/feeding.ts';
import { recordResponses } from '../support/http-driver.ts';
import { validResponses } from '../support/http-generators.ts';
import {
  assertLimits,
  assertMemory,
  chunkedLimits,
  type LimitCase,
} from '../support/http-limits.ts';
import { anyResponses, cuts } from '../support/http-mutations.ts';
import { runs } from '../support/laws.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

t.test('reads generated responses as they were meant, one behind the other', (t) => {
  fc.assert(
    fc.property(validResponses, (responses) => {
      const found = recordResponses([bytes(responses.map(({ wire }) => wire).join(''))]);
      assert.equal(found.failure, undefined);
      const wanted = responses.map(({ head, body, trailers }) => {
        return { head, body, trailers, isComplete: true };
      });
      return JSON.stringify(found.messages) === JSON.stringify(wanted);
    }),
    runs(100),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('takes an end for a fault within a response, and for none between two', (t) => {
  const seen = { within: 0, between: 0 };
  const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });
  fc.assert(
    fc.property(validResponses, places, (responses, fractions) => {
      const wires = responses.map(({ wire }) => wire);
      const whole = wires.join('');
      const ends = wires.map((_, at) => wires.slice(0, at + 1).join('').length);
      const drawn = fractions.map((fraction) => Math.floor(fraction * whole.length));
      for (const at of [
        0,
        ...ends,
        ...ends.map((end) => Math.min(end + 1, whole.length)),
        ...drawn,
      ]) {
        const { failure } = recordResponses([bytes(whole.slice(0, at))], { eof: true });
        const isBetween = at === 0 || ends.includes(at);
        seen[isBetween ? 'between' : 'within'] += 1;
        assert.equal(failure?.code, isBetween ? undefined : 'premature-eof', `at ${at}`);
      }
    }),
    runs(200),
  );
  t.ok(Math.min(seen.within, seen.between) > 100, JSON.stringify(seen));
  t.end();
});

const method = fc.constantFrom('GET', 'HEAD', 'CONNECT');

t.test('reads the same however the bytes are cut', (t) => {
  fc.assert(
    fc.property(anyResponses, method, cuts, fc.boolean(), (text, asked, places, eof) => {
      const input = bytes(text);
      const options = { methods: [asked], eof };
      const whole = JSON.stringify(recordResponses([input], options));
      const offsets = places.map((place) => Math.floor(place * input.length));
      const inPieces = JSON.stringify(recordResponses(cutAt(input, offsets), options));
      const byByte = [...feedings(input, 1)][1]!.chunks;
      return inPieces === whole && JSON.stringify(recordResponses(byByte, options)) === whole;
    }),
    runs(1500),
  );
  t.pass('in each of 1500 inputs');
  t.end();
});

t.test('turns whatever comes into results and at most one failure, and is inert then', (t) => {
  fc.assert(
    fc.property(anyResponses, anyResponses, method, (text, later, asked) => {
      const options = { methods: [asked] };
      const alone = recordResponses([bytes(text)], options);
      const followed = recordResponses([bytes(text), bytes(later)], { ...options, eof: true });
      if (alone.failures > 1 || followed.failures > 1) return false;
      return alone.failure === undefined || JSON.stringify(followed) === JSON.stringify(alone);
    }),
    runs(1000),
  );
  t.pass('never a throw');
  t.end();
});

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const EMPTY = 'Content-Length: 0\r\n';

/** For each limit: its error, and a response that is `size` large in what the limit counts. */
const LIMITS: readonly LimitCase[] = [
  [
    'maxReasonBytes',
    'status-line-too-long',
    (size) => `HTTP/1.1 200 ${'r'.repeat(size)}\r\n${EMPTY}\r\n`,
  ],
  [
    'maxHeaderBytes',
    'headers-too-large',
    (size) => `${OK}${EMPTY}X:${'a'.repeat(size - 6 - EMPTY.length)}\r\n\r\n`,
  ],
  ['maxHeaderBytes', 'headers-too-large', (size) => `${OK}${'x'.repeat(size - 5)}:\r\n\r\n`],
  // An interim head has no body and yet a limit.
  [
    'maxHeaderCount',
    'too-many-headers',
    (size) => `HTTP/1.1 103 Early\r\n${'x:\r\n'.repeat(size)}\r\n`,
  ],
  ['maxHeaderCount', 'too-many-headers', (size) => `${OK}${'x:\r\n'.repeat(size)}\r\n`],
  ['maxBodyBytes', 'body-too-large', (size) => `${OK}Content-Length: ${size}\r\n\r\n`],
  ['maxBodyBytes', 'body-too-large', (size) => `${OK}\r\n${'a'.repeat(size)}`],
  ...chunkedLimits(CHUNKED),
];

t.test('draws each limit at the byte, however the bytes are cut', (t) => {
  assertLimits(LIMITS, recordResponses, 150);
  t.pass('no counterexample');
  t.end();
});

t.test('law: keeps no more than its limits say, and what waits behind a pause', (t) => {
  const makeReader = (limits: HttpLimitOptions, pauses: boolean): ResponseReader => {
    const head = (): void => {
      if (pauses) reader.pause();
    };
    const end = (): void => reader.expect('GET');
    const reader = new ResponseReader({ head, body() {}, end, failed() {} }, limits);
    reader.expect('GET');
    return reader;
  };
  const heads = [`${OK}X:`, 'HTTP/1.1 200 ', `${OK}\r\n`, CHUNKED, `${CHUNKED}0\r\n`];
  const seen = assertMemory(anyResponses, heads, makeReader, 400);
  for (const [what, count] of Object.entries(seen)) t.ok(count > 10, `${what}: ${count}`);
  t.end();
});
